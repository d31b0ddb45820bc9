"""An estimator that keeps what its answers were made from, for whatever asks it: a benchmark or a tracker."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from foundation_pose_ros import Frame, InputRefused, ObjectModel, PoseEstimator, PoseResult
from foundation_pose_ros.arrays import Covariance, Mask, Pose, Poses
from foundation_pose_ros.estimation.candidates import Candidates
from foundation_pose_ros.estimation.methods import GeometricMethods
from foundation_pose_ros.estimation.object_proposals import Proposal
from foundation_pose_ros.estimation.prepared_object import (
    PreparedObject,
    RegistrationStrategy,
    RivalStrategy,
    TrackingStrategy,
)
from foundation_pose_ros.observation.keyframe import Keyframe
from foundation_pose_ros.observation.learned_colours import LearnedColours
from foundation_pose_ros.observation.observation import Observation
from foundation_pose_ros.observation.track_memory import NOTHING_REMEMBERED, TrackMemory
from foundation_pose_ros.selection.rivals import Rivals

Task = Literal["register", "find", "track"]


@dataclass(frozen=True)
class Answer:
    """A result of one of the estimator's tasks, and the candidates with the evidence that its score is made from."""

    task: Task
    result: PoseResult
    candidates: Candidates
    rivals: Rivals | None


class RecordedEstimator:
    """`PoseEstimator` of one object, learning-free, whose answers can be looked into."""

    def __init__(self, model: ObjectModel) -> None:
        self._latest = _Latest()
        self._estimator = PoseEstimator([model], methods=_RecordedMethods(self._latest))
        self._answers: list[Answer] = []

    def answers(self, ask: Callable[..., object], *arguments: object) -> list[Answer]:
        """List what is answered while something is asked, of the estimator or of a tracker on it; a refusal is none."""
        self._answers = []
        with suppress(InputRefused):
            ask(*arguments)
        return self._answers

    def register(self, frame: Frame, mask: Mask, object_name: str | None = None) -> PoseResult:
        """Register as `PoseEstimator` does."""
        return self._kept("register", self._estimator.register(frame, mask, object_name))

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        """Track as `PoseEstimator` does."""
        return self._kept("track", self._estimator.track(frame, previous, compare))

    def compared(self, frame: Frame, result: PoseResult) -> PoseResult:
        """Compare as `PoseEstimator` does."""
        return self._kept("track", self._estimator.compared(frame, result))

    def assess(self, frame: Frame, T_cam_obj: Pose, object_name: str | None = None) -> PoseResult:
        """Assess as `PoseEstimator` does."""
        return self._kept("track", self._estimator.assess(frame, T_cam_obj, object_name))

    def find(self, frame: Frame, proposal: Proposal, object_name: str | None = None) -> PoseResult:
        """Find as `PoseEstimator` does."""
        return self._kept("find", self._estimator.find(frame, proposal, object_name))

    def propose(self, frame: Frame, object_name: str | None = None) -> list[Proposal]:
        """Propose as `PoseEstimator` does."""
        return self._estimator.propose(frame, object_name)

    def looked(self, frame: Frame, object_name: str | None = None) -> list[Proposal]:
        """Take a short look at what is proposed as `PoseEstimator` does."""
        return self._estimator.looked(frame, object_name)

    def thing_at(self, frame: Frame, u: float, v: float, object_name: str | None = None) -> Proposal:
        """Take what a pixel shows as `PoseEstimator` does."""
        return self._estimator.thing_at(frame, u, v, object_name)

    def search(
        self,
        frame: Frame,
        object_names: Sequence[str] | None = None,
        instances: int = 1,
        taken: Sequence[PoseResult] = (),
    ) -> list[PoseResult]:
        """Search as `PoseEstimator` does; its answers aren't kept."""
        return self._estimator.search(frame, object_names, instances, taken)

    def overlap_ratio(self, frame: Frame, first: PoseResult, second: PoseResult) -> float:
        """Compare as `PoseEstimator` does."""
        return self._estimator.overlap_ratio(frame, first, second)

    def mask_overlap(self, frame: Frame, pose: PoseResult, mask: Mask) -> float:
        """Compare as `PoseEstimator` does."""
        return self._estimator.mask_overlap(frame, pose, mask)

    def _kept(self, task: Task, result: PoseResult) -> PoseResult:
        self._latest.go_back_to(result)
        assert self._latest.candidates is not None, "every result is made from candidates"
        self._answers.append(Answer(task, result, self._latest.candidates, self._latest.rivals))
        return result


@dataclass
class _Latest:
    """What a strategy found last."""

    candidates: Candidates | None = None
    rivals: Rivals | None = None
    settled: list[tuple[Candidates, Rivals]] = field(default_factory=list)

    def keep(self, candidates: Candidates) -> Candidates:
        self.candidates, self.rivals = candidates, None
        return candidates

    def settle(self, candidates: Candidates, rivals: Rivals) -> tuple[Candidates, Rivals]:
        self.candidates, self.rivals = candidates, rivals
        self.settled.append((candidates, rivals))
        return candidates, rivals

    def go_back_to(self, result: PoseResult) -> None:
        """Take what a result was made from where a mask was registered in more ways than one."""
        for candidates, rivals in self.settled:
            if np.array_equal(candidates.refined.T_cam_obj[0].astype(np.float32), result.T_cam_obj):
                self.candidates, self.rivals = candidates, rivals
        self.settled.clear()


@dataclass(frozen=True)
class _RecordedMethods:
    """The learning-free methods, each answer of theirs kept."""

    latest: _Latest

    def prepare(self, model: ObjectModel) -> PreparedObject:
        prepared = GeometricMethods(threads=1).prepare(model)
        registration = _RecordedRegistration(prepared.registration, self.latest)
        return replace(
            prepared,
            registration=registration,
            tracking=_RecordedTracking(prepared.tracking, self.latest),
            rivals=_RecordedRivals(prepared.rivals, self.latest),
        )


@dataclass(frozen=True)
class _RecordedRegistration:
    strategy: RegistrationStrategy
    latest: _Latest

    def __call__(self, frame: Frame, mask: Mask, possible: Mask | None = None) -> Candidates:
        return self.latest.keep(self.strategy(frame, mask, possible))


@dataclass(frozen=True)
class _RecordedRivals:
    strategy: RivalStrategy
    latest: _Latest

    def __call__(self, candidates: Candidates) -> Rivals:
        self.latest.rivals = self.strategy(candidates)
        return self.latest.rivals

    def settled(self, candidates: Candidates) -> tuple[Candidates, Rivals]:
        return self.latest.settle(*self.strategy.settled(candidates))

    def turned_lead(self, observation: Observation, T_cam_obj: Pose) -> float:
        return self.strategy.turned_lead(observation, T_cam_obj)


@dataclass(frozen=True)
class _RecordedTracking:
    strategy: TrackingStrategy
    latest: _Latest

    def __call__(self, frame: Frame, starts: Poses, memory: TrackMemory = NOTHING_REMEMBERED) -> Candidates:
        return self.latest.keep(self.strategy(frame, starts, memory))

    def colours(self, candidates: Candidates) -> LearnedColours | None:
        return self.strategy.colours(candidates)

    def assess(self, frame: Frame, T_cam_obj: Pose, learned: LearnedColours | None = None) -> Candidates:
        return self.latest.keep(self.strategy.assess(frame, T_cam_obj, learned))

    def keyframe(self, frame: Frame, T_cam_obj: Pose, covariance: Covariance) -> Keyframe | None:
        return self.strategy.keyframe(frame, T_cam_obj, covariance)
