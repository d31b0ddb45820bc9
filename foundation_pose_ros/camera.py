"""Pinhole camera of a rectified image, in OpenCV axes: x right, y down, z forward; pixel centres at integers."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .arrays import Intrinsics, Pixels, Points
from .errors import InputRefused

PixelBox = tuple[int, int, int, int]  # left, top, right, bottom; right and bottom excluded
# Nearer than this nothing is projected: pixels run away.
_NEAR_M = 0.01


@dataclass(frozen=True)
class Camera:
    """Intrinsics in pixels and the image's size."""

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int

    def __post_init__(self) -> None:
        values = (self.fx, self.fy, self.cx, self.cy)
        if not all(np.isfinite(values)) or self.fx <= 0 or self.fy <= 0:
            raise InputRefused(
                "bad_intrinsics",
                f"camera intrinsics fx={self.fx}, fy={self.fy}, cx={self.cx}, cy={self.cy} are missing or not finite: "
                "calibrate the camera, or let its driver publish CameraInfo",
            )
        if self.width <= 0 or self.height <= 0:
            raise InputRefused(
                "bad_intrinsics", f"camera size {self.width}x{self.height} is empty: set width and height"
            )

    @classmethod
    def from_K(cls, K: Intrinsics, width: int, height: int) -> "Camera":
        """Make a camera from a 3x3 intrinsic matrix in pixels; raises InputRefused when it isn't one."""
        K = np.asarray(K, np.float64)
        if K.shape != (3, 3):
            raise InputRefused("bad_intrinsics", f"K has shape {K.shape}: give a 3x3 matrix in pixels")
        return cls(float(K[0, 0]), float(K[1, 1]), float(K[0, 2]), float(K[1, 2]), int(width), int(height))

    @cached_property
    def K(self) -> Intrinsics:
        """Return (3, 3) float32."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]], np.float32)

    def rays(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Return directions (..., 3) float32 with z = 1 through pixels u, v: a point at depth z is z times its ray."""
        x = (np.asarray(u, np.float32) - np.float32(self.cx)) * np.float32(1.0 / self.fx)
        y = (np.asarray(v, np.float32) - np.float32(self.cy)) * np.float32(1.0 / self.fy)
        rays = np.ones((*np.broadcast_shapes(x.shape, y.shape), 3), np.float32)
        rays[..., 0], rays[..., 1] = x, y
        return rays

    def project(self, points_cam: Points) -> Pixels:
        """Project camera-frame points (..., 3), m, to pixels (..., 2) as (u, v); NaN where a point isn't in front."""
        points_cam = np.asarray(points_cam)
        z = np.where(points_cam[..., 2] > 1e-6, points_cam[..., 2], np.nan)
        return np.stack(
            [self.fx * points_cam[..., 0] / z + self.cx, self.fy * points_cam[..., 1] / z + self.cy], axis=-1
        )

    def pixel_box(self, points_cam: Points, margin_px: int = 0) -> PixelBox | None:
        """Return the part of the image that the convex hull of points (N, 3) can cover, and a margin around it.

        None where that is outside, behind the camera or not finite; the whole image where the hull reaches behind it.
        """
        if not np.isfinite(points_cam).all() or (points_cam[:, 2] <= _NEAR_M).all():
            return None
        if (points_cam[:, 2] <= _NEAR_M).any():
            return 0, 0, self.width, self.height
        pixels = self.project(points_cam)
        # Clipped as floating point: a camera of odd numbers projects farther than integers reach.
        size = (self.width, self.height)
        left, top = np.clip(np.floor(pixels.min(axis=0)) - margin_px, 0, size).astype(int)
        right, bottom = np.clip(np.ceil(pixels.max(axis=0)) + margin_px + 1, 0, size).astype(int)
        return (int(left), int(top), int(right), int(bottom)) if right > left and bottom > top else None
