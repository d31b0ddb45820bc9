"""How far outlines of two masks lie apart, and how sure a mean is."""

import numpy as np
from scipy.ndimage import binary_erosion, distance_transform_edt

from foundation_pose_ros.arrays import Mask


def hd95_px(found: Mask, truth: Mask) -> float:
    """Return 95th percentile of the distances between the outlines, both ways, in pixels.

    0 for two empty masks; the image's diagonal where only one is empty, so that a miss counts.
    """
    if not found.any() and not truth.any():
        return 0.0
    if not found.any() or not truth.any():
        return float(np.hypot(*truth.shape))
    outlines = [mask & ~binary_erosion(mask) for mask in (found, truth)]
    away = [distance_transform_edt(~outline) for outline in outlines]
    return float(np.percentile(np.concatenate([away[1][outlines[0]], away[0][outlines[1]]]), 95))


def bootstrap_interval(values: np.ndarray, rounds: int = 2000, seed: int = 0) -> tuple[float, float]:
    """Return 95 % interval of the mean, from resampled values; NaN for none."""
    if not len(values):
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    means = values[rng.integers(len(values), size=(rounds, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
