"""One pose against others, pixel by pixel: which of them the depth speaks for where they would not look the same."""

import cv2
import numpy as np

from ..depth import in_front
from .depth_agreement import ObservedPixels

# So many pixels, as a share of the crop's, are outvoted by noise.
_FLOOR_SHARE = 0.01
# What tells them apart has to be so many cells wide: at outlines and rims, masks, depth and poses are off by less.
_WIDE_CELLS = 2
# Surfaces that are apart by so many tolerances are told apart, by half of it not.
_TOLD = 1.5
# A surface that was marked, or has to be there, and isn't in the rendering, or in the picture.
_MISSED, _MISSED_UNSEEN = -1.0, -0.5
# To assume that something hides a part speaks a little against a pose.
_HIDDEN = -0.2
_CLEARLY = 4.0
_CLEARLY_M = 0.01


def support(
    pixels: ObservedPixels,
    mask: np.ndarray | None,
    allowed: np.ndarray | None,
    rendered_m: np.ndarray,
    tolerance_m: np.ndarray,
) -> np.ndarray:
    """Return (B, N) in -1..1: whether each pixel speaks for a rendering (B, N) or against it; 0: for neither.

    mask (N,) bool: what is the object's, and allowed: what may be; None where there is no mask. tolerance_m (N,) or
    (B, N): of depths that agree.
    """
    hit, seen = rendered_m > 0, (pixels.depth_m > 0) & pixels.in_image
    off_m = (pixels.depth_m - rendered_m) * pixels.steepness
    agreed = 2 * np.exp(-0.5 * np.square(off_m / tolerance_m)) - 1
    clearly_m = np.maximum(_CLEARLY * tolerance_m, _CLEARLY_M)
    hidden = in_front(pixels.depth_m, rendered_m, clearly_m)
    if mask is None or allowed is None:
        return np.where(hit & seen, np.where(hidden, _HIDDEN, agreed), 0.0)
    unmarked = np.where(hidden, _HIDDEN, np.where(pixels.depth_m - rendered_m > clearly_m, _MISSED, 0.0))
    shown = np.where(seen, np.where(allowed, np.where(hidden & ~mask, _HIDDEN, agreed), unmarked), 0.0)
    return np.where(hit, shown, np.where(mask, np.where(seen, _MISSED, _MISSED_UNSEEN), 0.0))


def telling(pixels: ObservedPixels, rendered_m: np.ndarray, tolerance_m: np.ndarray) -> np.ndarray:
    """Return (B - 1, N) in 0..1: how far a sensor can tell the first of renderings (B, N) from each, by each pixel.

    What sensors and meshes get wrong is much the same over a whole face: a hundred pixels that are off by less than the
    tolerance (N,) or (B, N) know no more than one does. Nor does a line of them: where a mug's rim is seen before its
    far side, poses that are half a pixel apart differ by all that lies between the two.
    """
    hit, size = rendered_m > 0, round(np.sqrt(rendered_m.shape[1]))
    apart = (rendered_m[1:] - rendered_m[0]) * pixels.steepness / np.broadcast_to(tolerance_m, rendered_m.shape)[1:]
    surfaces = 1 - np.exp(-np.square(np.square(apart / _TOLD)))
    told = np.where(hit[1:] & hit[0], surfaces, hit[1:] != hit[0]).astype(np.float32)
    kernel = np.ones((_WIDE_CELLS, _WIDE_CELLS), np.uint8)
    for one in told.reshape(-1, size, size):
        cv2.morphologyEx(one, cv2.MORPH_OPEN, kernel, dst=one)
    return told


def votes(supports: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Return (B - 1,) in -1..1: by how much pixels that tell them apart speak for the first of B rather than for each.

    supports (B, N): what pixels say of each. told (B - 1, N): how far they tell the first from each. 0 where none does.
    """
    differences = told * (supports[0] - supports[1:]) / 2
    floor = _FLOOR_SHARE * supports.shape[1]
    return np.asarray(differences.sum(axis=1) / (np.abs(differences).sum(axis=1) + floor))
