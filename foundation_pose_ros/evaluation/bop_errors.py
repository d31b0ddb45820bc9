"""How wrong a pose is by the measures of the BOP benchmark: VSD, MSSD and MSPD (Hodan et al., ECCV 2018 and 2020).

Poses are T_cam_obj (4, 4), vertices (n, 3) all those of the mesh in the object's frame, metres. `symmetries` (S, 4, 4)
are transforms in the object's frame that leave it unchanged, the identity included. Computed in float64.
"""

import math

import numpy as np

from ..arrays import Depth, Intrinsics, Pixels, Points, Pose, Poses
from ..depth import in_front
from ..object_model.surface import hull_corners
from ..object_model.surface_distance import largest_distance_m
from ..object_model.symmetry import Symmetries, turn_about
from ..se3 import transform_points

# How far behind the measured surface a rendered one may be and still count as seen.
VISIBILITY_TOLERANCE_M = 0.015
# Shares of the diameter by which depth may be off at a pixel.
VSD_TAUS = np.arange(1, 11) * 0.05
# A continuous symmetry moves no vertex by more than this share of the diameter from one step to the next.
_LARGEST_STEP = 0.01


def symmetry_transforms(symmetries: Symmetries) -> Poses:
    """List symmetries as transforms (S, 4, 4), continuous ones in the benchmark's 315 steps.

    Several axes (a sphere) give the turns about each, not those about both.
    """
    discrete = np.concatenate([np.eye(4)[None], symmetries.discrete])
    steps = int(np.ceil(np.pi / _LARGEST_STEP))
    angles_rad = 2 * np.pi * np.arange(1, steps) / steps
    turns = [turn_about(np.asarray(a.direction), angles_rad, np.asarray(a.point_m)) for a in symmetries.axes]
    continuous = np.concatenate([np.eye(4)[None], *turns])
    return (continuous[None] @ discrete[:, None]).reshape(-1, 4, 4)


def spheres_overlap(T_estimate: Pose, T_truth: Pose, diameter_m: float) -> bool:
    """Tell whether spheres of the object's diameter about both origins overlap: where they don't, MSSD is infinite.

    That the origins are compared and not the surfaces matters where a symmetry moves the origin.
    """
    return math.dist(T_estimate[:3, 3], T_truth[:3, 3]) < diameter_m


def outlines_overlap(T_estimate: Pose, T_truth: Pose, diameter_m: float) -> bool:
    """Tell whether the images of these spheres overlap, roughly: where they don't, VSD is 1."""
    (x, y, z), (x_truth, y_truth, z_truth) = (np.asarray(T[:3, 3], np.float64) for T in (T_estimate, T_truth))
    if z == 0 or z_truth == 0:
        return False
    apart = math.dist((x / z, y / z), (x_truth / z_truth, y_truth / z_truth))
    return apart < diameter_m / 2 * (1 / z + 1 / z_truth)


def mssd_m(T_estimate: Pose, T_truth: Pose, vertices: Points, symmetries: Poses) -> float:
    """Return the largest distance in metres of a vertex from where it should be, the least over symmetries."""
    corners = hull_corners(np.asarray(vertices, np.float64))
    estimated = transform_points(np.asarray(T_estimate, np.float64), corners)
    truths = np.asarray(T_truth, np.float64) @ symmetries
    return float(largest_distance_m(estimated[None], transform_points(truths, corners))[0])


def mspd_px(T_estimate: Pose, T_truth: Pose, vertices: Points, K: Intrinsics, symmetries: Poses) -> float:
    """Return the largest distance in pixels of a vertex's projection from where it should be, least over symmetries.

    K (3, 3). Infinite where the estimate puts a vertex behind the camera.
    """
    vertices = np.asarray(vertices, np.float64)
    # A pose that is off beyond all numbers is infinitely off, which is no matter for a warning.
    with np.errstate(over="ignore"):
        estimated = _projected(transform_points(np.asarray(T_estimate, np.float64), vertices), K)
        if not np.isfinite(estimated).all():
            return np.inf
        truths = np.asarray(T_truth, np.float64) @ symmetries
        projected = (_projected(transform_points(T, vertices), K) for T in truths)
        return min(float(np.linalg.norm(pixels - estimated, axis=1).max()) for pixels in projected)


def vsd(
    estimate_depth_m: Depth,
    truth_depth_m: Depth,
    depth_m: Depth,
    K: Intrinsics,
    diameter_m: float,
    taus: np.ndarray = VSD_TAUS,
) -> np.ndarray:
    """Return the visible surface discrepancy (taus,), 0..1: share of the visible pixels that don't agree.

    All three images (H, W) are depth along the optical axis, 0 = none: the object rendered in the estimate and in the
    truth, and the measured one. A pixel without measured depth counts as visible. 1 where neither is visible.
    """
    to_distance = _distance_per_depth(depth_m.shape, K)
    estimate_m, truth_m, measured_m = (image * to_distance for image in (estimate_depth_m, truth_depth_m, depth_m))
    seen_truth = _visible(truth_m, measured_m)
    # What the estimate hides from itself, for lying behind the measured surface, is compared where the truth is seen.
    seen_estimate = _visible(estimate_m, measured_m) | (seen_truth & (estimate_m > 0))
    both, either = seen_truth & seen_estimate, seen_truth | seen_estimate
    count = np.count_nonzero(either)
    if count == 0:
        return np.ones(len(taus))
    off = np.abs(truth_m[both] - estimate_m[both]) / diameter_m
    disagreeing = np.array([np.count_nonzero(off >= tau) for tau in taus])
    return (disagreeing + count - np.count_nonzero(both)) / count


def _visible(rendered_m: np.ndarray, measured_m: np.ndarray) -> np.ndarray:
    return (rendered_m > 0) & ~in_front(measured_m, rendered_m, VISIBILITY_TOLERANCE_M)


def _distance_per_depth(shape: tuple[int, ...], K: Intrinsics) -> np.ndarray:
    """Return (H, W): length of the ray through each pixel (its centre at integers) that is 1 along the optical axis."""
    x = (np.arange(shape[1]) - K[0, 2]) / K[0, 0]
    y = (np.arange(shape[0]) - K[1, 2]) / K[1, 1]
    return np.sqrt(1 + x[None] ** 2 + y[:, None] ** 2)


def _projected(points_cam: Points, K: Intrinsics) -> Pixels:
    """Project to (n, 2) pixels; infinitely far away where the point isn't before the camera."""
    z = points_cam[:, 2:]
    pixels = points_cam[:, :2] / np.where(z > 0, z, 1) * [K[0, 0], K[1, 1]] + [K[0, 2], K[1, 2]]
    return np.where(z > 0, pixels, np.inf)
