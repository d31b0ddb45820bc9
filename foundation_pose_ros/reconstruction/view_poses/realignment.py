"""A view whose pose is nearly right is moved to where views beside it, that hold the object's frame, put it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ... import se3
from ...runtime import late_open3d as o3d
from ..reference_view import ReferenceView
from .pairwise_alignment import FINE, Target, ViewCloud, aligned, downsampled, matched

_SAME = 0.03
# Fewer measured pixels fix no pose.
_FEWEST_PIXELS = 500
# The share of points that agree is as uncertain as this: of true poses and of those moved by 1 mm either may have more.
_SCORE_NOISE = 0.02


@dataclass(frozen=True)
class RealignmentSettings:
    """beside: so many views, those turned least against the new one, hold it. farthest, farthest_deg: a pose that would
    move by more (share of the object's size; degrees) stays as it was: what was aligned then is something else.
    """

    beside: int = 4
    farthest: float = 0.06
    farthest_deg: float = 6.0


def realigned(
    view: ReferenceView, others: Sequence[ReferenceView], settings: RealignmentSettings = RealignmentSettings()
) -> ReferenceView:
    """Return the view with the pose at which its shape, colours and features agree best with other posed views.

    A tracked pose carries the error of the model that it was tracked with; features of pictures know it to a fraction
    of that. As it is where nothing agrees better, or where it has next to no depth.
    """
    if view.seen.sum() < _FEWEST_PIXELS:
        return view
    turned = se3.rotation_angle_rad(np.stack([other.pose[:3, :3] for other in others]), view.pose[:3, :3])
    beside = [others[k] for k in np.argsort(turned)[: settings.beside]]
    size_m = float(np.linalg.norm(np.ptp(np.quantile(view.points_cam(2), (0.03, 0.97), axis=0), axis=0)))
    source, whole, matches = ViewCloud.of(view, size_m), o3d.geometry.PointCloud(), []
    for other in beside:
        cloud, T_obj_cam = ViewCloud.of(other, size_m), se3.inverse(other.pose).astype(np.float64)
        found = matched(source, cloud, size_m)
        if found is not None:
            matches.append(found.placed(T_obj_cam))
        cloud.fine.transform(T_obj_cam)
        whole += cloud.fine
    target, start = Target(downsampled(whole, FINE * size_m)), se3.inverse(view.pose).astype(np.float64)
    motion = aligned(source, target, [start], matches, size_m)
    middle = np.median(view.points_cam(2), axis=0, keepdims=True)
    moved_m = np.linalg.norm(
        se3.transform_points(motion.T_to_from, middle) - se3.transform_points(start, middle), axis=1
    )[0]
    turned_deg = np.rad2deg(se3.rotation_angle_rad(motion.T_to_from[:3, :3], start[:3, :3]))
    worse = motion.score < target.confirmed(source.coarse, start, _SAME * size_m) - _SCORE_NOISE
    if worse or moved_m > settings.farthest * size_m or turned_deg > settings.farthest_deg:
        return view
    return replace(view, T_cam_obj=se3.inverse(motion.T_to_from))
