"""Messages and requests that make no sense, at random: refused in words, counted by reason, nothing raised.

They are given to what takes them apart in pose_node, without DDS between: rclpy itself refuses what isn't of its type.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

from foundation_pose_ros import Frame, InputRefused
from foundation_pose_ros.camera import Camera
from foundation_pose_ros.nodes.pose.messages import to_stamp
from foundation_pose_ros.nodes.pose.object_catalogue import load_object
from foundation_pose_ros.nodes.replay_node import to_camera_info
from foundation_pose_ros.streams.image_messages import fill_image
from foundation_pose_ros.streams.refusals import RefusalCounter
from foundation_pose_ros.streams.rgbd_input import InputGuardian, InputSettings
from test.stress.conftest import LONG

CAMERA = Camera(30.0, 30.0, 15.5, 11.5, 32, 24)
# A thousand in the short form, twenty thousand in the long one.
FRAMES = {"short": 250, "long": 5000}
NUMBERS = (0.0, -1.0, 1e-300, 1e300, math.nan, math.inf, -math.inf, 0.5, 30.0)
SIZES = (0, 1, 23, 24, 32, 33, 64, 8193, 2**16, 2**31, 2**32 - 1)
WORDS = ("", "rgb8", "mono8", "16UC1", "32FC1", "8UC4", "bayer_rggb8", "64FC3", "Ü" * 300, "a/b", "\x00", "plumb_bob")
TEXTS = (
    *WORDS,
    "none",
    "[" * 20_000,
    "{continuous: [{axis: [0, 0, 1]}]}",
    "{continuous: [{axis: [0, 0, 0]}]}",
    "{discrete: [{axis: [0, 0, .nan], angle: 90}]}",
    "a: &a [1]\nb: [" + "*a, " * 200 + "]",
    "~nobody/cube.glb",
    "/etc/passwd",
    "../" * 50,
    "x" * 100_000,
)


class Mutations:
    """Changes one to three fields of a message, at random but the same at each run."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def one_of(self, values: Any) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def change(self, message: Any) -> Any:
        changes: tuple[Callable[[Any], None], ...] = (
            self._image if isinstance(message, Image) else self._info,
            self._header,
        )
        for _ in range(self.rng.integers(1, 4)):
            self.one_of(changes)(message)
        return message

    def _header(self, message: Any) -> None:
        message.header.frame_id = self.one_of(("", "camera", "/camera", "other", "x" * 10_000))
        if self.rng.random() < 0.3:
            message.header.stamp = to_stamp(int(self.rng.integers(0, 2**31)) * 1_000_000_000)

    def _image(self, message: Image) -> None:
        field = self.one_of(("width", "height", "step", "encoding", "data", "is_bigendian"))
        if field == "encoding":
            message.encoding = self.one_of(WORDS)
        elif field == "data":
            message.data = bytes(int(self.rng.integers(0, 4000)))
        elif field == "is_bigendian":
            message.is_bigendian = int(self.rng.integers(0, 256))
        else:
            setattr(message, field, int(self.one_of(SIZES)))

    def _info(self, message: CameraInfo) -> None:
        field = self.one_of(("k", "p", "d", "width", "height", "distortion_model", "binning_x"))
        if field in ("k", "p"):
            values = np.array(getattr(message, field), float)
            values[self.rng.integers(len(values))] = self.one_of(NUMBERS)
            setattr(message, field, values)
        elif field == "d":
            message.d = [float(self.one_of(NUMBERS)) for _ in range(self.rng.integers(0, 20))]
        elif field == "distortion_model":
            message.distortion_model = self.one_of((*WORDS, "equidistant", "rational_polynomial"))
        else:
            setattr(message, field, int(self.one_of(SIZES)))


def sound_messages(stamp_ns: int, rng: np.random.Generator) -> dict[str, Any]:
    def header() -> Header:
        return Header(stamp=to_stamp(stamp_ns), frame_id="camera")

    shape = (CAMERA.height, CAMERA.width)
    return {
        "camera_info": to_camera_info(CAMERA, header()),
        "mask": fill_image(Image(header=header()), np.full(shape, 255, np.uint8), "mono8"),
        "depth": fill_image(Image(header=header()), np.ones(shape, np.float32), "32FC1"),
        "colour": fill_image(Image(header=header()), rng.integers(0, 255, (*shape, 3), np.uint8), "rgb8"),
    }


@pytest.fixture
def frames(cycles: int) -> int:
    """How many frames of four messages are malformed."""
    return FRAMES["long" if cycles == LONG else "short"]


def test_malformed_images_are_refused_and_the_next_sound_one_is_taken(frames: int) -> None:
    mutations, refusals = Mutations(), RefusalCounter()
    guardian = InputGuardian(InputSettings(), refusals)
    for number in range(frames):
        messages = sound_messages((1000 + number) * 33_000_000, mutations.rng)
        for topic in messages:
            mutations.change(messages[topic])
            found = getattr(guardian, topic)(messages[topic])
            for frame in found if isinstance(found, list) else []:
                assert isinstance(frame, Frame) and np.isfinite(frame.depth_m).all()
        if (labels := guardian.mask(messages["mask"])) is not None:
            assert labels.labels.ndim == 2
    assert refusals["bad_encoding"] and refusals["bad_image"]
    # Twice, since a camera info that is out of step makes its image wait for the next.
    taken: list[Frame] = []
    for number in (1, 2, 3):
        for topic, message in sound_messages(2**32 * 1_000_000_000 - number * 33_000_000, mutations.rng).items():
            found = getattr(guardian, topic)(message)
            taken += found if isinstance(found, list) else []
    assert taken


def test_malformed_boxes_are_refused(frames: int) -> None:
    mutations, refusals = Mutations(), RefusalCounter()
    guardian = InputGuardian(InputSettings(), refusals)
    frame = Frame(np.zeros((24, 32, 3), np.uint8), np.ones((24, 32), np.float32), CAMERA)
    for _ in range(frames):
        detection = Detection2D()
        detection.bbox.center.position.x = float(mutations.one_of(NUMBERS))
        detection.bbox.center.position.y = float(mutations.one_of(NUMBERS))
        detection.bbox.size_x = float(mutations.one_of(NUMBERS))
        detection.bbox.size_y = float(mutations.one_of(NUMBERS))
        for _ in range(mutations.rng.integers(0, 3)):
            hypothesis = ObjectHypothesisWithPose()
            hypothesis.hypothesis.class_id = mutations.one_of(("mug", "", "other"))
            hypothesis.hypothesis.score = float(mutations.one_of(NUMBERS))
            detection.results.append(hypothesis)
        boxes = guardian.boxes(Detection2DArray(detections=[detection]))
        if boxes is None:
            continue
        try:
            masks = boxes.masks(frame, {"mug": "mug", "can": "can"}, ("mug", "can"))
        except InputRefused:
            continue
        assert all(mask.shape == frame.depth_m.shape for _, mask in masks)
    assert refusals["bad_box"]


def test_malformed_requests_are_refused(frames: int, tmp_path: Path) -> None:
    mutations = Mutations()
    (tmp_path / "noise.obj").write_bytes(mutations.rng.bytes(2000))
    (tmp_path / "empty.glb").write_bytes(b"")
    meshes = (*TEXTS, "noise.obj", "empty.glb", str(tmp_path))
    for _ in range(frames):
        name, mesh, unit, symmetries = (mutations.one_of(values) for values in (TEXTS, meshes, TEXTS, TEXTS))
        with pytest.raises(InputRefused) as refusal:
            load_object(name, mesh, unit, symmetries, [str(tmp_path)], only_from_directories=True)
        assert len(str(refusal.value)) < 2000
