"""What trackers ask of an estimator, and how they take its answers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from ..arrays import Mask
from ..errors import InputRefused
from ..estimation.object_proposals import Proposal
from ..frame import Frame
from ..pose_result import PoseResult


class TrackingEstimator(Protocol):
    """What a tracker asks of `PoseEstimator`; all raise InputRefused for an input that can't be used."""

    def register(self, frame: Frame, mask: Mask, object_name: str | None = None) -> PoseResult:
        """Find a pose without a guess, from a mask (H, W) bool of the same frame."""
        ...

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        """Find the pose near that in an earlier frame. compare: with its rivals, where that is due."""
        ...

    def compared(self, frame: Frame, result: PoseResult) -> PoseResult:
        """Compare a pose with its rivals in the frame that it was found in."""
        ...

    def propose(self, frame: Frame, object_name: str | None = None) -> list[Proposal]:
        """List things in a frame that may be the object, the likeliest first."""
        ...

    def thing_at(self, frame: Frame, u: float, v: float, object_name: str | None = None) -> Proposal:
        """Take what is seen at pixel (u, v) as the object."""
        ...

    def find(self, frame: Frame, proposal: Proposal, object_name: str | None = None) -> PoseResult:
        """Find the pose of a thing taken as the object, scored 0 where the object can't be."""
        ...

    def search(
        self,
        frame: Frame,
        object_names: Sequence[str] | None = None,
        instances: int = 1,
        taken: Sequence[PoseResult] = (),
    ) -> list[PoseResult]:
        """Find objects where no mask shows them and none of `taken` is, at most so many of each, the surest first."""
        ...

    def overlap_ratio(self, frame: Frame, first: PoseResult, second: PoseResult) -> float:
        """Return 0..1: of the pixels of the pose that explains fewer, the share that the other explains as well."""
        ...

    def mask_overlap(self, frame: Frame, pose: PoseResult, mask: Mask) -> float:
        """Return 0..1: of what a pose explains or of a mask (H, W), whichever is less, the share in both."""
        ...


_NOT_FOUND = "not_found", "nothing in the frame looks like it: bring it into view, or send a mask"
# Where an object is in a frame, or why that isn't known.
Followed = PoseResult | InputRefused


def followed(estimator: TrackingEstimator, frame: Frame, previous: PoseResult, compare: bool = True) -> Followed:
    """Follow an object from its pose in an earlier frame; a refusal is returned."""
    try:
        return finite(estimator.track(frame, previous, compare))
    except InputRefused as error:
        return error


def registered(estimator: TrackingEstimator, frame: Frame, mask: Mask | Proposal, object_name: str) -> Followed:
    """Find an object from its mask (H, W) bool, or from a thing that may be it; a refusal is returned."""
    try:
        if isinstance(mask, Proposal):
            return finite(estimator.find(frame, mask, object_name))
        return finite(estimator.register(frame, mask, object_name))
    except InputRefused as error:
        return error


def searched(
    estimator: TrackingEstimator, frame: Frame, object_names: Sequence[str], taken: Sequence[PoseResult] = ()
) -> list[Followed]:
    """Look for objects without masks: one answer for each name, which may come more than once; taken: known poses."""
    instances = max(object_names.count(name) for name in object_names)
    found = estimator.search(frame, list(dict.fromkeys(object_names)), instances, taken)
    answers: list[Followed] = []
    for name in object_names:
        result = next((one for one in found if one.object_name == name), None)
        found = [one for one in found if one is not result]
        try:
            answers.append(InputRefused(*_NOT_FOUND) if result is None else finite(result))
        except InputRefused as error:
            answers.append(error)
    return answers


def finite(result: PoseResult) -> PoseResult:
    """Return the result, its covariance 0 ("unknown") if unusable; raise InputRefused where the pose isn't finite."""
    if not (np.all(np.isfinite(result.T_cam_obj)) and np.isfinite(result.score)):
        raise InputRefused("pose_not_finite", f"the estimate of {result.object_name} isn't finite: it was dropped")
    if np.all(np.isfinite(result.covariance)):
        return result
    return replace(result, covariance=np.zeros((6, 6), np.float32))
