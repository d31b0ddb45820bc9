"""Results in a frame of the robot's, by TF at the stamp of their image. Needs no ROS."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...arrays import Pose
from ...errors import InputRefused
from ...frame import Frame
from ...pose_result import PoseResult
from ...streams.refusals import RefusalCounter
from ...streams.transform_buffer import TransformBuffer
from ...tracking import TrackedObject

# Older ones go, should TF be asked for more than this many frames at once.
_MOST_WAITING = 60


@dataclass(frozen=True)
class OutputFrameSettings:
    """In which frame poses are published, and what is done where TF doesn't say where that is.

    wait_s: for TF of the image's stamp, which comes later than the image. hold: then go on with the newest transform
    there is; else nothing is published of that image.
    """

    frame_id: str
    wait_s: float = 0.1
    hold: bool = False


@dataclass(frozen=True)
class Placed:
    """Objects whose poses, covariances and alternatives are in the frame of this id."""

    frame_id: str
    objects: list[TrackedObject]


Publish = Callable[[Frame, list[TrackedObject], Placed], None]


@dataclass(frozen=True)
class _Waiting:
    frame: Frame
    objects: list[TrackedObject]
    until_s: float


class OutputFrame:
    """Lets results wait for TF in a thread of its own, and hands them on in order; tracking doesn't wait.

    publish(frame, objects, placed): gets objects in the camera's frame and in the output frame. fault: what TF lacked
    for the last results, '' while it lacks nothing.
    """

    def __init__(
        self,
        settings: OutputFrameSettings,
        transforms: TransformBuffer,
        publish: Publish,
        refusals: RefusalCounter,
        failed: Callable[[str, Exception], None],
    ) -> None:
        self.settings, self.fault = settings, ""
        self._transforms, self._publish, self._refusals, self._failed = transforms, publish, refusals, failed
        self._waiting: deque[_Waiting] = deque(maxlen=_MOST_WAITING)
        # By the stamps of poses that were believed: those of an object that is lost for long would be forgotten.
        self._T_out_cam: dict[int, Pose] = {}
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="output frame", daemon=True)
        self._thread.start()

    def put(self, frame: Frame, objects: list[TrackedObject]) -> None:
        """Publish these as soon as TF has their stamp."""
        with self._changed:
            self._waiting.append(_Waiting(frame, objects, time.monotonic() + self.settings.wait_s))
            self._changed.notify_all()

    def heard(self) -> None:
        """Look again: TF has something new."""
        if self._waiting:
            with self._changed:
                self._changed.notify_all()

    def placed(self, result: PoseResult, frame_id: str) -> PoseResult:
        """Return a result in the output frame, TF waited for in the caller's thread; raises InputRefused."""
        deadline_s = time.monotonic() + self.settings.wait_s
        while (T_out_cam := self._at(frame_id, result.stamp_ns)) is None and time.monotonic() < deadline_s:
            time.sleep(0.005)
        T_out_cam = self._held(frame_id) if T_out_cam is None else T_out_cam
        if T_out_cam is None:
            raise InputRefused("no_transform", self._lacking(frame_id, result.stamp_ns))
        return in_other_frame(result, T_out_cam, self.settings.frame_id)

    def close(self) -> None:
        """Drop what waits, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while (due := self._next()) is not None:
            try:
                self._hand_on(due)
            except Exception as error:
                self._failed("output frame", error)

    def _next(self) -> _Waiting | None:
        """The oldest results, once TF has their stamp or they have waited long enough; None at the end."""
        with self._changed:
            while not self._closing:
                left_s = None
                if self._waiting:
                    first = self._waiting[0]
                    left_s = first.until_s - time.monotonic()
                    if left_s <= 0 or not _has_poses(first.objects) or self._of(first) is not None:
                        return self._waiting.popleft()
                self._changed.wait(left_s)
        return None

    def _hand_on(self, due: _Waiting) -> None:
        T_out_cam = self._of(due)
        self.fault = ""
        if T_out_cam is None and _has_poses(due.objects):
            self.fault = self._lacking(due.frame.frame_id, due.frame.stamp_ns)
            self._refusals.count("no_transform", self.fault)
            T_out_cam = self._held(due.frame.frame_id)
            if T_out_cam is None:
                return
        objects = [self._placed(tracked, due.frame, T_out_cam) for tracked in due.objects]
        believed = {tracked.last_believed.stamp_ns for tracked in due.objects if tracked.last_believed is not None}
        self._T_out_cam = {stamp_ns: T for stamp_ns, T in self._T_out_cam.items() if stamp_ns in believed}
        self._publish(due.frame, due.objects, Placed(self.settings.frame_id, objects))

    def _placed(self, tracked: TrackedObject, frame: Frame, T_out_cam: Pose | None) -> TrackedObject:
        result, believed = tracked.result, tracked.last_believed
        if result is not None and T_out_cam is not None:
            self._T_out_cam[frame.stamp_ns] = T_out_cam
            result = in_other_frame(result, T_out_cam, self.settings.frame_id)
        if believed is not None:
            T_then = self._T_out_cam.get(believed.stamp_ns)
            if T_then is None:
                T_then = self._at(frame.frame_id, believed.stamp_ns)
            if T_then is not None:
                self._T_out_cam[believed.stamp_ns] = T_then
                believed = in_other_frame(believed, T_then, self.settings.frame_id)
            else:
                believed = None
        return replace(tracked, result=result, last_believed=believed)

    def _of(self, waiting: _Waiting) -> Pose | None:
        return self._at(waiting.frame.frame_id, waiting.frame.stamp_ns)

    def _at(self, frame_id: str, stamp_ns: int) -> Pose | None:
        return self._transforms.lookup(self.settings.frame_id, frame_id, stamp_ns)

    def _lacking(self, frame_id: str, stamp_ns: int) -> str:
        return self._transforms.fault(self.settings.frame_id, frame_id, stamp_ns)

    def _held(self, frame_id: str) -> Pose | None:
        return self._transforms.newest(self.settings.frame_id, frame_id) if self.settings.hold else None


def _has_poses(objects: list[TrackedObject]) -> bool:
    return any(tracked.result is not None for tracked in objects)


def in_other_frame(result: PoseResult, T_out_cam: Pose, frame_id: str) -> PoseResult:
    """Return a result with pose, covariance, velocity and alternatives in the frame that T_out_cam (4, 4) leads to.

    What TF itself isn't sure of isn't added to the covariance: TF doesn't say.
    """
    turn = np.kron(np.eye(2), T_out_cam[:3, :3])  # (6, 6): translation and rotation alike
    return replace(
        result,
        T_cam_obj=T_out_cam @ result.T_cam_obj,
        covariance=turn @ result.covariance @ turn.T,
        velocity=turn @ result.velocity,
        alternatives=tuple(replace(a, T_cam_obj=T_out_cam @ a.T_cam_obj) for a in result.alternatives),
        frame_id=frame_id,
    )
