"""Who makes arrays of image messages: our own code, or what a ROS machine has. Needs no ROS."""

from typing import Any, Protocol

import numpy as np

from ..arrays import Depth, Rgb
from . import image_messages


class ImageConverter(Protocol):
    """Raises InputRefused for messages that can't be used."""

    def to_rgb(self, message: Any) -> Rgb:
        """Return colour (H, W, 3) uint8."""
        ...

    def to_depth_m(self, message: Any, unit_m: float) -> Depth:
        """Return depth (H, W) float32 in metres; unit_m: what one step of 16 bits is."""
        ...

    def to_labels(self, message: Any) -> np.ndarray:
        """Return a mask or label image (H, W) of unsigned integers."""
        ...


class OwnConverter:
    """Views of the message wherever that is possible."""

    def to_rgb(self, message: Any) -> Rgb:
        """Convert as `image_messages.to_rgb` does."""
        return image_messages.to_rgb(message)

    def to_depth_m(self, message: Any, unit_m: float) -> Depth:
        """Convert as `image_messages.to_depth_m` does."""
        return image_messages.to_depth_m(message, unit_m)

    def to_labels(self, message: Any) -> np.ndarray:
        """Convert as `image_messages.to_labels` does."""
        return image_messages.to_labels(message)
