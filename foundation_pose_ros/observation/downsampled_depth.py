"""A frame on a coarse grid: what is done with the whole image costs the same at every resolution."""

from dataclasses import dataclass

import numpy as np

from ..arrays import Depth, Intrinsics
from ..frame import Frame

# Rows of the grid: a thing six of them high is still seen.
_ROWS = 120


@dataclass(frozen=True)
class DownsampledDepth:
    """Every step-th pixel of a frame.

    step: px of the frame.
    K: (3, 3) of the camera whose pixels those are.
    depth_m: (h, w), 0 = none.
    u, v: (w,) and (h,), the pixels of the frame that were taken.
    """

    step: int
    K: Intrinsics
    depth_m: Depth
    u: np.ndarray
    v: np.ndarray

    @classmethod
    def of(cls, frame: Frame) -> "DownsampledDepth":
        """Take every step-th pixel of a frame, from the middle of the first step on."""
        camera = frame.camera
        step = max(1, min(camera.height // _ROWS, camera.width))
        first = step // 2
        u, v = np.arange(first, camera.width, step), np.arange(first, camera.height, step)
        K = np.array(
            [
                [camera.fx / step, 0, (camera.cx - first) / step],
                [0, camera.fy / step, (camera.cy - first) / step],
                [0, 0, 1],
            ],
            np.float32,
        )
        return cls(step, K, np.ascontiguousarray(frame.depth_m[first::step, first::step]), u, v)
