"""Rivals of a chosen pose: poses that would put the object's surface elsewhere, and how much less speaks for them."""

from dataclasses import dataclass

import numpy as np

from ..arrays import Poses
from ..object_model.symmetry import Axis

# Without a rival nothing is nearly as likely.
NO_RIVAL = 2.0
# Noise lets turns that nothing tells from a pose be behind it by so much; beyond it, a turn is the less likely by a
# factor of e with every so much more.
_NOISE, _SCALE = 0.05, 1 / 24


@dataclass(frozen=True)
class RivalTurn:
    """Neighbouring turns about an axis of the object, from one angle to another in degrees, -180..180.

    A range across the half turn goes on past it.

    behind: by how much less speaks for the best of them than for the pose in a contest of the two; negative for more.
    single: there are no turns by other angles about that axis that are as easily mistaken.
    """

    axis: Axis
    from_deg: float
    to_deg: float
    behind: float
    single: bool = True


@dataclass(frozen=True)
class Rivals:
    """T_cam_obj (R, 4, 4): the best of poses that are further from the chosen one than a right pose may be.

    behind (R,): by how much less speaks for each. turns: those that are turned about an axis, likelier ones first.
    ways: for how many as likely ones, each as wide as what is right about the pose, the best rival stands.
    """

    T_cam_obj: Poses
    behind: np.ndarray
    turns: tuple[RivalTurn, ...] = ()
    ways: float = 1.0

    @property
    def lead(self) -> float:
        """Return by how much more speaks for the chosen pose than for the best rival."""
        return min(float(self.behind.min(initial=NO_RIVAL)), NO_RIVAL)


def turn_likelihood(behind: np.ndarray) -> np.ndarray:
    """Return how likely single turns about an axis are that are behind a pose by so much, beside it, at most 1."""
    return np.asarray(np.exp(-np.maximum(behind - _NOISE, 0) / _SCALE))
