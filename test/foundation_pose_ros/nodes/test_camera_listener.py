"""check-camera over real DDS, with cameras that are wrong in the ways that it names."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")

from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from foundation_pose_ros import Camera, InputRefused
from foundation_pose_ros.nodes.camera_listener import CameraTopics, hear
from foundation_pose_ros.nodes.demo.run import own_domain_id
from foundation_pose_ros.nodes.pose.messages import to_stamp
from foundation_pose_ros.nodes.replay_node import to_camera_info
from foundation_pose_ros.streams.camera_check import Finding, Level, findings, worst
from foundation_pose_ros.streams.image_messages import fill_image, fill_jpeg

NS = "/camera/camera"
RGB, INFO = f"{NS}/color/image_raw", f"{NS}/color/camera_info"
DEPTH, DEPTH_INFO = f"{NS}/aligned_depth_to_color/image_raw", f"{NS}/aligned_depth_to_color/camera_info"
CAMERA = Camera(150.0, 150.0, 79.5, 59.5, 160, 120)
PERIOD_S = 1 / 30
# Between two sets of messages a camera may be late on a busy machine: judged is what it does wrong on purpose.
LISTENED_S = 2.0


@dataclass
class Defects:
    """What a camera does otherwise than it should."""

    period_s: float = PERIOD_S
    left_out: tuple[str, ...] = ()
    # change(messages by topic, count): alters what goes out, or takes topics away.
    change: Callable[[dict[str, Any], int], None] = lambda messages, count: None
    kinds: dict[str, type] = field(default_factory=dict)


def messages(count: int) -> dict[str, Any]:
    """A set of a good camera, at the time of now."""
    stamp = to_stamp(time.time_ns())

    def header() -> Header:
        return Header(stamp=stamp, frame_id="camera_color_optical_frame")

    shade = np.full((CAMERA.height, CAMERA.width, 3), 110 + count % 8, np.uint8)
    return {
        RGB: fill_image(Image(header=header()), shade, "rgb8"),
        INFO: to_camera_info(CAMERA, header()),
        DEPTH: fill_image(Image(header=header()), np.full(shade.shape[:2], 700, np.uint16), "16UC1"),
        DEPTH_INFO: to_camera_info(CAMERA, header()),
    }


@contextmanager
def camera(domain_id: int, defects: Defects) -> Iterator[None]:
    """Publishes from a thread of its own."""
    context = Context()
    rclpy.init(context=context, domain_id=domain_id)
    node = Node("camera_driver", context=context)
    usual = {RGB: Image, INFO: CameraInfo, DEPTH: Image, DEPTH_INFO: CameraInfo}
    publishers = {
        topic: node.create_publisher(defects.kinds.get(topic, kind), topic, QoSProfile(depth=10))
        for topic, kind in usual.items()
        if topic not in defects.left_out
    }
    over = threading.Event()

    def publish() -> None:
        count = 0
        while not over.wait(defects.period_s):
            out = {topic: message for topic, message in messages(count).items() if topic in publishers}
            defects.change(out, count)
            for topic, message in out.items():
                publishers[topic].publish(message)
            count += 1

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        node.destroy_node()
        rclpy.shutdown(context=context)


@pytest.fixture
def judged() -> Iterator[Callable[..., list[Finding]]]:
    """judged(defects, topics): what is found of a camera that publishes while it is heard."""
    with own_domain_id() as domain_id:

        def judge(defects: Defects, topics: CameraTopics | None = None) -> list[Finding]:
            context = Context()
            rclpy.init(context=context, domain_id=domain_id)
            try:
                with camera(domain_id, defects):
                    return findings(hear(topics or CameraTopics(), LISTENED_S, context))
            finally:
                rclpy.shutdown(context=context)

        yield judge


def said(found: list[Finding], level: Level, *words: str) -> bool:
    return any(f.level is level and all(word in f.what for word in words) for f in found)


def fixes(found: list[Finding], level: Level) -> str:
    return " ".join(f.fix for f in found if f.level is level)


@pytest.mark.slow
def test_a_good_camera_is_found_by_itself_and_has_no_fault(judged):
    found = judged(Defects())
    assert worst(found) is not Level.ERROR
    assert said(found, Level.OK, "equal stamps") and said(found, Level.OK, "colour's pixels")
    assert said(found, Level.OK, "no distortion") and said(found, Level.OK, "0.70 m")
    assert any(f.what.startswith(f"{RGB}: ") and "a second" in f.what for f in found)


def no_info(out: dict[str, Any], count: int) -> None:
    del out[INFO]


def zero_stamps(out: dict[str, Any], count: int) -> None:
    for message in out.values():
        message.header.stamp = to_stamp(0)


def stamps_that_go_back(out: dict[str, Any], count: int) -> None:
    if count % 5 == 4:
        out[RGB].header.stamp = to_stamp(time.time_ns() - 3_000_000_000)


def another_clock(out: dict[str, Any], count: int) -> None:
    for message in out.values():
        message.header.stamp = to_stamp(time.time_ns() - 60_000_000_000)


def depth_between_colour(out: dict[str, Any], count: int) -> None:
    out[DEPTH].header.stamp = to_stamp(time.time_ns() + 16_000_000)


def depth_in_its_own_pixels(out: dict[str, Any], count: int) -> None:
    small = np.full((90, 160), 700, np.uint16)
    out[DEPTH] = fill_image(Image(header=out[DEPTH].header), small, "16UC1")


def depth_in_its_own_frame(out: dict[str, Any], count: int) -> None:
    out[DEPTH].header.frame_id = "camera_depth_optical_frame"


def depth_of_other_intrinsics(out: dict[str, Any], count: int) -> None:
    other = Camera(110.0, 110.0, 79.5, 59.5, 160, 120)
    out[DEPTH_INFO] = to_camera_info(other, out[DEPTH_INFO].header)


def no_frame_id(out: dict[str, Any], count: int) -> None:
    out[RGB].header.frame_id = ""


def no_calibration(out: dict[str, Any], count: int) -> None:
    out[INFO].k = np.zeros(9)


def info_of_another_resolution(out: dict[str, Any], count: int) -> None:
    out[INFO] = to_camera_info(Camera(600.0, 600.0, 319.5, 239.5, 640, 480), out[INFO].header)


def depth_in_millimetres_as_float(out: dict[str, Any], count: int) -> None:
    out[DEPTH] = fill_image(Image(header=out[DEPTH].header), np.full((120, 160), 700.0, np.float32), "32FC1")


def depth_never_measured(out: dict[str, Any], count: int) -> None:
    out[DEPTH] = fill_image(Image(header=out[DEPTH].header), np.zeros((120, 160), np.uint16), "16UC1")


def bayer(out: dict[str, Any], count: int) -> None:
    out[RGB].encoding = "bayer_rggb8"


ERRORS: dict[str, tuple[Defects, tuple[str, ...], str]] = {
    "nobody publishes depth": (Defects(left_out=(INFO,)), (INFO, "nobody publishes"), "start the driver"),
    "silent": (Defects(change=no_info), (INFO, "nothing came"), "streams"),
    "slow": (Defects(period_s=0.4), ("2.", "a second"), "raise the camera's rate"),
    "stamps of 0": (Defects(change=zero_stamps), ("stamps are 0",), "stamp images"),
    "stamps go back": (Defects(change=stamps_that_go_back), ("go back",), "two publishers"),
    "apart": (Defects(change=depth_between_colour), ("ms apart",), "enable_sync"),
    "sizes": (Defects(change=depth_in_its_own_pixels), ("160x120", "160x90", "not aligned"), "align_depth.enable"),
    "frames": (Defects(change=depth_in_its_own_frame), ("camera_depth_optical_frame",), "register_depth:=true"),
    "K of depth": (Defects(change=depth_of_other_intrinsics), ("another K",), "align_depth.enable"),
    "no frame_id": (Defects(change=no_frame_id), ("no frame_id",), "TF needs it"),
    "no calibration": (Defects(change=no_calibration), ("no calibration",), "calibrate the camera"),
    "info's size": (Defects(change=info_of_another_resolution), ("640x480", "160x120"), "this very image"),
    "unit": (Defects(change=depth_in_millimetres_as_float), ("700 m", "not its unit"), "depth_unit_m"),
    "no depth": (Defects(change=depth_never_measured), ("0 % of the image",), "projector"),
    "bayer": (Defects(change=bayer), ("bayer_rggb8",), ""),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ERRORS)
def test_what_keeps_pose_node_from_working_is_an_error_with_its_fix(name, judged):
    defects, words, fix = ERRORS[name]
    found = judged(defects)
    assert said(found, Level.ERROR, *words), [f.what for f in found]
    assert fix in fixes(found, Level.ERROR)


def a_third_lost(out: dict[str, Any], count: int) -> None:
    if count % 3 == 2:
        out.clear()


def repeated_stamps(out: dict[str, Any], count: int) -> None:
    second = time.time_ns() // 1_000_000_000
    for message in out.values():
        message.header.stamp = to_stamp(second * 1_000_000_000)


def dark(out: dict[str, Any], count: int) -> None:
    out[RGB] = fill_image(Image(header=out[RGB].header), np.full((120, 160, 3), 3, np.uint8), "rgb8")


def no_optical_frame(out: dict[str, Any], count: int) -> None:
    for message in out.values():
        message.header.frame_id = "camera_link"


def off_centre(out: dict[str, Any], count: int) -> None:
    out[INFO] = to_camera_info(Camera(150.0, 150.0, 20.0, 59.5, 160, 120), out[INFO].header)


WARNINGS: dict[str, tuple[Defects, tuple[str, ...]]] = {
    "lost": (Defects(change=a_third_lost), ("are lost on the way",)),
    "repeated": (Defects(change=repeated_stamps), ("repeat a stamp",)),
    "clock": (Defects(change=another_clock), ("60.", "behind this computer's clock")),
    "dark": (Defects(change=dark), ("dark",)),
    "frame": (Defects(change=no_optical_frame), ("camera_link",)),
    "intrinsics": (Defects(change=off_centre), ("are odd for",)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WARNINGS)
def test_what_costs_accuracy_is_a_warning(name, judged):
    defects, words = WARNINGS[name]
    assert said(judged(defects), Level.WARNING, *words)


@pytest.mark.slow
def test_compressed_colour_is_heard_by_its_name(judged):
    topic = f"{RGB}/compressed"

    def jpeg(out: dict[str, Any], count: int) -> None:
        shade = np.full((120, 160, 3), 110, np.uint8)
        out[RGB] = fill_jpeg(CompressedImage(header=out[RGB].header), shade)

    global_names = CameraTopics(rgb=topic, info=INFO, depth=DEPTH, depth_info=DEPTH_INFO)
    with own_domain_id() as domain_id:
        context = Context()
        rclpy.init(context=context, domain_id=domain_id)
        node = Node("jpeg", context=context)
        publisher = node.create_publisher(CompressedImage, topic, 10)
        over = threading.Event()

        def publish() -> None:
            while not over.wait(PERIOD_S):
                out = messages(0)
                jpeg(out, 0)
                publisher.publish(out[RGB])

        thread = threading.Thread(target=publish, daemon=True)
        thread.start()
        try:
            with camera(domain_id, Defects(left_out=(RGB,))):
                heard = hear(global_names, LISTENED_S, context)
        finally:
            over.set()
            thread.join()
            node.destroy_node()
            rclpy.shutdown(context=context)
    assert len(heard.rgb.stamps_ns) > 20 and heard.rgb.publishers == 1
    assert said(findings(heard), Level.OK, topic, "a second")


@pytest.mark.slow
def test_without_a_camera_it_says_what_to_start():
    with own_domain_id() as domain_id:
        context = Context()
        rclpy.init(context=context, domain_id=domain_id)
        try:
            with pytest.raises(InputRefused, match="start the camera") as refused:
                hear(CameraTopics(), 1.0, context)
        finally:
            rclpy.shutdown(context=context)
    assert refused.value.reason == "no_topic"
