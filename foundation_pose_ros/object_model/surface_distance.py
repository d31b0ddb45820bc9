"""How far apart two poses put an object's surface: the largest distance of any point, the least over symmetries."""

import numpy as np

from .. import se3
from ..arrays import Points, Pose, Poses
from .directions import icosphere
from .surface import hull_corners
from .symmetry import Symmetries

# A pose is right where no point of the surface is off by this share of the diameter.
RIGHT_SHARE = 0.1


class SurfaceDistance:
    """Measures an object's poses against each other: the MSSD of BOP (Hodan et al., ECCV 2020).

    Points are those of the surface that lie farthest in each of 162 directions: no other one moves farther by more than
    a hundredth.
    """

    def __init__(self, vertices: Points, symmetries: Symmetries, step_deg: float = 1.0) -> None:
        """vertices (V, 3): of the mesh. step_deg: of continuous symmetries."""
        directions = icosphere(subdivisions=2)
        corners = hull_corners(np.asarray(vertices, np.float64))
        self._points = corners[np.unique(np.argmax(directions @ corners.T, axis=1))]  # (P, 3)
        self._symmetries = symmetries
        # Of a ball there are too many turns to list: its poses are turned to each other.
        turns = np.eye(4)[None] if symmetries.is_sphere else symmetries.transforms(step_deg)
        self._equivalent = se3.transform_points(turns, self._points)  # (S, P, 3)

    def __call__(self, T_cam_obj: Poses, T_other: Pose) -> np.ndarray:
        """Return metres (B,) from poses (B, 4, 4) to another one (4, 4)."""
        T_cam_obj = np.asarray(T_cam_obj, np.float64)
        if self._symmetries.is_sphere:
            T_cam_obj = np.stack([self._symmetries.nearest(T, T_other) for T in T_cam_obj])
        T_other_obj = np.linalg.inv(np.asarray(T_other, np.float64)) @ T_cam_obj
        return largest_distance_m(se3.transform_points(T_other_obj, self._points), self._equivalent)


def largest_distance_m(points: np.ndarray, equivalent: np.ndarray) -> np.ndarray:
    """Return (B,): of points (B, P, 3) the largest distance to where they should be, the least of (S, P, 3) ways."""
    # Squares of differences as products: S x B x P vectors would take long to make.
    products = np.matmul(points.transpose(1, 0, 2), equivalent.transpose(1, 2, 0))  # (P, B, S)
    squares = np.square(points).sum(axis=2).T[:, :, None] + np.square(equivalent).sum(axis=2).T[:, None] - 2 * products
    return np.sqrt(np.maximum(squares.max(axis=0).min(axis=1), 0))
