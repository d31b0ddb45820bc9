"""Parts of images: boxes, tiles that overlap, and the box around a mask."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from foundation_pose_ros.arrays import Mask
from foundation_pose_ros.errors import InputRefused

MARGIN = 0.5
LEAST_PX = 16
OVERLAP = 0.25
LARGE_SHARE = 0.6
# A closer look is taken at pieces that are at least so likely, and weigh so much beside the heaviest.
LIKELY, MAIN_SHARE = 0.3, 0.4


@dataclass(frozen=True)
class ImageRegion:
    """Pixels from (left, top) of a width and height."""

    left: int
    top: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Return rows and columns."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def cut(self, image: np.ndarray) -> np.ndarray:
        """Return the part of an image (H, W, ...)."""
        return image[self.slices]


def clipped_box(region: tuple[int, int, int, int], shape: tuple[int, int]) -> ImageRegion:
    """Return the part of a region (x, y, width, height) inside the image; raises InputRefused without one."""
    x, y, width, height = (int(value) for value in region)
    left, top = max(0, x), max(0, y)
    right, bottom = min(shape[1], x + width), min(shape[0], y + height)
    if right - left < 2 or bottom - top < 2:
        raise InputRefused(
            "bad_region", f"region x {x}, y {y}, {width}x{height} leaves nothing of an image of {shape[1]}x{shape[0]}"
        )
    return ImageRegion(left, top, right - left, bottom - top)


def around(mask: Mask) -> ImageRegion | None:
    """Return the box around a mask (H, W), margin half its size; None for no mask, or one that fills the image."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    side = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    margin = max(round(MARGIN * side), LEAST_PX)
    left, top = max(0, int(columns[0]) - margin), max(0, int(rows[0]) - margin)
    right, bottom = min(mask.shape[1], int(columns[-1]) + 1 + margin), min(mask.shape[0], int(rows[-1]) + 1 + margin)
    box = ImageRegion(left, top, right - left, bottom - top)
    return None if box.width * box.height > LARGE_SHARE * mask.size else box


def main_pieces(probability: np.ndarray) -> Mask:
    """Return what is worth a closer look (H, W) bool: where a thing is likely at all, without what is next to nothing.

    probability (H, W). Of what hangs together, pieces that weigh much less than the heaviest are taken for mistakes.
    """
    likely = (probability >= LIKELY).astype(np.uint8)
    count, labels = cv2.connectedComponents(likely, connectivity=8)
    weights = np.bincount(labels.ravel(), weights=probability.ravel(), minlength=count)
    weights[0] = 0
    main = (weights > 0) & (weights >= MAIN_SHARE * weights.max())
    pieces: np.ndarray = main[labels]
    return pieces


def tiles(shape: tuple[int, ...], side: int) -> Iterator[tuple[ImageRegion, np.ndarray]]:
    """Return boxes that cover an image, and the weight (h, w) that each has in its pixels, less towards its border."""
    for top in _starts(shape[0], side):
        for left in _starts(shape[1], side):
            box = ImageRegion(left, top, min(side, shape[1]), min(side, shape[0]))
            yield box, np.minimum.outer(_ramp(box.height), _ramp(box.width))


def _starts(length: int, side: int) -> list[int]:
    if length <= side:
        return [0]
    count = 1 + int(np.ceil((length - side) / (side * (1 - OVERLAP))))
    return [round(start) for start in np.linspace(0, length - side, count)]


def _ramp(length: int) -> np.ndarray:
    distance = np.minimum(np.arange(length), np.arange(length)[::-1]) + 1.0
    return np.minimum(distance / max(1.0, length * OVERLAP), 1.0).astype(np.float32)
