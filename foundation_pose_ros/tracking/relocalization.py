"""Finding a lost object again with no mask: where it was, then among things of its size; then it must prove itself."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputRefused
from ..estimation.object_proposals import Proposal
from ..frame import Frame
from ..pose_result import PoseResult
from .estimator_protocol import TrackingEstimator, finite
from .second_look import likeness, nearness, shows_its_print

# What sticks in a table or wall scores 0.
_ABOVE_THE_TABLE = 1e-6
# Of how likely a thing is to be the object a try in vain leaves this share, or so many times how likely it seemed to be
# there; things whose middles are so many diameters apart are one.
_TRIED, _NEARLY, _SAME_THING = 0.2, 2.0, 0.4
# Whether another track explains what a pose explains.
ClaimedBy = Callable[[PoseResult], bool]


@dataclass(frozen=True)
class RelocalizationSettings:
    """When a lost object is looked for, and what a pose must score (0..1) to be it.

    enabled: False: only a mask starts a lost track again.
    near_score: in the mean over `confirm_frames`, where the object was.
    elsewhere_score: in the mean over `confirm_frames`, where it wasn't: most things aren't it.
    doubt_score: in each of those frames.
    far_score: where it wasn't, before that; where its colours are known a step by them has to reach doubt_score.
    colour_drop: its colours' correlation may be so much less than when it was seen last; by more, it is another thing.
    region_drop: as may be how well its outline separates what was learned of its colours from what is beside it.
    forget_colours_s: seconds after which what was learned of its colours says nothing any more: light has changed.
    confirm_frames: running, in which a pose proves itself.
    near_period_s: seconds between looks at where the object was.
    far_period_s: seconds between looks at another thing in the frame, at first.
    far_longest_s: the longest that becomes.
    patience: factor, 1 or more, by which it grows with each look.
    forget_s: seconds after which a thing that wasn't the object is looked at again as if it were new.
    """

    enabled: bool = True
    near_score: float = 0.6
    elsewhere_score: float = 0.7
    doubt_score: float = 0.5
    far_score: float = 0.45
    colour_drop: float = 0.5
    region_drop: float = 0.3
    forget_colours_s: float = 5.0
    confirm_frames: int = 4
    near_period_s: float = 0.1
    far_period_s: float = 0.15
    far_longest_s: float = 0.4
    patience: float = 1.1
    forget_s: float = 1.5


@dataclass(frozen=True)
class _Candidate:
    """A pose that has to prove itself by a mean score, and its scores so far."""

    pose: PoseResult
    wanted: float
    scores: tuple[float, ...]


@dataclass(frozen=True)
class _Tried:
    """A thing that was looked at: when, where, and how likely the object seemed to be there, 0..1."""

    stamp_ns: int
    centre_m: np.ndarray
    presence: float


class Relocalization:
    """The search for one object since it was lost; in one frame it costs at most a tracking step and a registration."""

    def __init__(self, last: PoseResult, estimator: TrackingEstimator, settings: RelocalizationSettings) -> None:
        """last: where the object was seen last."""
        self._last = last
        self._estimator, self._settings = estimator, settings
        self._candidate: _Candidate | None = None
        self._looked_near_ns = self._looked_far_ns = last.stamp_ns
        self._far_period_s = settings.far_period_s
        self._tried: list[_Tried] = []

    def step(self, frame: Frame, claimed: ClaimedBy | None = None) -> PoseResult | None:
        """Look at the next frame; return the pose once it has proved itself. What another track `claimed` isn't it."""
        if frame.stamp_ns - self._last.stamp_ns > int(self._settings.forget_colours_s * 1e9):
            self._last = replace(self._last.with_colours(None), region_agreement=math.nan)
        candidate, self._candidate = self._candidate, None
        if candidate is None:
            self._candidate = self._look(frame, claimed)
            return None
        pose = self._believable(
            lambda: self._estimator.track(frame, candidate.pose), claimed, self._settings.doubt_score
        )
        if pose is None:
            return None
        scores = (*candidate.scores, pose.presence)
        if len(scores) == self._settings.confirm_frames:
            return pose if np.mean(scores) >= candidate.wanted else None
        self._candidate = replace(candidate, pose=pose, scores=scores)
        return None

    def _look(self, frame: Frame, claimed: ClaimedBy | None) -> _Candidate | None:
        settings = self._settings
        if self._due(frame, self._looked_near_ns, settings.near_period_s):
            self._looked_near_ns = frame.stamp_ns
            pose = self._believable(lambda: self._estimator.track(frame, self._last), claimed, settings.doubt_score)
            if pose is not None:
                return _Candidate(pose, settings.near_score, (pose.presence,))
        if self._due(frame, self._looked_far_ns, self._far_period_s):
            self._looked_far_ns = frame.stamp_ns
            self._far_period_s = min(self._far_period_s * settings.patience, settings.far_longest_s)
            proposal = self._next_proposal(frame)
            if proposal is None:
                return None
            pose = self._recognized(frame, proposal, claimed)
            self._tried.append(_Tried(frame.stamp_ns, proposal.centre_m, 0.0 if pose is None else pose.presence))
            least = settings.far_score if self._last.memory.learned is None else settings.doubt_score
            if pose is not None and pose.presence >= least:
                return _Candidate(pose, settings.elsewhere_score, (pose.presence,))
        return None

    def _recognized(self, frame: Frame, proposal: Proposal, claimed: ClaimedBy | None) -> PoseResult | None:
        """Register a thing as the object, and weigh it by what the object looked like, if that is still known.

        Shape alone may hardly speak for a plain object that stands beside others.
        """
        learned, name = self._last.memory.learned, self._last.object_name
        pose = self._believable(lambda: self._estimator.find(frame, proposal, name), claimed, _ABOVE_THE_TABLE)
        if pose is None or learned is None:
            return pose
        here = pose.memory.learned
        if here is not None and not learned.light_in(frame).changed:
            # What is beside it now isn't what was beside it there; counted in another light it says nothing.
            learned = replace(learned, background=here.background)
        known = pose.with_colours(learned)
        return self._believable(lambda: self._estimator.track(frame, known), claimed, _ABOVE_THE_TABLE)

    def _due(self, frame: Frame, last_ns: int, period_s: float) -> bool:
        return frame.stamp_ns - last_ns >= int(period_s * 1e9)

    def _believable(
        self, estimate: Callable[[], PoseResult], claimed: ClaimedBy | None, least: float
    ) -> PoseResult | None:
        try:
            pose = finite(estimate())
        except InputRefused:
            return None
        if pose.presence < least or not looks_like(pose, self._last, self._settings):
            return None
        return None if claimed is not None and claimed(pose) else pose

    def _next_proposal(self, frame: Frame) -> Proposal | None:
        """Choose the likeliest thing that wasn't tried of late in vain."""
        proposals = self._estimator.propose(frame, self._last.object_name)
        return max(proposals, key=lambda proposal: self._priority(proposal, frame), default=None)

    def _priority(self, proposal: Proposal, frame: Frame) -> float:
        """Weigh likeness: more where the object may have come to since it was lost, less the oftener it was tried.

        Where it nearly was the object, it is soon tried again: another view may show it better.
        """
        near = nearness(proposal, self._last, frame.stamp_ns)
        since_ns = frame.stamp_ns - int(self._settings.forget_s * 1e9)
        self._tried = [one for one in self._tried if one.stamp_ns > since_ns]
        here = (one for one in self._tried if _same_thing(one, proposal))
        left = math.prod(max(_TRIED, min(_NEARLY * one.presence, 1.0)) for one in here)
        return likeness(proposal, frame, self._last) * (0.3 + 0.7 * near) * left


def _same_thing(tried: _Tried, proposal: Proposal) -> bool:
    return bool(np.linalg.norm(tried.centre_m - proposal.centre_m) < _SAME_THING * proposal.diameter_m)


def looks_like(pose: PoseResult, last: PoseResult, settings: RelocalizationSettings) -> bool:
    """Tell whether a pose shows about the colours that the object had when it was seen last."""
    # Not known, NaN, is never less.
    same_region = not pose.region_agreement < last.region_agreement - settings.region_drop
    return same_region and shows_its_print(pose, last, settings.colour_drop)
