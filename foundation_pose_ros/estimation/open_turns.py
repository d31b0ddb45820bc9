"""Turns about an axis that a picture leaves open: how much of them is wrong for all that is right about the pose."""

from dataclasses import dataclass

import numpy as np

from ..object_model.confusable_turns import ConfusableTurns
from ..object_model.surface_distance import RIGHT_SHARE, SurfaceDistance
from ..object_model.symmetry import turn_about
from ..selection.rivals import turn_likelihood

# What is less likely than this beside the pose isn't part of the range that is stated.
_STATED = 0.3
# So many angles stand for each turn's share of the circle.
_PARTS = 15


@dataclass(frozen=True)
class OpenRange:
    """Turns about an axis, from one angle to another in degrees, from_deg <= 0 <= to_deg, the pose itself at 0.

    ways: how many times as likely as a right turn a wrong one is, at least 1: of turns about a mug's axis by 100
    degrees that hide its handle 20 are right, and 4 times as many wrong.
    """

    from_deg: float
    to_deg: float
    ways: float


class OpenTurns:
    """Judges which of the turns all around an axis a look leaves open."""

    def __init__(self, turns: ConfusableTurns, distance: SurfaceDistance, diameter_m: float) -> None:
        """turns: all around, equally far apart. distance: of the object's poses."""
        self.turns = turns
        parts_deg = turns.step_deg * ((np.arange(_PARTS) + 0.5) / _PARTS - 0.5)
        angles_deg = turns.angles_deg[:, None] + parts_deg
        axis, point = np.asarray(turns.axis.direction), np.asarray(turns.axis.point_m)
        moved_m = distance(turn_about(axis, np.deg2rad(angles_deg.ravel()), point), np.eye(4))
        # (A,): of the angles that are nearest to each turn, the share at which a pose would be right.
        self._right = (moved_m < RIGHT_SHARE * diameter_m).reshape(angles_deg.shape).mean(axis=1)

    def __call__(self, behind: np.ndarray, lead: float) -> OpenRange:
        """Return what is open where each turn (A,) is behind the pose by so much, in duels on a coarse grid.

        lead: over the best that a closer look found of them. None is less behind than that.
        """
        likely = turn_likelihood(behind)
        right = float(likely @ self._right)
        wrong = float(turn_likelihood(np.maximum(behind, lead)) @ (1 - self._right))
        return OpenRange(*self._reach(likely >= _STATED), max(1.0, wrong / max(right, 1e-9)))

    def _reach(self, is_open: np.ndarray) -> tuple[float, float]:
        """Return the least and the largest angle of turns (A,) that are open: all but the widest gap between them."""
        angles_deg = np.unique(np.append(self.turns.angles_deg[is_open], 0.0))
        gaps_deg = np.diff(np.append(angles_deg, angles_deg[0] + 360.0))
        widest = int(np.argmax(gaps_deg))
        if gaps_deg[widest] <= self.turns.step_deg:
            return -180.0, 180.0
        to_deg = float(angles_deg[widest])
        from_deg = float(angles_deg[(widest + 1) % len(angles_deg)])
        # The pose itself lies between them.
        return from_deg - 360.0 * (from_deg > 0), to_deg + 360.0 * (to_deg < 0)
