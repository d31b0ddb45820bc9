"""What can't be told from a pose, in words of probability: its rivals' shares, turns about axes, a wider covariance."""

from dataclasses import replace

import numpy as np

from ..arrays import Covariance, Pose
from ..object_model.model import ObjectModel
from ..object_model.surface_distance import RIGHT_SHARE
from ..pose_result import AmbiguousTurn, PoseResult
from ..selection.rivals import Rivals
from .expected_error import SHARES
from .fitted_constants import REGISTERED

# A turn is said to be ambiguous from this probability on, and where it is at least so likely beside the pose.
_LEAST_PROBABILITY, _LEAST_SHARE = 0.05, 0.2


def probabilities(rivals: Rivals, score: float) -> np.ndarray:
    """Return how likely each rival (R,) is the right one, beside a pose of this score; together they are at most 1."""
    return _of_what_is_left(REGISTERED.stands.share(rivals.behind), score)


def scaled(turns: tuple[AmbiguousTurn, ...], before: float, score: float) -> tuple[AmbiguousTurn, ...]:
    """Return turns that can't be told from a pose which scored so much before, now that it has another score."""
    shares = np.array([turn.probability for turn in turns]) / max(before, 1e-9)
    likely = _of_what_is_left(shares, score)
    return tuple(replace(turn, probability=float(p)) for turn, p in zip(turns, likely, strict=True))


def rescored(result: PoseResult, score: float) -> PoseResult:
    """Return a result with another score, and turns that can't be told from it as likely beside it as before."""
    return replace(result, score=score, ambiguous=scaled(result.ambiguous, result.score, score))


def _of_what_is_left(shares: np.ndarray, score: float) -> np.ndarray:
    """Return probabilities (R,) of what is so likely beside a pose of this score; together they are at most 1."""
    likely = score * shares
    return np.asarray(likely * min(1.0, (1 - score) / max(float(likely.sum()), 1e-9)))


def ambiguous_turns(model: ObjectModel, rivals: Rivals, score: float, ways: float = 1.0) -> tuple[AmbiguousTurn, ...]:
    """Return the turns that what was seen doesn't tell from a pose, those about axes of symmetry first.

    Those are no error, and have a probability of 0; but nobody who uses the pose can know them either. ways: as how
    many single turns one all around counts.
    """
    found = [
        AmbiguousTurn(np.array(axis.direction), np.array(axis.point_m), -180.0, 180.0, 0.0)
        for axis in model.symmetries.axes
    ]
    shares = REGISTERED.stands.share(np.array([turn.behind for turn in rivals.turns]))
    counted = shares * np.array([1.0 if turn.single else ways for turn in rivals.turns])
    for turn, share, likely in zip(rivals.turns, shares, _of_what_is_left(counted, score), strict=True):
        if share >= _LEAST_SHARE and likely >= _LEAST_PROBABILITY:
            axis, point = np.array(turn.axis.direction), np.array(turn.axis.point_m)
            found.append(AmbiguousTurn(axis, point, turn.from_deg, turn.to_deg, float(likely)))
    return tuple(found)


def widened(covariance: Covariance, T_cam_obj: Pose, turns: tuple[AmbiguousTurn, ...]) -> Covariance:
    """Widen a covariance (6, 6) of the mesh's origin, camera axes, along turns about the object's axes alone."""
    for turn in turns:
        axis_cam = T_cam_obj[:3, :3] @ turn.axis_obj
        # A turn about an axis off the origin moves the origin too.
        along = np.concatenate([np.cross(axis_cam, -T_cam_obj[:3, :3] @ turn.point_obj), axis_cam])
        covariance = covariance + _square_rad2(turn) * np.outer(along, along)
    return covariance


def turned_limits(
    limits_deg: tuple[float, float], model: ObjectModel, turns: tuple[AmbiguousTurn, ...]
) -> tuple[float, float]:
    """Raise what a right pose's rotation is off by at most, degrees, in 68 and 95 %, by turns next to it.

    Any turn of a range is as likely, up to where the pose wouldn't be right. One apart isn't next to it, and one about
    an axis of symmetry is no error.
    """
    low_deg, high_deg = limits_deg
    for turn in turns:
        if turn.probability > 0 and turn.from_deg <= 0 <= turn.to_deg:
            reach_deg = min(max(-turn.from_deg, turn.to_deg), _largest_right_deg(model, turn))
            low_deg, high_deg = np.hypot((low_deg, high_deg), np.array(SHARES) * reach_deg).tolist()
    return low_deg, high_deg


def _largest_right_deg(model: ObjectModel, turn: AmbiguousTurn) -> float:
    """Return the turn about an axis at which the farthest point of the surface is off by as much as may be."""
    radius_m = float(np.linalg.norm(np.cross(model.corners - turn.point_obj, turn.axis_obj), axis=1).max())
    return float(np.rad2deg(2 * np.arcsin(min(0.5 * RIGHT_SHARE * model.diameter_m / max(radius_m, 1e-9), 1.0))))


def _square_rad2(turn: AmbiguousTurn) -> float:
    """Return the mean square of a turn's angle: any of a range is as likely; one apart is as likely as it says."""
    low, high = np.deg2rad(turn.from_deg), np.deg2rad(turn.to_deg)
    mean = (low * low + low * high + high * high) / 3
    return float(mean if low <= 0 <= high else turn.probability * mean)
