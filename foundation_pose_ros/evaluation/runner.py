"""Run an estimator through a recording: every frame alone, or as tracks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal, Protocol

import numpy as np

from ..arrays import Mask, Pose
from ..datasets.sequence import Sequence
from ..depth import in_front
from ..errors import InputRefused
from ..frame import Frame
from ..pose_result import PoseResult
from ..rendering.embree import EmbreeRenderer
from ..rendering.renderer import Renderer
from ..tracking import MultiObjectTracker, TrackedObject, TrackerSettings, TrackState
from ..tracking.estimator_protocol import TrackingEstimator, searched


class AssessingEstimator(TrackingEstimator, Protocol):
    """What is asked of a pose estimator that is evaluated: what a tracker asks, and its opinion of a given pose."""

    def assess(self, frame: Frame, T_cam_obj: Pose, object_name: str | None = None) -> PoseResult:
        """Say what a frame shows of a pose (4, 4), which isn't moved; raise InputRefused where it is out of view."""
        ...


@dataclass(frozen=True)
class RunSettings:
    """How a recording is run through.

    mode: every frame alone, or a track of each object through all frames.
    init: a track starts from the first mask that registers, or from the first true pose.
    masks: those of the recording, or ones rendered from its true poses, or none: objects are searched for.
    tracker: when a track is lost, and how it is looked for; as the node has it.
    """

    mode: Literal["register", "track"] = "register"
    init: Literal["mask", "gt"] = "mask"
    masks: Literal["file", "truth", "search"] = "file"
    tracker: TrackerSettings = field(default_factory=TrackerSettings)


@dataclass(frozen=True)
class Estimate:
    """What came out for one object in one frame.

    result is None where there is no pose, and `reason` (a short key) and `message` then say why. given: the pose was
    handed in as the track's start, not estimated. time_s: wall time of the estimator's calls. in_doubt: the tracker
    said that the frame doesn't confirm the pose.
    """

    frame_id: str
    object_name: str
    state: TrackState
    result: PoseResult | None = None
    time_s: float = 0.0
    given: bool = False
    reason: str = ""
    message: str = ""
    in_doubt: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return one line of output: T_cam_obj is null, with reason and message, where there is no pose."""
        line: dict[str, Any] = {
            "frame": self.frame_id,
            "object": self.object_name,
            "T_cam_obj": None,
            "score": 0.0,
            "state": self.state.name,
            "time_s": round(self.time_s, 4),
        }
        if self.result is not None:
            line["T_cam_obj"] = [[round(float(value), 7) for value in row] for row in self.result.T_cam_obj]
            line["score"] = round(float(self.result.score), 4)
        if self.given:
            line["given"] = True
        if self.in_doubt:
            line["in_doubt"] = True
        if self.reason:
            line |= {"reason": self.reason, "message": self.message}
        return line


def run(
    sequence: Sequence,
    estimator: AssessingEstimator,
    object_names: list[str],
    settings: RunSettings,
    frame_ids: list[str] | None = None,
) -> Iterator[tuple[Frame | None, list[Estimate]]]:
    """Yield each frame in order with one estimate per object; the frame is None where its files could not be read."""
    kind = _Registrations if settings.mode == "register" else _Tracks
    runner = kind(sequence, estimator, object_names, settings)
    for frame_id in frame_ids if frame_ids is not None else sequence.frame_ids:
        try:
            frame = sequence.frame(frame_id)
        except InputRefused as error:
            states = runner.states()
            yield None, [_without_pose(frame_id, name, states[name], error) for name in object_names]
            continue
        yield frame, runner(frame_id, frame)


class _Registrations:
    """Finds objects in each frame from their masks in it."""

    def __init__(
        self, sequence: Sequence, estimator: AssessingEstimator, object_names: list[str], settings: RunSettings
    ) -> None:
        self._sequence, self._estimator, self._object_names = sequence, estimator, object_names
        self._masks, self._settings = _Masks(sequence, settings), settings

    def states(self) -> dict[str, TrackState]:
        """Return states between frames: nothing is known of an object."""
        return dict.fromkeys(self._object_names, TrackState.SEARCHING)

    def __call__(self, frame_id: str, frame: Frame) -> list[Estimate]:
        """Estimate every object in a frame."""
        if self._settings.masks == "search":
            return self._searched(frame_id, frame)
        return [self._estimate(frame_id, frame, name) for name in self._object_names]

    def _searched(self, frame_id: str, frame: Frame) -> list[Estimate]:
        """Look for all objects together: what one of them explains isn't another."""
        called_s, least = perf_counter(), self._settings.tracker.state
        names = self._object_names
        found = searched(self._estimator, frame, [self._sequence.model(name).name for name in names])
        each_s = (perf_counter() - called_s) / len(names)
        estimates = []
        for name, one in zip(names, found, strict=True):
            if isinstance(one, PoseResult) and not least.accepts(one.score, one.presence):
                one = InputRefused("not_found", f"what looks most like {name} scored {one.score:.2f}: it isn't there")
            estimates.append(
                Estimate(frame_id, name, TrackState.TRACKING, one, each_s)
                if isinstance(one, PoseResult)
                else _without_pose(frame_id, name, TrackState.SEARCHING, one, each_s)
            )
        return estimates

    def _estimate(self, frame_id: str, frame: Frame, name: str) -> Estimate:
        try:
            mask = self._masks(frame_id, frame, name)
        except InputRefused as error:
            return _without_pose(frame_id, name, TrackState.SEARCHING, error)
        called_s = perf_counter()
        try:
            result = self._estimator.register(frame, mask, self._sequence.model(name).name)
        except InputRefused as error:
            return _without_pose(frame_id, name, TrackState.SEARCHING, error, perf_counter() - called_s)
        return Estimate(frame_id, name, TrackState.TRACKING, result, perf_counter() - called_s)


class _Tracks:
    """Follows objects through all frames with the tracker that the node has, never helped again after their starts."""

    def __init__(
        self, sequence: Sequence, estimator: AssessingEstimator, object_names: list[str], settings: RunSettings
    ) -> None:
        self._sequence, self._estimator = sequence, estimator
        self._masks = _Masks(sequence, settings) if settings.init == "mask" else None
        self._searches = settings.init == "mask" and settings.masks == "search"
        self._tracker = MultiObjectTracker(estimator, settings.tracker)
        for name in object_names:
            self._tracker.add(name, sequence.model(name).name)

    def states(self) -> dict[str, TrackState]:
        """Return states between frames."""
        return self._tracker.states()

    def __call__(self, frame_id: str, frame: Frame) -> list[Estimate]:
        """Start what hasn't started, follow what is tracked, look for what was lost."""
        refusals = self._tracker.search(frame) if self._searches else {}
        masks: dict[str, np.ndarray] = {}
        given: set[str] = set()
        waiting = [name for name, state in self.states().items() if state is TrackState.SEARCHING]
        for name in [] if self._searches else waiting:
            try:
                if self._masks is None:
                    self._tracker.start(name, frame, self._known(frame_id, frame, name))
                    given.add(name)
                else:
                    masks[name] = self._masks(frame_id, frame, name)
            except InputRefused as error:
                refusals[name] = error
        # No mask is left out for a back-off: a recording has them all, and nobody waits for the answer.
        objects = self._tracker.register(frame, masks, refused=refusals.__setitem__, force=True)
        return [_estimate_of(frame_id, tracked, refusals.get(tracked.id), tracked.id in given) for tracked in objects]

    def _known(self, frame_id: str, frame: Frame, name: str) -> PoseResult:
        """Return the true pose as if it had been estimated; raises InputRefused where it isn't known."""
        T_cam_obj = self._sequence.truth(frame_id, name)
        if T_cam_obj is None:
            raise InputRefused("no_truth", f"no true pose of {name} yet to start from")
        return self._estimator.assess(frame, T_cam_obj, self._sequence.model(name).name)


class _Masks:
    """Masks of a recording, or silhouettes of its true poses."""

    def __init__(self, sequence: Sequence, settings: RunSettings) -> None:
        self._sequence, self._from_truth = sequence, settings.masks == "truth"
        self._renderers: dict[str, EmbreeRenderer] = {}

    def __call__(self, frame_id: str, frame: Frame, object_name: str) -> Mask:
        """Return (H, W) bool; raises InputRefused (absent, no_mask) where there is none."""
        if self._from_truth:
            mask = self._rendered(frame_id, frame, object_name)
        else:
            mask = self._sequence.mask(frame_id, object_name)
        if mask is not None:
            return mask
        if self._sequence.truth(frame_id, object_name) is None:
            raise InputRefused("absent", f"{object_name} is not in this frame: no mask, no true pose")
        raise InputRefused(
            "no_mask",
            f"no mask of {object_name} for frame {frame_id} of {self._sequence.name}: "
            "put it in masks/, or use --mask truth",
        )

    def _rendered(self, frame_id: str, frame: Frame, object_name: str) -> np.ndarray | None:
        T_cam_obj = self._sequence.truth(frame_id, object_name)
        if T_cam_obj is None:
            return None
        model = self._sequence.model(object_name)
        if model.name not in self._renderers:
            self._renderers[model.name] = EmbreeRenderer(model)
        return mask_from_truth(self._renderers[model.name], frame, T_cam_obj)


def _estimate_of(frame_id: str, tracked: TrackedObject, refusal: InputRefused | None, given: bool) -> Estimate:
    if refusal is None and tracked.result is None:
        # Not refused, yet no pose: the scores decided so.
        key = "lost" if tracked.state is TrackState.LOST else "low_score"
        refusal = InputRefused(key, tracked.reason)
    if refusal is not None:
        return _without_pose(frame_id, tracked.id, tracked.state, refusal, tracked.time_s)
    return Estimate(
        frame_id, tracked.id, tracked.state, tracked.result, tracked.time_s, given, in_doubt=tracked.in_doubt
    )


def _without_pose(
    frame_id: str, object_name: str, state: TrackState, refusal: InputRefused, time_s: float = 0.0
) -> Estimate:
    return Estimate(frame_id, object_name, state, None, time_s, reason=refusal.reason, message=str(refusal))


def mask_from_truth(renderer: Renderer, frame: Frame, T_cam_obj: Pose) -> Mask:
    """Return (H, W) bool: the model's silhouette in the true pose, less what the observed depth shows to be hidden."""
    rendered_m = renderer.render(T_cam_obj[None], frame.camera.K, frame.depth_m.shape).depth_m[0]
    return (rendered_m > 0) & ~in_front(frame.depth_m, rendered_m)
