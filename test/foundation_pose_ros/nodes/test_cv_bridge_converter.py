"""cv_bridge and our own code on the same messages; and machines whose cv_bridge doesn't work."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from foundation_pose_ros import InputRefused
from foundation_pose_ros.nodes.cv_bridge_converter import CvBridgeConverter, does_what_is_asked, image_converter
from foundation_pose_ros.streams.image_converter import OwnConverter
from foundation_pose_ros.streams.image_messages import COLOUR, DEPTH, LABELS, PIXELS, fill_image

HEIGHT, WIDTH = 7, 10


def image(encoding: str, padding: int = 0, big_endian: bool = False) -> Any:
    kind, channels = PIXELS[encoding]
    shape = (HEIGHT, WIDTH + padding) if channels == 1 else (HEIGHT, WIDTH + padding, channels)
    pixels = np.random.default_rng(1).integers(0, 200, shape).astype(kind)
    message = fill_image(SimpleNamespace(), pixels, encoding)
    message.width = WIDTH
    if big_endian:
        message.is_bigendian = 1
        message.data = type(message.data)("B", pixels.astype(np.dtype(kind).newbyteorder(">")).tobytes())
    return message


@pytest.fixture
def bridge() -> CvBridgeConverter:
    cv_bridge = pytest.importorskip("cv_bridge", reason="cv_bridge isn't installed here")
    return CvBridgeConverter(cv_bridge.CvBridge())


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("padding", [0, 6])
def test_both_give_the_same(bridge: CvBridgeConverter, padding: int, big_endian: bool) -> None:
    own = OwnConverter()
    for encoding in COLOUR:
        message = image(encoding, padding, big_endian)
        assert np.array_equal(bridge.to_rgb(message), own.to_rgb(message)), encoding
    for encoding in DEPTH:
        message = image(encoding, padding, big_endian)
        assert np.array_equal(bridge.to_depth_m(message, 0.002), own.to_depth_m(message, 0.002)), encoding
        assert bridge.to_depth_m(message, 0.002).dtype == np.float32
    for encoding in LABELS:
        message = image(encoding, padding, big_endian)
        assert np.array_equal(bridge.to_labels(message), own.to_labels(message)), encoding
    assert big_endian or {encoding for encoding, _, _ in bridge.failed} <= {"8UC3"}, "it converts nearly all itself"


def test_it_takes_what_our_own_code_refuses(bridge: CvBridgeConverter) -> None:
    message = image("mono8")
    message.encoding = "bayer_rggb8"
    with pytest.raises(InputRefused, match="bayer_rggb8"):
        OwnConverter().to_rgb(message)
    assert bridge.to_rgb(message).shape == (HEIGHT, WIDTH, 3)


def test_an_installed_one_that_works_is_taken(bridge: CvBridgeConverter) -> None:
    assert isinstance(image_converter(lambda function: function(), pytest.fail), CvBridgeConverter)


class Wrong:
    """A CvBridge that fails, or gives the picture mirrored."""

    def __init__(self, fails: bool) -> None:
        self._fails = fails

    def imgmsg_to_cv2(self, message: Any, wanted: str) -> np.ndarray:
        if self._fails:
            raise AttributeError("_ARRAY_API not found")
        return OwnConverter().to_rgb(message)[:, ::-1]


@pytest.mark.parametrize("fails", [False, True])
def test_one_that_does_not_do_what_is_asked_is_left_alone(monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    module = ModuleType("cv_bridge")
    module.CvBridge = lambda: Wrong(fails)  # type: ignore[attr-defined]
    module.__spec__ = SimpleNamespace(name="cv_bridge")  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, "cv_bridge", module)
    said: list[str] = []
    assert not does_what_is_asked()
    assert isinstance(image_converter(lambda function: function(), said.append), OwnConverter)
    assert "can't convert images" in said[0]


def test_one_that_crashes_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("cv_bridge")
    module.__spec__ = SimpleNamespace(name="cv_bridge")  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, "cv_bridge", module)

    def crash(_: Any) -> bool:
        raise InputRefused("reader_died", "its process ended with signal 11")

    said: list[str] = []
    assert isinstance(image_converter(crash, said.append), OwnConverter)
    assert "crashes" in said[0]


def test_what_fails_once_is_not_tried_again_and_malformed_images_are_refused() -> None:
    asked: list[str] = []

    class Counting(Wrong):
        def imgmsg_to_cv2(self, message: Any, wanted: str) -> np.ndarray:
            asked.append(message.encoding)
            raise RuntimeError(wanted)

    converter = CvBridgeConverter(Counting(True))
    for _ in range(3):
        assert converter.to_rgb(image("bgr8")).shape == (HEIGHT, WIDTH, 3)
    assert asked == ["bgr8"]
    short = image("rgb8")
    short.height += 1
    with pytest.raises(InputRefused) as refused:
        converter.to_rgb(short)
    assert refused.value.reason == "bad_image" and asked == ["bgr8"]
