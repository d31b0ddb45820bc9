"""Whether an object that stood still among its surroundings still does: they say how the camera moved.

Depth lets a face slide along itself and a figure turn within its hull, and blur takes the print that would hold them.
"""

from dataclasses import dataclass, replace

import numpy as np

from .. import se3
from ..arrays import Pose
from ..errors import InputRefused
from ..estimation import motion
from ..estimation.scene_motion import scene_motion
from ..frame import Frame, period_over
from ..pose_result import PoseResult
from .estimator_protocol import Followed, TrackingEstimator, finite
from .second_look import fit, moving_on


@dataclass(frozen=True)
class SceneCheckSettings:
    """When a track is compared with its surroundings, and what follows from it.

    enabled: False: never.
    period_s: seconds between comparisons while all is well.
    doubt_period_s: while it isn't, or the object moves otherwise than it did.
    apart: poses that differ by more than this share of the diameter, at the rim, disagree.
    surprise: by so much of the diameter a step may miss where the object was going.
    accept_score: of a pose in a step's place, 0..1.
    fit_drop: by so much the pose of a thing that stands may fit less well than a step's: standing speaks for it.
    gain: by so much it has to fit better where the object wasn't seen to stand still.
    oldest_s: seconds for which a view is compared with.
    """

    enabled: bool = True
    period_s: float = 0.5
    doubt_period_s: float = 0.09
    apart: float = 0.1
    surprise: float = 0.1
    accept_score: float = 0.35
    fit_drop: float = 0.03
    gain: float = 0.02
    oldest_s: float = 3.0


@dataclass(frozen=True)
class _View:
    """A frame, and where the object was in it."""

    frame: Frame
    pose: PoseResult


class SceneCheck:
    """Compares one track with how its surroundings move, now and then, and whenever it is doubted."""

    def __init__(self, estimator: TrackingEstimator, settings: SceneCheckSettings) -> None:
        self.settings = settings
        self._estimator = estimator
        self._anchor: _View | None = None
        self._recent: _View | None = None
        self._stood_still = False
        self._checked_ns = 0

    def begin(self, frame: Frame, pose: PoseResult) -> None:
        """Start from a pose in a frame that is believed."""
        self._anchor = self._recent = _View(frame, pose)
        self._stood_still, self._checked_ns = False, frame.stamp_ns

    def __call__(
        self, frame: Frame, found: Followed, previous: PoseResult, doubted: bool, in_turn: bool = True
    ) -> PoseResult | None:
        """Return the pose of an object that stands still where it speaks louder than a step's, or None.

        found: what the step from `previous` gave. doubted: it isn't believed. in_turn: it may be compared though all is
        well; False: another track is, in this frame.
        """
        if not self.settings.enabled or self._anchor is None or not self._due(frame, found, previous, doubted, in_turn):
            return None
        self._checked_ns = frame.stamp_ns
        expected = self.expected(frame)
        if expected is None:
            if not doubted and isinstance(found, PoseResult):
                self._anchor = self._recent = _View(frame, found)
            return None
        if isinstance(found, PoseResult) and self._agree(found, expected):
            if not doubted:
                self._stood_still = True
                self._recent = _View(frame, found)
                if self._age_s(frame) > self.settings.oldest_s:
                    self._anchor = self._recent
            return None
        standing = self._standing(frame, expected)
        if standing is not None and self._speaks_louder(standing, found):
            return moving_on(frame, standing, previous)
        if not doubted and isinstance(found, PoseResult):
            # It moves by itself.
            self.begin(frame, found)
        return None

    def expected(self, frame: Frame) -> PoseResult | None:
        """Return the last pose carried to where the object is now if it stands still; None where nothing says it."""
        for view in (self._anchor, self._recent):
            if view is None:
                continue
            T_now_before = scene_motion(view.frame, frame, apart_from=view.pose)
            if T_now_before is not None:
                self._anchor = view
                T_cam_obj = (T_now_before @ view.pose.T_cam_obj).astype(np.float32)
                return replace(view.pose, T_cam_obj=T_cam_obj, velocity=np.zeros(6), stamp_ns=frame.stamp_ns)
        return None

    @property
    def checked_ns(self) -> int:
        """Return the stamp of the frame in which it was compared last."""
        return self._checked_ns

    def _due(self, frame: Frame, found: Followed, previous: PoseResult, doubted: bool, in_turn: bool) -> bool:
        settings = self.settings
        if in_turn and period_over(self._checked_ns, frame.stamp_ns, settings.period_s):
            return True
        if not period_over(self._checked_ns, frame.stamp_ns, settings.doubt_period_s):
            return False
        return doubted or not isinstance(found, PoseResult) or self._surprised(frame, found, previous)

    def _surprised(self, frame: Frame, found: PoseResult, previous: PoseResult) -> bool:
        foreseen = motion.expected_poses(frame, previous)[0]
        return _apart(found, found.T_cam_obj, foreseen) > self.settings.surprise

    def _agree(self, found: PoseResult, expected: PoseResult, times: float = 1.0) -> bool:
        return _apart(found, found.T_cam_obj, expected.T_cam_obj) < times * self.settings.apart

    def _standing(self, frame: Frame, expected: PoseResult) -> PoseResult | None:
        """Return the pose that a step finds about the expected one; None where it leads elsewhere."""
        try:
            standing = finite(self._estimator.track(frame, expected))
        except InputRefused:
            return None
        return standing if self._agree(standing, expected, times=2.0) else None

    def _speaks_louder(self, standing: PoseResult, found: Followed) -> bool:
        settings = self.settings
        if standing.presence < settings.accept_score:
            return False
        if not isinstance(found, PoseResult):
            return True
        gain = -settings.fit_drop if self._stood_still else settings.gain
        return fit(standing) > fit(found) + gain and not self._agree(standing, found, times=0.5)

    def _age_s(self, frame: Frame) -> float:
        assert self._anchor is not None, "what is compared with"
        return (frame.stamp_ns - self._anchor.frame.stamp_ns) * 1e-9


def _apart(pose: PoseResult, T_first: Pose, T_second: Pose) -> float:
    """Return how far apart two poses (4, 4) are at the rim, in diameters; pose: whose object it is."""
    twist = np.asarray(se3.twist_between(T_first, T_second, pose.centre_obj))
    return float(np.linalg.norm(twist[:3]) / max(pose.diameter_m, 1e-6) + np.linalg.norm(twist[3:]) / 2)
