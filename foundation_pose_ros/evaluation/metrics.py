"""How wrong poses are (ADD, ADD-S, recall, area under the curve, rotation and translation), and how wrong their scores.

Poses are T_cam_obj (4, 4), points (n, 3) in the object's frame, metres. Where `symmetries` (S, 4, 4) is given, these
are the transforms in the object's frame that leave it unchanged (identity included), and the error is that against the
equivalent truth that is nearest. Computed in float64.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..arrays import Points, Pose, Poses
from ..se3 import rotation_angle_rad, transform_points

AUC_LIMIT_M = 0.1
RECALL_FRACTION = 0.1


def add_m(T_estimate: Pose, T_truth: Pose, points: Points, symmetries: Poses | None = None) -> float:
    """Return the mean distance in metres of each model point from itself in the truth (Hinterstoisser et al. 2012)."""
    points = np.asarray(points, np.float64)
    estimated = transform_points(np.asarray(T_estimate, np.float64), points)  # (n, 3)
    nearest = np.inf
    # One symmetry at a time: all at once would be S x n points.
    for T in _equivalent_truths(T_truth, symmetries):
        nearest = min(nearest, float(np.linalg.norm(transform_points(T, points) - estimated, axis=1).mean()))
    return nearest


def adds_m(T_estimate: Pose, T_truth: Pose, points: Points) -> float:
    """Return the mean distance in metres from each model point in the truth to the nearest one in the estimate.

    ADD-S of Xiang et al. (PoseCNN, 2018), ADI of Hinterstoisser et al. (2012).
    """
    points = np.asarray(points, np.float64)
    # Between the two poses only their difference counts, so one tree in the object's frame would do for all frames;
    # building it takes milliseconds for the few thousand points used here.
    T_estimate_truth = np.linalg.inv(np.asarray(T_estimate, np.float64)) @ np.asarray(T_truth, np.float64)
    distances, _ = cKDTree(points).query(transform_points(T_estimate_truth, points))
    return float(distances.mean())


def pose_error(T_estimate: Pose, T_truth: Pose, symmetries: Poses | None = None) -> tuple[float, float]:
    """Return the translation error in metres and the rotation error in degrees, against one equivalent truth.

    It is the one that minimises the larger of error / 5 mm and error / 3 degrees, so that `within_5mm_3deg` holds for
    it whenever it holds for any.
    """
    T_truths = _equivalent_truths(T_truth, symmetries)  # (S, 4, 4)
    T_estimate = np.asarray(T_estimate, np.float64)
    translations_m = np.linalg.norm(T_truths[:, :3, 3] - T_estimate[:3, 3], axis=1)
    rotations_deg = np.degrees(rotation_angle_rad(T_truths[:, :3, :3], T_estimate[:3, :3]))
    best = int(np.argmin(np.maximum(translations_m / 0.005, rotations_deg / 3.0)))
    return float(translations_m[best]), float(rotations_deg[best])


def within_5mm_3deg(translation_m: float, rotation_deg: float) -> bool:
    """Return whether a pose is within 5 mm and 3 degrees (both at most)."""
    return translation_m <= 0.005 and rotation_deg <= 3.0


def recall(errors_m: np.ndarray, thresholds_m: np.ndarray | float) -> float:
    """Return the share of errors below their threshold (0.1 diameter for ADD and ADD-S); a miss is an infinite error.

    NaN for no errors at all.
    """
    errors_m = np.asarray(errors_m, np.float64)
    return float((errors_m < thresholds_m).mean()) if errors_m.size else float("nan")


def auc(errors_m: np.ndarray, limit_m: float = AUC_LIMIT_M) -> float:
    """Return the area under the curve of accuracy against threshold from 0 to `limit_m`, in 0..1 (Xiang et al. 2018).

    The curve is a step function, so its area is exactly the mean of max(0, 1 - error / limit). The YCB-Video toolbox
    integrates each step with the accuracy at its far end, which adds (largest error within the limit) / (n * limit),
    at most 1 / n. A miss is an infinite error. NaN for no errors at all.
    """
    errors_m = np.asarray(errors_m, np.float64)
    return float(np.clip(1.0 - errors_m / limit_m, 0.0, None).mean()) if errors_m.size else float("nan")


@dataclass(frozen=True)
class ReliabilityBin:
    """n poses whose scores lie in one tenth of the scale: their mean score, and the share that was right."""

    n: int
    said: float
    was: float


def reliability_diagram(scores: np.ndarray, right: np.ndarray, bins: int = 10) -> list[ReliabilityBin]:
    """Sort scores (n,) in 0..1 and what was right (n,) bool into bins of equal width; empty ones are left out."""
    which = np.minimum((np.asarray(scores) * bins).astype(int), bins - 1)
    return [
        ReliabilityBin(int((which == b).sum()), float(scores[which == b].mean()), float(right[which == b].mean()))
        for b in np.unique(which)
    ]


def calibration_error(diagram: list[ReliabilityBin]) -> float:
    """Return the expected calibration error (Naeini et al. 2015): the mean distance of said from was.

    NaN for an empty diagram.
    """
    total = sum(b.n for b in diagram)
    return sum(b.n * abs(b.said - b.was) for b in diagram) / total if total else float("nan")


def _equivalent_truths(T_truth: Pose, symmetries: Poses | None) -> np.ndarray:
    T_truth = np.asarray(T_truth, np.float64)
    return T_truth[None] if symmetries is None else T_truth @ np.asarray(symmetries, np.float64)
