"""Images that pose_node can't use: counted and named in /diagnostics with the fix, and the node goes on."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_pose_ros.nodes.pose.messages import to_stamp
from foundation_pose_ros.streams.image_messages import fill_image
from foundation_pose_ros.streams.time_synchronizer import stamp_to_ns
from foundation_pose_ros.synthetic.scene import SyntheticScene


def half_depth(messages: dict[str, Any]) -> None:
    depth = np.ones((240, 320), np.float32)
    fill_image(messages["depth/image"], depth, "32FC1")


def no_calibration(messages: dict[str, Any]) -> None:
    messages["rgb/camera_info"].k = np.zeros(9)


def raw_bayer(messages: dict[str, Any]) -> None:
    messages["rgb/image"].encoding = "bayer_rggb8"


def short_data(messages: dict[str, Any]) -> None:
    messages["rgb/image"].data = messages["rgb/image"].data[:1000]


def other_frame(messages: dict[str, Any]) -> None:
    messages["depth/image"].header.frame_id = "camera_depth_optical_frame"


def no_frame_id(messages: dict[str, Any]) -> None:
    for topic in ("rgb/image", "depth/image", "rgb/camera_info"):
        messages[topic].header.frame_id = ""


def millimetres_as_metres(messages: dict[str, Any]) -> None:
    message = messages["depth/image"]
    depth_m = np.frombuffer(message.data, np.float32).reshape(message.height, message.width)
    fill_image(message, depth_m * 1000, "32FC1")


def empty_mask(messages: dict[str, Any]) -> None:
    fill_image(messages["masks"], np.zeros((480, 640), np.uint8), "mono8")


def small_mask(messages: dict[str, Any]) -> None:
    fill_image(messages["masks"], np.full((240, 320), 255, np.uint8), "mono8")


def colour_mask(messages: dict[str, Any]) -> None:
    fill_image(messages["masks"], np.full((480, 640, 3), 255, np.uint8), "rgb8")


def old_mask(messages: dict[str, Any]) -> None:
    messages["masks"].header.stamp.sec -= 60


def no_depth(messages: dict[str, Any]) -> None:
    fill_image(messages["depth/image"], np.full((480, 640), np.nan, np.float32), "32FC1")


@pytest.mark.parametrize(
    ("change", "reason", "fix"),
    [
        (half_depth, "size_mismatch", "align_depth.enable:=true"),
        (no_calibration, "bad_intrinsics", "calibrat"),
        (raw_bayer, "bad_encoding", "publish rgb8 or bgr8"),
        (short_data, "bad_image", "its publisher"),
        (other_frame, "frame_mismatch", "align_depth.enable:=true"),
        (no_frame_id, "no_frame_id", "driver"),
        (millimetres_as_metres, "depth_unit", "16UC1"),
        (empty_mask, "empty_mask", "255"),
        (small_mask, "size_mismatch", "size of the colour image"),
        (colour_mask, "bad_encoding", "mono8"),
        (old_mask, "mask_without_frame", "copy the stamp"),
        (no_depth, "no_depth_under_mask", "aligned"),
    ],
)
def test_bad_input_is_counted_with_its_fix_and_the_node_goes_on(
    bench: Any, scene: SyntheticScene, change: Callable[[dict[str, Any]], None], reason: str, fix: str
) -> None:
    frame = scene.frame(scene.frame_ids[0])
    bench.call("reset")
    bench.object_of(bench.send(frame))
    before = bench.node.refusals[reason]
    bench.send(frame, scene.mask(scene.frame_ids[0], "mug"), change=change)
    assert_counted(bench, reason, before, fix)
    bench.object_of(bench.send(frame))


def test_a_frame_out_of_order_is_counted_with_its_fix_and_the_node_goes_on(bench: Any, scene: SyntheticScene) -> None:
    frame = scene.frame(scene.frame_ids[0])
    bench.call("reset")
    last_ns = bench.send(frame)
    bench.object_of(last_ns)
    before = bench.node.refusals["out_of_order"]

    def before_the_last(messages: dict[str, Any]) -> None:
        for message in messages.values():
            message.header.stamp = to_stamp(last_ns - 50_000_000)

    bench.send(frame, change=before_the_last)
    assert_counted(bench, "out_of_order", before, "in order of time")
    bench.object_of(bench.send(frame))


def test_silence_is_told_from_images_that_give_no_pair(bench: Any, scene: SyntheticScene) -> None:
    frame = scene.frame(scene.frame_ids[0])
    bench.object_of(bench.send(frame))
    bench.wait(lambda: "no images come" in bench.status("input"), "word of silence")

    def late_depth(messages: dict[str, Any]) -> None:
        messages["depth/image"].header.stamp = to_stamp(stamp_to_ns(messages["depth/image"].header.stamp) + 15_000_000)

    def no_pair() -> bool:
        bench.send(frame, change=late_depth)
        time.sleep(0.02)
        return "match_tolerance_s" in bench.status("input")

    bench.wait(no_pair, "word of images that give no pair")


def assert_counted(bench: Any, reason: str, before: int, fix: str) -> None:
    bench.wait(lambda: bench.refused(reason) > before, f"{reason} in /diagnostics")
    assert fix in bench.diagnosed("input", f"fix.{reason}")
