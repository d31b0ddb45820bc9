"""What a tracking step may have lost, looked for in the same frame: things near by that may be the object."""

import math
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputRefused
from ..estimation import motion
from ..estimation.object_proposals import Proposal
from ..frame import Frame, period_over
from ..pose_result import PoseResult
from .estimator_protocol import Followed, TrackingEstimator, finite

# Where colours don't tell whether an outline is right, they neither raise nor lower a fit.
_UNKNOWN_REGION = 0.8
# Of a thing in quite other colours than were learned so much of its likeness is left.
_LEAST_ALIKE = 0.1


@dataclass(frozen=True)
class SecondLookSettings:
    """When a step is doubted, and what is believed in its place.

    drop: by so much a fit may fall short of the track's usual one: a worse step is doubted whatever its score, and a
        thing that fits worse isn't the object.
    memory: share of the usual fit that a frame leaves as it was, 0..1.
    accept_score: of a pose in the step's place, 0..1.
    gain: by so much it has to fit better than the step's.
    reach: of what is looked at from where the object was, in diameters. What went farther than things move from frame
        to frame is another thing, or has to prove itself as a lost object does.
    colour_drop: its colours' correlation may be so much less than when the object was believed last.
    most: how many things of a frame are looked at.
    period_s: between looks, twice as long after each in vain; a registration takes longer than a step.
    longest_s: the longest that becomes.
    """

    drop: float = 0.12
    memory: float = 0.9
    accept_score: float = 0.5
    gain: float = 0.1
    reach: float = 1.2
    colour_drop: float = 0.3
    most: int = 2
    period_s: float = 0.09
    longest_s: float = 1.0


class SecondLook:
    """Doubts steps of one track, and looks for something better near by in the same frame."""

    def __init__(self, estimator: TrackingEstimator, settings: SecondLookSettings) -> None:
        self.settings = settings
        self._estimator = estimator
        self._usual_fit: float | None = None
        self._looked_ns: int | None = None
        self._in_vain = 0

    def __call__(self, frame: Frame, found: Followed, last: PoseResult) -> PoseResult | None:
        """Return a pose that fits this frame clearly better than a step's that is doubted, or None.

        last: the pose that was believed last. The pose returned moves on as the object did since the last one.
        """
        if not self._due(frame.stamp_ns):
            return None
        self._looked_ns = frame.stamp_ns
        better = self._best_near(frame, found, last)
        self._in_vain = 0 if better is not None else self._in_vain + 1
        return None if better is None else moving_on(frame, better, last)

    def doubts(self, found: Followed, lose_score: float) -> bool:
        """Take note of a step's fit; True where it is unlikely, or fits less well than steps did of late.

        lose_score: below which it is doubted, turns included that can't be told.
        """
        if not isinstance(found, PoseResult) or found.presence < lose_score:
            return True
        fits, usual = fit(found), self._usual_fit
        memory = 0.0 if usual is None else self.settings.memory
        self._usual_fit = memory * (usual or 0.0) + (1 - memory) * fits
        if usual is not None and fits < usual - self.settings.drop:
            return True
        self._in_vain = 0
        return False

    def _due(self, stamp_ns: int) -> bool:
        period_s = min(self.settings.period_s * 2.0**self._in_vain, self.settings.longest_s)
        return period_over(self._looked_ns, stamp_ns, period_s)

    def _best_near(self, frame: Frame, found: Followed, last: PoseResult) -> PoseResult | None:
        settings, name = self.settings, last.object_name
        proposals = [one for one in self._estimator.propose(frame, name) if self._in_reach(one.centre_m, one, last)]
        proposals.sort(key=lambda one: -likeness(one, frame, last) * nearness(one, last, frame.stamp_ns))
        best, least = None, self._least_fit(found)
        for proposal in proposals[: settings.most]:
            try:
                thing = self._estimator.find(frame, proposal, name)
                # A step, so that what speaks for it is weighed as for the other: by what the object looked like, too.
                pose = finite(self._estimator.track(frame, thing.with_colours(last.memory.learned)))
            except InputRefused:
                continue
            if not self._in_reach(pose.centre_m, proposal, last):
                continue
            if (
                shows_its_print(pose, last, settings.colour_drop)
                and pose.presence >= settings.accept_score
                and fit(pose) > least
            ):
                best, least = pose, fit(pose)
        return best

    def _in_reach(self, centre_m: np.ndarray, proposal: Proposal, last: PoseResult) -> bool:
        away_m = float(np.linalg.norm(centre_m - last.centre_m))
        return away_m < self.settings.reach * proposal.diameter_m

    def _least_fit(self, found: Followed) -> float:
        """Return what a pose in the step's place has to reach: more than the step, and about what the track had."""
        usual = 0.0 if self._usual_fit is None else self._usual_fit - self.settings.drop
        return max(usual, fit(found) + self.settings.gain) if isinstance(found, PoseResult) else usual


def fit(pose: PoseResult) -> float:
    """Return how well depth and colours fit a pose, as `selection` ranks poses of one object in one frame."""
    region = _UNKNOWN_REGION if math.isnan(pose.region_agreement) else pose.region_agreement
    return pose.depth_inlier_fraction + 0.5 * pose.colour_agreement + 0.2 * pose.visible_fraction + 0.3 * region


def shows_its_print(pose: PoseResult, last: PoseResult, colour_drop: float) -> bool:
    """Tell whether the model's colours agree about as well as when the object was seen last, in whatever light."""
    # Not known, NaN, is never less.
    return not pose.colour_agreement < last.colour_agreement - colour_drop


def likeness(proposal: Proposal, frame: Frame, last: PoseResult) -> float:
    """Return 0..1: how far a thing is the object by its size and colours, and by how it was seen last."""
    learned = last.memory.learned
    if learned is None:
        return proposal.likeness
    # Light and shadow may change all colours of the object, but not its size.
    return proposal.likeness * (_LEAST_ALIKE + (1 - _LEAST_ALIKE) * learned.likeness(frame, proposal.mask))


def nearness(proposal: Proposal, last: PoseResult, stamp_ns: int) -> float:
    """Return 0..1: how near a thing is to where the object was, the less that counts the longer that is ago."""
    since_s = (stamp_ns - last.stamp_ns) * 1e-9
    reach_m = proposal.diameter_m * (1 + 2 * since_s)
    away_m = float(np.linalg.norm(proposal.centre_m - last.centre_m))
    return float(np.exp(-0.5 * np.square(away_m / reach_m)))


def moving_on(frame: Frame, found: PoseResult, last: PoseResult) -> PoseResult:
    """Let a pose go on as its centre moved; how it turned isn't known, since symmetries turn it as well."""
    dt_s = motion.step_s(frame, last)
    if dt_s is None:
        return found
    return replace(found, velocity=np.concatenate([(found.centre_m - last.centre_m) / dt_s, np.zeros(3)]))
