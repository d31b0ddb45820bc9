"""What words were found to mean in an image."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Protocol

import cv2
import numpy as np

from ..arrays import Mask, Rgb

# Boxes of detectors for the same words that share more than this (intersection over union) are of the same thing.
_SAME_THING = 0.5
_LEAST_SIDE_PX = 4


@dataclass(frozen=True)
class Region:
    """An upright box of whole pixels inside an image: columns left..right - 1, rows top..bottom - 1.

    score: 0..1 as its finder says, which says little between finders; None: it said nothing.
    """

    label: str
    left: int
    top: int
    right: int
    bottom: int
    score: float | None = None

    def filled(self, shape: tuple[int, ...]) -> Mask:
        """Return the box as a mask (H, W) bool of an image of that shape."""
        mask = np.zeros(shape[:2], bool)
        mask[self.top : self.bottom, self.left : self.right] = True
        return mask


class Finder(Protocol):
    """Finds what words mean in an image."""

    def find(self, rgb: Rgb, words: str) -> tuple[Region, ...]:
        """Return regions of an image (H, W, 3), the likeliest first; none where there is nothing of the kind.

        Raises InputRefused where it can't look.
        """
        ...


def clipped(label: str, box: Sequence[float], shape: tuple[int, ...], score: float | None = None) -> Region | None:
    """Take what lies inside an image of a box (left, top, right, bottom) in pixels, counted from the image's border.

    None where that is less than four pixels wide or high, or the box isn't finite.
    """
    if not all(isfinite(side) for side in box):
        return None
    height, width = shape[:2]
    left, right = (round(min(max(side, 0), width)) for side in (box[0], box[2]))
    top, bottom = (round(min(max(side, 0), height)) for side in (box[1], box[3]))
    if right - left < _LEAST_SIDE_PX or bottom - top < _LEAST_SIDE_PX:
        return None
    return Region(label, left, top, right, bottom, score)


def best_of_each(regions: Sequence[Region], most: int) -> tuple[Region, ...]:
    """Return the likeliest regions, the best first, of those that overlap the best alone."""
    boxes = [(r.left, r.top, r.right - r.left, r.bottom - r.top) for r in regions]
    scores = [r.score or 0.0 for r in regions]
    kept = cv2.dnn.NMSBoxes(boxes, scores, 0.0, _SAME_THING) if boxes else []
    return tuple(regions[int(index)] for index in np.ravel(kept)[:most])
