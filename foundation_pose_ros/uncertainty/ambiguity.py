"""What can't be told from a pose, in words of probability: its rivals' shares, turns about axes, a wider covariance."""

import numpy as np

from ..object_model.model import ObjectModel
from ..pose_result import AmbiguousTurn
from ..selection.rivals import Rivals
from .fitted_constants import REGISTERED

# A turn is said to be ambiguous from this probability on, and where it is at least so likely beside the pose.
_LEAST_PROBABILITY, _LEAST_SHARE = 0.05, 0.2


def probabilities(rivals: Rivals, score: float) -> np.ndarray:
    """Return how likely each rival (R,) is the right one, beside a pose of this score; together they are at most 1."""
    likely = score * REGISTERED.stands.share(rivals.behind)
    left = 1 - score
    return np.asarray(likely * min(1.0, left / max(float(likely.sum()), 1e-9)))


def ambiguous_turns(model: ObjectModel, rivals: Rivals, score: float) -> tuple[AmbiguousTurn, ...]:
    """Return the turns that what was seen doesn't tell from a pose, those about axes of symmetry first.

    Those are no error, and have a probability of 0; but nobody who uses the pose can know them either.
    """
    found = [
        AmbiguousTurn(np.array(axis.direction), np.array(axis.point_m), -180.0, 180.0, 0.0)
        for axis in model.symmetries.axes
    ]
    behind = np.array([turn.behind for turn in rivals.turns])
    alone = Rivals(np.zeros((len(behind), 4, 4)), behind)
    shares = REGISTERED.stands.share(behind)
    for turn, share, likely in zip(rivals.turns, shares, probabilities(alone, score), strict=True):
        if share >= _LEAST_SHARE and likely >= _LEAST_PROBABILITY:
            axis, point = np.array(turn.axis.direction), np.array(turn.axis.point_m)
            found.append(AmbiguousTurn(axis, point, turn.from_deg, turn.to_deg, float(likely)))
    return tuple(found)


def widened(covariance: np.ndarray, T_cam_obj: np.ndarray, turns: tuple[AmbiguousTurn, ...]) -> np.ndarray:
    """Widen a covariance (6, 6) of the mesh's origin, camera axes, along turns about the object's axes alone."""
    for turn in turns:
        axis_cam = T_cam_obj[:3, :3] @ turn.axis_obj
        # A turn about an axis off the origin moves the origin too.
        along = np.concatenate([np.cross(axis_cam, -T_cam_obj[:3, :3] @ turn.point_obj), axis_cam])
        covariance = covariance + _square_rad2(turn) * np.outer(along, along)
    return covariance


def _square_rad2(turn: AmbiguousTurn) -> float:
    """Return the mean square of a turn's angle: any of a range is as likely; one apart is as likely as it says."""
    low, high = np.deg2rad(turn.from_deg), np.deg2rad(turn.to_deg)
    mean = (low * low + low * high + high * high) / 3
    return float(mean if low <= 0 <= high else turn.probability * mean)
