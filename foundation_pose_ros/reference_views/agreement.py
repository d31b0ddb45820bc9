"""Do posed views show one object? Every view's points are looked for in all others."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..se3 import inverse, transform_points
from .depth_view import RIM_PX
from .view import ReferenceView

_POINTS = 150
# A point may stand before what another view measured there by this share of the object, or this far.
_TOLERANCE_SHARE, _TOLERANCE_M = 0.03, 0.004


@dataclass(frozen=True, eq=False)
class Agreement:
    """Shares (N, N) of the points of view i, as view j sees them; 1 on the diagonal.

    in_image: inside j's picture. explained: inside j's mask and not in front of what j measured, or behind something
    that hides the object. same_depth: at the depth that j measured, within the tolerance, whatever the mask.
    in_mask: of those, inside the mask.
    """

    in_image: np.ndarray
    explained: np.ndarray
    same_depth: np.ndarray
    in_mask: np.ndarray

    @property
    def of_views(self) -> np.ndarray:
        """(N,) how far each view and the others agree, 0..1: the mean of both ways, median over the others."""
        both = (self.explained + self.explained.T) / 2
        np.fill_diagonal(both, np.nan)
        return np.nanmedian(both, axis=1)

    @property
    def overall(self) -> float:
        """0..1: some 0.9 for good poses and masks, below 0.4 for poses that have nothing to do with the views."""
        return float(np.median(self.of_views))

    @classmethod
    def of(cls, views: Sequence[ReferenceView], T_cam_obj: np.ndarray | None = None) -> "Agreement":
        """Under the views' own poses, or under other ones (N, 4, 4)."""
        poses = np.stack([view.pose for view in views]) if T_cam_obj is None else T_cam_obj
        clouds = [_spread(view.points_cam(stride=2)) for view in views]
        sizes_m = [np.linalg.norm(np.ptp(np.quantile(cloud, (0.05, 0.95), axis=0), axis=0)) for cloud in clouds]
        tolerance_m = max(_TOLERANCE_SHARE * float(np.median(sizes_m)), _TOLERANCE_M)
        points = np.stack([transform_points(inverse(T), cloud) for T, cloud in zip(poses, clouds, strict=True)])
        columns = [_seen_by(view, T, points, tolerance_m) for view, T in zip(views, poses, strict=True)]
        return cls(*(np.stack(part, axis=1) for part in zip(*columns, strict=True)))


def _spread(points: np.ndarray) -> np.ndarray:
    """(_POINTS, 3), the same at every call; of fewer points some come again."""
    return points[np.linspace(0, len(points) - 1, _POINTS).astype(int)]


def _seen_by(
    view: ReferenceView, T_cam_obj: np.ndarray, points: np.ndarray, tolerance_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What one view makes of points (N, P, 3): in_image, explained, same_depth, in_mask (N,)."""
    points_cam = transform_points(T_cam_obj, points)
    pixels = np.nan_to_num(view.frame.camera.project(points_cam), nan=-1.0, posinf=-1.0, neginf=-1.0)
    column, row = np.moveaxis(np.round(np.clip(pixels, -1, 1e6)).astype(int), -1, 0)
    height, width = view.mask.shape
    inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
    at = np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)
    mask = cv2.dilate(view.mask.astype(np.uint8), np.ones((2 * RIM_PX + 1,) * 2, np.uint8))[at] > 0
    measured_m = view.frame.depth_m[at]
    behind_m = np.where(measured_m > 0, points_cam[..., 2] - measured_m, 0)
    hidden = ~mask & (measured_m > 0) & (behind_m > tolerance_m)
    explained = inside & ((mask & (behind_m > -tolerance_m)) | hidden)
    same = inside & (measured_m > 0) & (np.abs(behind_m) < tolerance_m)
    in_mask = (same & mask).sum(axis=1) / np.maximum(same.sum(axis=1), 1)
    return inside.mean(axis=1), explained.mean(axis=1), same.mean(axis=1), in_mask
