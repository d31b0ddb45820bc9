"""An object is shown to the camera and becomes a model: recorded from frames, built in a worker. Needs no ROS."""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path

import numpy as np

from ..arrays import Mask, Pose
from ..errors import InputRefused
from ..frame import Frame
from ..streams.latest_only_worker import LatestOnlyWorker
from ..streams.mask_inputs import LabelImage, MaskInput
from .capture.calibration_board import Board
from .capture.tabletop_mask import TabletopMask
from .capture.view_recorder import RecordingSettings, Verdict, ViewRecorder
from .model_files import write_model
from .reconstruct import Reconstruction, ReconstructionSettings, reconstruct
from .view_checks import FEWEST_VIEWS

# TF comes a little later than the images that it belongs to: so many of them wait for it.
_MOST_WAITING = 8


class State(IntEnum):
    """As in OnboardingStatus.msg."""

    IDLE, RECORDING, BUILDING, DONE, FAILED = range(5)


class Masks(IntEnum):
    """Where masks come from, as in StartOnboarding.srv."""

    TOPIC, PLANE, BOARD = range(3)


@dataclass(frozen=True)
class OnboardingSettings:
    """folder: models are written there and nowhere else; None: onboarding is refused."""

    folder: Path | None = None
    recording: RecordingSettings = field(default_factory=RecordingSettings)
    reconstruction: ReconstructionSettings = field(default_factory=ReconstructionSettings)


@dataclass(frozen=True)
class OnboardingRequest:
    """What is to be recorded: see StartOnboarding.srv. Raises InputRefused for what makes no sense together."""

    name: str
    masks: Masks = Masks.TOPIC
    label: int = 0
    fixed_frame: str = ""
    board: Board | None = None
    symmetries: str = ""
    replace: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", self.name):
            raise InputRefused(
                "bad_object_name", f"object name {self.name!r} can't be a file's: use letters, digits, _, - and ."
            )
        if self.masks is Masks.BOARD and self.board is None:
            raise InputRefused(
                "bad_board", "masks from the board, but no board: say which, as in charuco:7x5:30:22:5X5_100"
            )
        if self.board is not None and self.fixed_frame:
            raise InputRefused("two_poses", "poses from the board or from TF: leave board or fixed_frame empty")


@dataclass(frozen=True)
class OnboardingStatus:
    """See OnboardingStatus.msg."""

    state: State = State.IDLE
    name: str = ""
    views: int = 0
    step: str = ""
    message: str = ""
    model: Path | None = None


@dataclass(frozen=True, eq=False)
class _Session:
    """One recording; `waiting`: frames with their masks whose pose TF doesn't know yet."""

    request: OnboardingRequest
    settings: OnboardingSettings
    file: Path
    recorder: ViewRecorder
    thing: TabletopMask = field(default_factory=TabletopMask)
    waiting: deque[tuple[Frame, np.ndarray]] = field(default_factory=lambda: deque(maxlen=_MOST_WAITING))


class Onboarding:
    """Takes frames and masks from one thread, keeps views and builds in a worker thread of its own.

    frame_of: the image of a stamp. T_cam_fixed(fixed_frame, camera_frame, stamp_ns): a pose from TF, None where it
    isn't known (yet). hand_over(request, file, result): the model is there; may raise InputRefused. changed: there is
    a new status. The last two are called in the worker's thread.
    """

    def __init__(
        self,
        settings: Callable[[], OnboardingSettings],
        frame_of: Callable[[int], Frame | None],
        T_cam_fixed: Callable[[str, str, int], np.ndarray | None],
        hand_over: Callable[[OnboardingRequest, Path, Reconstruction], None],
        changed: Callable[[OnboardingStatus], None],
        failed: Callable[[str, Exception], None],
    ) -> None:
        self.status = OnboardingStatus()
        self._settings, self._frame_of, self._T_cam_fixed = settings, frame_of, T_cam_fixed
        self._hand_over, self._changed, self._failed = hand_over, changed, failed
        self._session: _Session | None = None
        self._early: LabelImage | None = None
        self._worker = LatestOnlyWorker({"view": self._take}, failed, lambda slot: None, "onboarding")

    @property
    def recording(self) -> OnboardingRequest | None:
        """Return what is being recorded, None where nothing is."""
        session = self._session
        return session.request if session is not None and self.status.state is State.RECORDING else None

    def start(self, request: OnboardingRequest) -> str:
        """Begin to record. Raises InputRefused where that can't be."""
        if self.status.state in (State.RECORDING, State.BUILDING):
            raise InputRefused("busy", f"{self.status.name} is being onboarded: stop it, or wait for its model")
        settings = self._settings()
        if settings.folder is None:
            raise InputRefused(
                "no_folder", "no folder to write models to: set the parameter onboarding_directory and configure again"
            )
        file = settings.folder / f"{request.name}.glb"
        if file.exists() and not request.replace:
            raise InputRefused("object_exists", f"{file} is there already: choose another name, or set replace")
        self._early = None
        self._session = _Session(request, settings, file, ViewRecorder(settings.recording))
        self._worker.start()
        self._say(self._session, State.RECORDING, message="turn the object, or go around it, once; then stop")
        return f"recording {request.name}: turn it, or go around it, once; then stop"

    def frame(self, frame: Frame) -> None:
        """Take a new frame."""
        request = self.recording
        if request is None:
            return
        if request.masks is not Masks.TOPIC:
            self._worker.put("view", (frame, None))
        elif self._early is not None and self._early.stamp_ns <= frame.stamp_ns:
            early, self._early = self._early, None
            self.mask(early)

    def mask(self, masks: MaskInput) -> bool:
        """Return a mask of a frame that is here or about to come; False where it isn't the recording's."""
        request = self.recording
        if request is None or request.masks is not Masks.TOPIC or not isinstance(masks, LabelImage):
            return False
        frame = self._frame_of(masks.stamp_ns)
        if frame is None:
            self._early = masks
        else:
            self._worker.put("view", (frame, masks))
        return True

    def stop(self, discard: bool = False) -> str:
        """End the recording, and build. Raises InputRefused where nothing is recorded, or too little."""
        session = self._session
        if session is None or self.recording is None:
            raise InputRefused("not_recording", "nothing is being recorded: call ~/onboard_object/start first")
        if discard:
            self._end(session, State.IDLE, f"{session.request.name} discarded")
            return self.status.message
        if len(session.recorder.views) < FEWEST_VIEWS:
            self._end(
                session, State.FAILED, f"too few views: {session.recorder.summary()}. {_ADVICE[session.request.masks]}"
            )
            raise InputRefused("too_few_views", self.status.message)
        self._say(session, State.BUILDING, message=session.recorder.summary())
        self._worker.call(lambda: self._build(session))
        return f"{session.recorder.summary()}; the model is being made: see ~/onboard_object/status"

    def close(self) -> None:
        """Forget what is being recorded or built."""
        session, self._session = self._session, None
        self._worker.stop(timeout_s=1.0)
        if session is not None and self.status.state in (State.RECORDING, State.BUILDING):
            self.status = replace(self.status, state=State.FAILED, message="stopped: the node isn't active any more")
            self._changed(self.status)

    def _take(self, shown: tuple[Frame, LabelImage | None]) -> None:
        session = self._session
        if session is None or self.status.state is not State.RECORDING:
            return
        frame, labels = shown
        try:
            self._look(session, frame, labels)
        except InputRefused as refused:
            session.recorder.leave_out(f"because {refused}")

    def _look(self, session: _Session, frame: Frame, labels: LabelImage | None) -> None:
        recorder, request = session.recorder, session.request
        T_cam_board = None if request.board is None else request.board.pose(frame.rgb, frame.camera)
        if request.board is not None and T_cam_board is None:
            recorder.leave_out("in which the board isn't found")
            return
        mask = _mask(frame, labels, T_cam_board, session)
        if not request.fixed_frame:
            self._add(session, frame, mask, T_cam_board)
            return
        if len(session.waiting) == _MOST_WAITING:
            recorder.leave_out(f"with no transform between {request.fixed_frame} and {frame.frame_id} in TF")
        session.waiting.append((frame, mask))
        while session.waiting:
            frame, mask = session.waiting[0]
            T_cam_fixed = self._T_cam_fixed(request.fixed_frame, frame.frame_id, frame.stamp_ns)
            if T_cam_fixed is None:
                return
            session.waiting.popleft()
            self._add(session, frame, mask, T_cam_fixed)

    def _add(self, session: _Session, frame: Frame, mask: Mask, T_cam_obj: Pose | None) -> None:
        was_full = session.recorder.full
        verdict = session.recorder.add(frame, mask, T_cam_obj)
        if verdict is Verdict.KEPT or session.recorder.full != was_full:
            self._say(session, State.RECORDING, message=session.recorder.full or session.recorder.summary())

    def _build(self, session: _Session) -> None:
        name = session.request.name
        try:
            result = reconstruct(
                session.recorder.views_in_own_frame,
                name,
                session.settings.reconstruction,
                on_step=lambda step: self._on_step(session, step),
            )
            write_model(result, session.file)
            self._hand_over(session.request, session.file, result)
        except InputRefused as refused:
            self._end(session, State.FAILED, f"{refused} ({session.recorder.summary()})")
        except Exception as error:
            self._failed(f"onboarding {name}", error)
            self._end(session, State.FAILED, f"internal error: {error!r}")
        else:
            self._end(session, State.DONE, "; ".join(result.report.lines()), session.file)

    def _on_step(self, session: _Session, step: str) -> None:
        if session is not self._session:
            raise InputRefused("stopped", "the node isn't active any more")
        self._say(session, State.BUILDING, step, session.recorder.summary())

    def _say(
        self, session: _Session, state: State, step: str = "", message: str = "", model: Path | None = None
    ) -> None:
        """A new status, unless the session was given up."""
        if session is self._session:
            self.status = OnboardingStatus(
                state, session.request.name, len(session.recorder.views), step, message, model
            )
            self._changed(self.status)

    def _end(self, session: _Session, state: State, message: str, model: Path | None = None) -> None:
        """The last status of a session, which gives its views back."""
        self._say(session, state, message=message, model=model)
        if session is self._session:
            self._session = None


_ADVICE = {
    Masks.TOPIC: "Publish masks of the object with the stamps of their images, and turn it further",
    Masks.PLANE: "Let it stand alone on a table, wholly in the image, and turn it further",
    Masks.BOARD: "Let the camera see most of the board, and turn it further",
}


def _mask(frame: Frame, labels: LabelImage | None, T_cam_board: Pose | None, session: _Session) -> Mask:
    """(H, W) bool; raises InputRefused where there is none."""
    request = session.request
    if request.masks is Masks.PLANE:
        return session.thing.mask(frame)
    if request.masks is Masks.BOARD and request.board is not None and T_cam_board is not None:
        return request.board.standing_on(frame, T_cam_board)
    assert labels is not None
    wanted = labels.labels == request.label if request.label else labels.labels != 0
    return labels.rectified(wanted.astype(np.uint8)) != 0
