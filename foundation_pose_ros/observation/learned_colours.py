"""What an object and its surroundings look like here and now: colour statistics, learned from views with a known pose.

After Tjaden et al. (2017) and Stoiber et al. (2022): two histograms, of the pixels on either side of the outline.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np

from ..arrays import Intrinsics, Mask
from ..depth import in_front
from ..frame import Frame
from ..jit import compiled
from .crop_box import CropBox
from .light import Light

# Steps of brightness, and of red and of blue less green: finer about gray, where most things are.
_STEPS = 16
_BRIGHTNESS_STEP = 256 // _STEPS
_DIFFERENCES = np.arange(-255, 256)
_CHROMA_STEPS = np.clip(
    _STEPS // 2 * (1 + np.sign(_DIFFERENCES) * np.sqrt(np.abs(_DIFFERENCES) / 255)), 0, _STEPS - 1
).astype(np.uint8)
# Neighbouring steps are nearly the same colour: (16, 16), each is a mean of three.
_ALIKE = cv2.blur(np.eye(_STEPS, dtype=np.float32), (1, 3))
# Colours are learned up to this share of the grid from the outline, and not nearer to it than so many cells: those show
# both sides.
_REACH_SHARE, _MIXED_CELLS = 0.12, 1.0
# Fewer pixels than this tell nothing of a side.
_FEWEST_PIXELS = 60
# So many pixels a row are enough.
_MOST_PIXELS = 160
# A colour that has less than this share of either side's pixels tells nothing, and none is surer than this.
_RARE, _LEAST = np.float32(5e-4), np.float32(0.05)
# After this the camera may show something else.
_OF_LATE_NS = 1_000_000_000


@dataclass(frozen=True, eq=False)
class LearnedColours:
    """Shares of colours beside the outline, foreground and background (16, 16, 16) float32, each of the sum 1.

    By brightness, red less green and blue less green. stamp_ns, light: of the frame that was learned from last.
    agreement: 0..1, how well outlines have separated them of late (`selection.region`), NaN where that isn't known.
    """

    foreground: np.ndarray
    background: np.ndarray
    stamp_ns: int
    light: Light | None = None
    agreement: float = math.nan

    @classmethod
    def of(
        cls, frame: Frame, K: Intrinsics, observed_m: np.ndarray, rendered_m: np.ndarray, light: Light | None = None
    ) -> "LearnedColours | None":
        """Count pixels on either side of the outline of an object that is rendered at its pose.

        K (3, 3): of a grid of n x n rays. observed_m, rendered_m (n, n): depth there, measured, and of the object. What
        stands in front counts for neither side. light: of the frame beside that of what was learned before, its own
        where that is nothing. None where a side is hardly seen.
        """
        light = light or Light.of(frame)
        camera, sides = frame.camera, _sides(observed_m, rendered_m)
        scale = K[0, 0] / camera.fx, K[1, 1] / camera.fy  # cells per pixel
        first = K[0, 2] - scale[0] * camera.cx, K[1, 2] - scale[1] * camera.cy  # the cell of pixel (0, 0)
        counts = np.zeros((2, _STEPS, _STEPS, _STEPS), np.float32)
        _count(frame.rgb, light.table(), sides, np.array([*scale, *first]), counts)
        if counts.sum(axis=(1, 2, 3)).min() < _FEWEST_PIXELS:
            return None
        foreground, background = (of_side / of_side.sum() for of_side in map(_blurred, counts))
        return cls(foreground, background, frame.stamp_ns, light)

    def blended(self, newer: "LearnedColours", rate: float) -> "LearnedColours":
        """Go by this share, 0..1, to what was seen since."""
        unknown = math.isnan(self.agreement) or math.isnan(newer.agreement)
        return LearnedColours(
            self.foreground + np.float32(rate) * (newer.foreground - self.foreground),
            self.background + np.float32(rate) * (newer.background - self.background),
            newer.stamp_ns,
            newer.light,
            newer.agreement if unknown else self.agreement + rate * (newer.agreement - self.agreement),
        )

    def likeness(self, frame: Frame, mask: Mask) -> float:
        """Return 0..1: how far colours under a mask (H, W) are the object's, by Bhattacharyya's coefficient (1943)."""
        step = max(1, -(-mask.shape[1] // _MOST_PIXELS))
        counts = np.zeros((_STEPS, _STEPS, _STEPS), np.float32)
        _count_under(frame.rgb[::step, ::step], self.light_in(frame).table(), mask[::step, ::step], counts)
        seen = _blurred(counts)
        return float(np.sqrt(seen * self.foreground).sum() / np.sqrt(max(seen.sum(), 1.0)))

    def light_in(self, frame: Frame) -> Light:
        """Compare a frame's light with that of what was learned, where that was of late: older tells nothing."""
        of_late = abs(frame.stamp_ns - self.stamp_ns) <= _OF_LATE_NS
        return Light.of(frame, self.light if of_late else None)

    def probability(self) -> np.ndarray:
        """Return (16, 16, 16) float32: how likely a pixel of each colour is the object's, 0.5 where it isn't known."""
        return np.clip((self.foreground + _RARE) / (self.foreground + self.background + 2 * _RARE), _LEAST, 1 - _LEAST)


class ForegroundMap(NamedTuple):
    """Part of a frame by how likely each pixel is the object's: probability (h, w) float32 of every step-th one.

    K (3, 3): of the camera whose pixels those are. agreement: of the colours that it was judged by, with outlines of
    late, NaN where that isn't known. light: of the frame beside that of those colours.
    """

    probability: np.ndarray
    K: Intrinsics
    agreement: float
    light: Light

    @classmethod
    def of(cls, frame: Frame, box: CropBox, colours: LearnedColours, nearest_m: float, most: int) -> "ForegroundMap":
        """Judge the pixels of a frame that lie in a box, at most so many a row.

        nearest_m: how near the object may be. What is nearer hides it, and whatever its colour, it says nothing.
        """
        camera, rgb = frame.camera, frame.rgb
        height, width = rgb.shape[:2]
        left, right = (min(max(round(x), 0), width) for x in (box.left, box.left + box.side))
        top, bottom = (min(max(round(y), 0), height) for y in (box.top, box.top + box.side))
        step = max(1, -(-max(right - left, bottom - top) // most))
        rows, columns = slice(top, bottom, step), slice(left, right, step)
        probability, light = np.empty(rgb[rows, columns].shape[:2], np.float32), colours.light_in(frame)
        _judge(
            rgb[rows, columns],
            light.table(),
            frame.depth_m[rows, columns],
            nearest_m,
            colours.probability(),
            probability,
        )
        K = camera.K.astype(np.float64)
        K[:2, 2] -= left, top  # the first pixel of each step is the one that is taken
        K[:2] /= step
        return cls(probability, K.astype(np.float32), float(colours.agreement), light)


def _blurred(counts: np.ndarray) -> np.ndarray:
    """Share each colour's count (16, 16, 16) with those that are nearly it, along each axis."""
    return np.asarray(_ALIKE @ (_ALIKE @ counts.reshape(_STEPS, -1)).reshape(counts.shape) @ _ALIKE.T)


def _sides(observed_m: np.ndarray, rendered_m: np.ndarray) -> np.ndarray:
    """Return (n, n) int8: 1 within the outline, -1 beyond it, 0 where neither is sure or it is far away."""
    hit = (rendered_m > 0).astype(np.uint8)
    reach = _REACH_SHARE * len(hit)
    inside, outside = (cv2.distanceTransform(side, cv2.DIST_L2, 3) for side in (hit, 1 - hit))
    foreground = (inside > _MIXED_CELLS) & (inside < reach) & ~in_front(observed_m, rendered_m)
    background = (outside > _MIXED_CELLS) & (outside < reach)
    return foreground.astype(np.int8) - background.astype(np.int8)


@compiled
def _step(rgb: Any, table: Any, v: int, u: int) -> Any:
    """Return the steps of a pixel's brightness, of red less green and of blue less green, by `Light.table`.

    -1 for the first where that doesn't know it.
    """
    red, green, blue = (
        np.int64(table[0, rgb[v, u, 0]]),
        np.int64(table[1, rgb[v, u, 1]]),
        np.int64(table[2, rgb[v, u, 2]]),
    )
    if min(red, green, blue) < 0:
        return -1, 0, 0
    brightness = (red + 2 * green + blue) // 4 // _BRIGHTNESS_STEP
    return brightness, _CHROMA_STEPS[red - green + 255], _CHROMA_STEPS[blue - green + 255]


@compiled
def _count(rgb: Any, table: Any, sides: Any, cells: Any, counts: Any) -> None:
    """Add pixels to counts (2, 16, 16, 16): of the object, of what is beside it. cells: per pixel u, v; of pixel 0."""
    size = len(sides)
    u0, u1 = max(0, int(np.ceil((-0.5 - cells[2]) / cells[0]))), int((size - 0.5 - cells[2]) / cells[0])
    v0, v1 = max(0, int(np.ceil((-0.5 - cells[3]) / cells[1]))), int((size - 0.5 - cells[3]) / cells[1])
    step = max(1, -(-(u1 - u0) // _MOST_PIXELS))
    for v in range(v0, min(v1, rgb.shape[0]), step):
        row = min(int(cells[1] * v + cells[3] + 0.5), size - 1)
        for u in range(u0, min(u1, rgb.shape[1]), step):
            side = sides[row, min(int(cells[0] * u + cells[2] + 0.5), size - 1)]
            if side != 0:
                brightness, red, blue = _step(rgb, table, v, u)
                if brightness >= 0:
                    counts[0 if side > 0 else 1, brightness, red, blue] += 1


@compiled
def _count_under(rgb: Any, table: Any, mask: Any, counts: Any) -> None:
    """Add the pixels under a mask to counts (16, 16, 16)."""
    for v in range(rgb.shape[0]):
        for u in range(rgb.shape[1]):
            if mask[v, u]:
                brightness, red, blue = _step(rgb, table, v, u)
                if brightness >= 0:
                    counts[brightness, red, blue] += 1


@compiled
def _judge(rgb: Any, table: Any, depth_m: Any, nearest_m: float, of_colours: Any, probability: Any) -> None:
    for v in range(rgb.shape[0]):
        for u in range(rgb.shape[1]):
            if 0 < depth_m[v, u] < nearest_m:
                probability[v, u] = 0.5
                continue
            brightness, red, blue = _step(rgb, table, v, u)
            probability[v, u] = of_colours[brightness, red, blue] if brightness >= 0 else 0.5
