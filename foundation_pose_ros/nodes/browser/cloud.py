"""A frame's depth as a cloud of few points, each of which knows its pixel. Needs no ROS."""

from dataclasses import dataclass

import numpy as np

from ...arrays import Pixels, Points
from ...frame import Frame

# How far beside a ray a point may be, as a share of its distance: where it meets a surface, and at all.
_MET, _WITHIN = 0.01, 0.04


@dataclass(frozen=True)
class FrameCloud:
    """Points (N, 3), m, in the camera's frame, colours (N, 3) uint8, and pixels (N, 2) as (u, v), of one image."""

    points_cam: Points
    rgb: np.ndarray
    pixels: Pixels

    @classmethod
    def of(cls, frame: Frame, most: int) -> "FrameCloud":
        """Take measured pixels on a grid, no more than that many."""
        step = max(1, int(np.ceil(np.sqrt(frame.depth_m.size / most))))
        v, u = np.mgrid[: frame.depth_m.shape[0] : step, : frame.depth_m.shape[1] : step]
        depth_m = frame.depth_m[v, u]
        measured = depth_m > 0
        u, v, depth_m = u[measured], v[measured], depth_m[measured]
        points_cam = frame.camera.rays(u, v) * depth_m[:, None]
        return cls(points_cam, frame.rgb[v, u], np.stack([u, v], axis=1))

    def pixel_on_ray(self, origin: np.ndarray, direction: np.ndarray) -> tuple[int, int] | None:
        """Return the pixel (u, v) that a ray (3,) (3,) means; None where nothing was measured near it.

        It is that of the first point that the ray meets. Where it passes between points, as from the side, or where a
        mesh is seen but the camera saw nothing, it is that of the point nearest to the ray.
        """
        from_eye = self.points_cam - origin
        along = from_eye @ (direction / np.linalg.norm(direction))
        beside = np.sqrt(np.maximum((from_eye**2).sum(axis=1) - along**2, 0.0))
        near = np.flatnonzero((along > 0) & (beside < _WITHIN * along))
        if near.size == 0:
            return None
        along, angle = along[near], beside[near] / along[near]
        met = angle < max(_MET, 1.2 * angle.min())
        u, v = self.pixels[near[met][along[met].argmin()]]
        return int(u), int(v)
