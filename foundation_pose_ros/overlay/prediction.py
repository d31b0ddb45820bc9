"""Where an object is at the stamp of an image that its pose isn't known for yet."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from .. import se3
from ..arrays import Pose


@dataclass(frozen=True)
class PredictionSettings:
    """How far motion is carried on.

    longest_s: no farther than this from the last pose. over_s: the velocity is that between the last pose and the
    oldest within so long, since two neighbours tell more of noise than of motion. fastest_m_s, fastest_rad_s: what
    moves faster has jumped, as where it was found anew, and is not carried on.
    """

    longest_s: float = 0.15
    over_s: float = 0.075
    fastest_m_s: float = 2.0
    fastest_rad_s: float = 8.0


class PosePredictor:
    """Poses of one object, carried on with constant velocity of its middle. Frames of poses are the caller's."""

    def __init__(self, centre_obj: np.ndarray, settings: PredictionSettings | None = None) -> None:
        """centre_obj (3,): middle of the object in its own frame, m."""
        self.settings = settings or PredictionSettings()
        self._centre_obj = np.asarray(centre_obj)
        self._poses: deque[tuple[int, Pose]] = deque(maxlen=8)

    @property
    def stamp_ns(self) -> int | None:
        """Return the stamp of the last pose; None before the first."""
        return self._poses[-1][0] if self._poses else None

    def add(self, stamp_ns: int, T: Pose) -> None:
        """Take a pose (4, 4); one that is older than the last begins anew, one of the same stamp replaces it."""
        if self._poses and stamp_ns < self._poses[-1][0]:
            self._poses.clear()
        if self._poses and stamp_ns == self._poses[-1][0]:
            self._poses.pop()
        self._poses.append((stamp_ns, T))

    def at(self, stamp_ns: int) -> Pose | None:
        """Return the pose (4, 4) that is expected at a stamp; None where none is known."""
        if not self._poses:
            return None
        last_ns, T = self._poses[-1]
        ahead_s = (stamp_ns - last_ns) * 1e-9
        ahead_s = float(np.clip(ahead_s, -self.settings.longest_s, self.settings.longest_s))
        velocity = self._velocity()
        return T if velocity is None or ahead_s == 0 else se3.apply_twist(T, ahead_s * velocity, self._centre_obj)

    def _velocity(self) -> np.ndarray | None:
        """(6,) m/s and rad/s, None where it isn't known."""
        last_ns, T_last = self._poses[-1]
        known = [(ns, T) for ns, T in self._poses if 0 < last_ns - ns <= self.settings.over_s * 1e9]
        if not known:
            return None
        first_ns, T_first = known[0]
        velocity = se3.twist_between(T_first, T_last, self._centre_obj) / ((last_ns - first_ns) * 1e-9)
        moves, turns = (float(np.linalg.norm(part)) for part in (velocity[:3], velocity[3:]))
        if moves > self.settings.fastest_m_s or turns > self.settings.fastest_rad_s:
            return None
        return np.asarray(velocity)
