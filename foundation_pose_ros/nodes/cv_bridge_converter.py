"""cv_bridge for images, on ROS machines that have one which works; our own code for what it can't do."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..arrays import Depth, Rgb
from ..errors import InputRefused
from ..streams.image_converter import ImageConverter, OwnConverter
from ..streams.image_messages import DEPTH, LABELS, PIXELS, fill_image, to_array


class CvBridgeConverter:
    """Converts with a `cv_bridge.CvBridge`, which knows more colours than we do: Bayer patterns, YUV, 16 bits.

    Sizes are checked here before: it takes rows of a wrong length for short ones. What it fails at goes to our own
    code, and all of that encoding and byte order does from then on.

    failed: encoding, whether big-endian, and what was asked for, of all that it failed at.
    """

    def __init__(self, bridge: Any) -> None:
        self._bridge, self._own = bridge, OwnConverter()
        self.failed: set[tuple[str, bool, str]] = set()

    def to_rgb(self, message: Any) -> Rgb:
        """Return colour (H, W, 3) uint8, of more encodings than our own code takes."""
        # Of what is RGB already it would make a copy.
        pixels = self._converted(message, "passthrough" if message.encoding == "rgb8" else "rgb8")
        if pixels is None or pixels.shape != (message.height, message.width, 3) or pixels.dtype != np.uint8:
            return self._own.to_rgb(message)
        return pixels

    def to_depth_m(self, message: Any, unit_m: float) -> Depth:
        """Return depth (H, W) float32 in metres; the scale belongs to the encoding, which cv_bridge doesn't know of."""
        pixels = self._converted(message, "passthrough") if message.encoding in DEPTH else None
        if pixels is None or pixels.shape != (message.height, message.width):
            return self._own.to_depth_m(message, unit_m)
        return pixels if pixels.dtype == np.float32 else pixels * np.float32(unit_m)

    def to_labels(self, message: Any) -> np.ndarray:
        """Return a mask or label image (H, W) of unsigned integers."""
        pixels = self._converted(message, "passthrough") if message.encoding in LABELS else None
        if pixels is None or pixels.shape != (message.height, message.width):
            return self._own.to_labels(message)
        return pixels

    def _converted(self, message: Any, wanted: str) -> np.ndarray | None:
        """Pixels as cv_bridge has them; None where it fails, or isn't to be asked. Raises InputRefused."""
        if message.encoding in PIXELS:
            to_array(message)
        elif message.height * message.step > len(message.data) or not message.height * message.width:
            return None
        kind = (message.encoding, bool(message.is_bigendian), wanted)
        if kind in self.failed:
            return None
        try:
            return np.asarray(self._bridge.imgmsg_to_cv2(message, wanted))
        except Exception:  # its own kinds, and those of whatever it is built on
            self.failed.add(kind)
            return None


def image_converter(in_process: Callable[[Callable[[], bool]], bool], say: Callable[[str], Any]) -> ImageConverter:
    """Return cv_bridge's converter where it is installed and does what is asked, else our own.

    in_process: calls a function where a crash harms nobody; raises InputRefused where it did crash. A cv_bridge that
    was built for another NumPy may well. say: takes what is wrong with one.
    """
    if find_spec("cv_bridge") is None:
        return OwnConverter()
    try:
        works = in_process(does_what_is_asked)
    except InputRefused as refused:
        say(f"cv_bridge is installed but crashes ({refused}): images are converted without it")
        return OwnConverter()
    if not works:
        say("cv_bridge is installed but can't convert images (built for another NumPy?): it is done without it")
        return OwnConverter()
    return CvBridgeConverter(import_module("cv_bridge").CvBridge())


def does_what_is_asked() -> bool:
    """Tell whether cv_bridge gives on small images what our own code gives."""
    rng = np.random.default_rng(0)
    colour = _sample(rng.integers(0, 255, (4, 6, 3), np.uint8), "bgr8")
    depth = _sample(rng.integers(0, 9000, (4, 6), np.uint16), "16UC1")
    own = OwnConverter()
    try:
        bridge = CvBridgeConverter(import_module("cv_bridge").CvBridge())
        same = np.array_equal(bridge.to_rgb(colour), own.to_rgb(colour))
        same &= np.array_equal(bridge.to_depth_m(depth, 0.001), own.to_depth_m(depth, 0.001))
    except Exception:
        return False
    return same and not bridge.failed


def _sample(pixels: np.ndarray, encoding: str) -> Any:
    return fill_image(SimpleNamespace(), pixels, encoding)
