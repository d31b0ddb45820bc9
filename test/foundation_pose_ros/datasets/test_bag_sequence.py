"""A rosbag2 written here as a sequence: frames by their stamps, and a folder made of it by the command line."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from foundation_pose_ros import InputRefused
from foundation_pose_ros.cli.app import main
from foundation_pose_ros.datasets.bag_sequence import BagSequence
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.streams.bag_topics import BagTopics

pytest.importorskip("rosbags", reason="rosbags isn't installed here: pip install rosbags")

from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

STORE = get_typestore(Stores.ROS2_HUMBLE)
RGB, DEPTH = "/camera/color/image_raw", "/camera/aligned_depth_to_color/image_raw"
WIDTH, HEIGHT, STEP_NS = 32, 24, 33_333_333


def made(kind: str, **fields: Any) -> Any:
    return STORE.types[kind](**fields)


def image(header: Any, pixels: np.ndarray, encoding: str) -> Any:
    data = np.ascontiguousarray(pixels).view(np.uint8).reshape(-1)
    size = {"height": pixels.shape[0], "width": pixels.shape[1], "step": data.size // pixels.shape[0]}
    return made("sensor_msgs/msg/Image", header=header, encoding=encoding, is_bigendian=0, data=data, **size)


def messages(index: int, depth_late_ns: int) -> dict[str, Any]:
    """Colour that tells the frame, depth in mm a little later, and camera info."""

    def header(stamp_ns: int) -> Any:
        stamp = made("builtin_interfaces/msg/Time", sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
        return made("std_msgs/msg/Header", stamp=stamp, frame_id="camera_color_optical_frame")

    stamp_ns = 10**18 + index * STEP_NS
    roi = made("sensor_msgs/msg/RegionOfInterest", x_offset=0, y_offset=0, height=0, width=0, do_rectify=False)
    info = made(
        "sensor_msgs/msg/CameraInfo",
        header=header(stamp_ns),
        height=HEIGHT,
        width=WIDTH,
        distortion_model="plumb_bob",
        d=np.zeros(5),
        k=np.array([30.0, 0, 15.5, 0, 30, 11.5, 0, 0, 1]),
        r=np.eye(3).ravel(),
        p=np.zeros(12),
        binning_x=0,
        binning_y=0,
        roi=roi,
    )
    return {
        RGB: image(header(stamp_ns), np.full((HEIGHT, WIDTH, 3), 10 * index, np.uint8), "rgb8"),
        DEPTH: image(header(stamp_ns + depth_late_ns), np.full((HEIGHT, WIDTH), 500 + index, np.uint16), "16UC1"),
        "/camera/color/camera_info": info,
    }


@pytest.fixture(params=["mcap", "sqlite3"])
def bag(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Six frames, the fourth without depth."""
    path = tmp_path / "bag"
    plugin = {"mcap": StoragePlugin.MCAP, "sqlite3": StoragePlugin.SQLITE3}[request.param]
    with Writer(path, version=9, storage_plugin=plugin) as writer:
        connections: dict[str, Any] = {}
        for index in range(6):
            for topic, message in messages(index, depth_late_ns=1_000_000).items():
                kind = message.__msgtype__
                if topic not in connections:
                    connections[topic] = writer.add_connection(topic, kind, typestore=STORE)
                if (index, topic) != (3, DEPTH):
                    at_ns = 10**18 + index * STEP_NS + len(topic)
                    writer.write(connections[topic], at_ns, STORE.serialize_cdr(message, kind))
    return path


def test_frames_are_what_belongs_together(bag: Path) -> None:
    sequence = open_sequence(bag)
    assert isinstance(sequence, BagSequence) and len(sequence.frame_ids) == 5
    shown = [sequence.frame(frame_id) for frame_id in reversed(sequence.frame_ids)]
    assert [int(frame.rgb[0, 0, 0]) for frame in shown] == [50, 40, 20, 10, 0]
    assert [round(1000 * float(frame.depth_m[0, 0])) for frame in shown] == [505, 504, 502, 501, 500]
    assert shown[0].stamp_ns == 10**18 + 5 * STEP_NS and shown[0].camera.fx == 30.0
    assert sequence.object_names == []


def test_the_command_writes_a_folder(bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["from-bag", str(bag), str(tmp_path / "desk"), "--every", "2"]) == 0
    folder = open_sequence(tmp_path / "desk")
    assert len(folder.frame_ids) == 3 and "3 of 5 frames" in capsys.readouterr().out
    assert folder.frame(folder.frame_ids[1]).depth_m[0, 0] == pytest.approx(0.502)
    assert cv2.imread(str(tmp_path / "desk" / "rgb" / "000002.png"))[0, 0, 0] == 20
    assert main(["from-bag", str(bag), str(tmp_path / "desk")]) == 1


def test_topics_that_are_not_there_are_named(bag: Path) -> None:
    with pytest.raises(InputRefused, match=f"no topic /rgb: name one of .*{DEPTH}"):
        BagSequence(bag, topics=BagTopics("/rgb", "/info", DEPTH))
