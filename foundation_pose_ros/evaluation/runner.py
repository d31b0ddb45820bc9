"""Run an estimator through a recording: every frame alone, or as a track."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any, Literal, Protocol

import numpy as np

from ..datasets.sequence import Sequence
from ..depth import OCCLUDER_GAP_M
from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..pose_result import PoseResult
from ..rendering.embree import EmbreeRenderer
from ..rendering.renderer import Renderer
from ..tracking.state_machine import FrameEvidence, StateSettings, TrackState, TrackStatus, advance


class Estimator(Protocol):
    """What is asked of a pose estimator."""

    def register(self, frame: Frame, mask: np.ndarray, object_name: str | None = None) -> PoseResult: ...

    def track(self, frame: Frame, previous: PoseResult) -> PoseResult: ...

    def assess(self, frame: Frame, T_cam_obj: np.ndarray, object_name: str | None = None) -> PoseResult: ...


@dataclass(frozen=True)
class RunSettings:
    """mode: every frame alone, or a track through all frames.

    init: a track starts from the first mask or from the first true pose. masks: those of the recording, or ones
    rendered from its true poses.
    """

    mode: Literal["register", "track"] = "register"
    init: Literal["mask", "gt"] = "mask"
    masks: Literal["file", "truth"] = "file"
    state: StateSettings = field(default_factory=StateSettings)


@dataclass(frozen=True)
class Estimate:
    """What came out for one object in one frame.

    result is None where there is no pose, and `reason` (a short key) and `message` then say why. given: the pose was
    handed in as the track's start, not estimated. time_s: wall time of the estimator's call.
    """

    frame_id: str
    object_name: str
    state: TrackState
    result: PoseResult | None = None
    time_s: float = 0.0
    given: bool = False
    reason: str = ""
    message: str = ""

    def as_json(self) -> dict[str, Any]:
        """One line of output: T_cam_obj is null, with reason and message, where there is no pose."""
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
        if self.reason:
            line |= {"reason": self.reason, "message": self.message}
        return line


def run(
    sequence: Sequence,
    estimator: Estimator,
    object_names: list[str],
    settings: RunSettings,
    frame_ids: list[str] | None = None,
) -> Iterator[tuple[Frame | None, list[Estimate]]]:
    """Each frame in order with one estimate per object; the frame is None where its files could not be read."""
    attempt = _Registration(sequence, estimator, settings)
    runners: dict[str, Callable[[str, Frame], Estimate]]
    if settings.mode == "register":
        runners = {name: partial(attempt, name) for name in object_names}
    else:
        runners = {name: _Track(name, attempt) for name in object_names}
    for frame_id in frame_ids if frame_ids is not None else sequence.frame_ids:
        try:
            frame = sequence.frame(frame_id)
        except InputRefused as error:
            yield None, [_without_pose(frame_id, name, error.reason, str(error)) for name in object_names]
            continue
        yield frame, [runners[name](frame_id, frame) for name in object_names]


class _Registration:
    """One object in one frame, from its mask."""

    def __init__(self, sequence: Sequence, estimator: Estimator, settings: RunSettings) -> None:
        self.sequence = sequence
        self.estimator = estimator
        self.settings = settings
        self._renderers: dict[str, EmbreeRenderer] = {}

    def __call__(self, object_name: str, frame_id: str, frame: Frame) -> Estimate:
        model = self.sequence.model(object_name)
        started = perf_counter()
        try:
            mask = self._mask(object_name, frame_id, frame, model)
            if mask is None:
                return self._no_mask(object_name, frame_id)
            started = perf_counter()
            result = self.estimator.register(frame, mask, model.name)
        except InputRefused as error:
            return _without_pose(frame_id, object_name, error.reason, str(error), perf_counter() - started)
        return Estimate(frame_id, object_name, TrackState.TRACKING, result, perf_counter() - started)

    def _mask(self, object_name: str, frame_id: str, frame: Frame, model: ObjectModel) -> np.ndarray | None:
        if self.settings.masks == "file":
            return self.sequence.mask(frame_id, object_name)
        T_cam_obj = self.sequence.truth(frame_id, object_name)
        if T_cam_obj is None:
            return None
        if model.name not in self._renderers:
            self._renderers[model.name] = EmbreeRenderer(model)
        return mask_from_truth(self._renderers[model.name], frame, T_cam_obj)

    def _no_mask(self, object_name: str, frame_id: str) -> Estimate:
        if self.sequence.truth(frame_id, object_name) is None:
            return _without_pose(
                frame_id, object_name, "absent", f"{object_name} is not in this frame: no mask, no true pose"
            )
        return _without_pose(
            frame_id,
            object_name,
            "no_mask",
            f"no mask of {object_name} for frame {frame_id} of {self.sequence.name}: "
            "put it in masks/, or use --mask truth",
        )


class _Track:
    """One object through all frames, never helped again after its start.

    A lost track is tried again in every frame from the last pose that it had before it was lost.
    """

    def __init__(self, object_name: str, registration: _Registration) -> None:
        self._name = object_name
        self._registration = registration
        self._settings = registration.settings
        self._previous: PoseResult | None = None
        self._status = TrackStatus()

    def __call__(self, frame_id: str, frame: Frame) -> Estimate:
        if self._previous is None:
            return self._start(frame_id, frame)
        return self._step(frame_id, frame, self._previous)

    def _start(self, frame_id: str, frame: Frame) -> Estimate:
        if self._settings.init == "mask":
            estimate = self._registration(self._name, frame_id, frame)
        else:
            estimate = self._given(frame_id, frame)
        if estimate.result is not None:
            self._previous = estimate.result
            self._status = TrackStatus(TrackState.TRACKING, "registered", frame.stamp_ns, frame.stamp_ns)
        return estimate

    def _given(self, frame_id: str, frame: Frame) -> Estimate:
        sequence = self._registration.sequence
        T_cam_obj = sequence.truth(frame_id, self._name)
        if T_cam_obj is None:
            return _without_pose(frame_id, self._name, "no_truth", f"no true pose of {self._name} yet to start from")
        try:
            result = self._registration.estimator.assess(frame, T_cam_obj, sequence.model(self._name).name)
        except InputRefused as error:
            return _without_pose(frame_id, self._name, error.reason, str(error))
        return Estimate(frame_id, self._name, TrackState.TRACKING, result, given=True)

    def _step(self, frame_id: str, frame: Frame, previous: PoseResult) -> Estimate:
        started = perf_counter()
        result, reason, message = None, "", ""
        try:
            result = self._registration.estimator.track(frame, previous)
        except InputRefused as error:
            reason, message = error.reason, str(error)
        time_s = perf_counter() - started
        was_lost = self._status.state is TrackState.LOST
        seen = FrameEvidence(frame.stamp_ns, None if result is None else result.score, was_lost, message)
        self._status = advance(self._status, seen, self._settings.state)
        state = self._status.state
        if result is not None and state is TrackState.TRACKING:
            self._previous = result
        if state is TrackState.LOST and not reason:
            reason, message = "lost", self._status.reason
        return Estimate(frame_id, self._name, state, result, time_s, reason=reason, message=message)


def _without_pose(frame_id: str, object_name: str, reason: str, message: str, time_s: float = 0.0) -> Estimate:
    return Estimate(frame_id, object_name, TrackState.SEARCHING, None, time_s, reason=reason, message=message)


def mask_from_truth(renderer: Renderer, frame: Frame, T_cam_obj: np.ndarray) -> np.ndarray:
    """(H, W) bool: the model's silhouette in the true pose, less what the observed depth shows to be hidden."""
    rendered_m = renderer.render(T_cam_obj[None], frame.camera.K, frame.depth_m.shape).depth_m[0]
    hidden = (frame.depth_m > 0) & (frame.depth_m < rendered_m - OCCLUDER_GAP_M)
    return (rendered_m > 0) & ~hidden
