"""Frames and masks in, tracked objects out: buffer, worker and tracks put together. Needs no ROS."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from ..errors import InputRefused
from ..frame import Frame
from ..streams.frame_buffer import Added
from ..streams.latest_only_worker import LatestOnlyWorker
from ..streams.mask_inputs import MaskInput
from ..streams.refusals import RefusalCounter
from . import FrameBuffer, MultiObjectTracker, TrackedObject

Result = TypeVar("Result")
Publish = Callable[[Frame, list[TrackedObject]], None]


@dataclass(frozen=True)
class _Job:
    """Work on one frame; `epoch` tells whether time jumped back since it was given."""

    frame: Frame
    epoch: int
    masks: MaskInput | None = None


_BAD_STAMPS = {
    Added.OUT_OF_ORDER: (
        "out_of_order",
        "a frame isn't newer than the one before it: publish frames in order of time",
    ),
    Added.TOO_FAR_AHEAD: (
        "stamp_ahead",
        "a frame's stamp was further ahead than the time that had gone by: check the clock of the camera's driver",
    ),
}


class PosePipeline:
    """Takes frames and masks from one thread; tracks and publishes in one worker thread.

    `publish(frame, objects)` and `ask_for_masks(ids)` are called in the worker's thread.
    """

    def __init__(
        self,
        tracker: MultiObjectTracker,
        buffer: FrameBuffer,
        publish: Publish,
        ask_for_masks: Callable[[tuple[str, ...]], None],
        refusals: RefusalCounter,
        failed: Callable[[str, Exception], None],
        ask_period_s: float = 0.5,
    ) -> None:
        self.tracker = tracker
        self._buffer = buffer
        self._publish = publish
        self._ask_for_masks = ask_for_masks
        self._ask_period_ns = int(ask_period_s * 1e9)
        self._refusals = refusals
        self._worker = LatestOnlyWorker(
            {"mask": self._register, "frame": self._track},
            failed=failed,
            dropped=lambda slot: refusals.count(
                f"{slot}_replaced", f"a newer {slot} came before this one was worked on"
            ),
            name="pose",
        )
        self._early: MaskInput | None = None
        self._epoch = 0
        self._done_ns = -1
        self._asked_ns: int | None = None
        self.step_s = 0.0

    @property
    def running(self) -> bool:
        """Return True between start and stop."""
        return self._worker.running

    def start(self) -> None:
        """Begin to work on what comes in."""
        self._worker.start()

    def stop(self) -> bool:
        """Stop, and forget frames and tracks; False where the worker didn't end in time."""
        stopped = self._worker.stop()
        self._early = None
        self._buffer.clear()
        self._forget("stopped")
        return stopped

    def frame(self, frame: Frame) -> None:
        """Take a new frame."""
        added = self._buffer.add(frame)
        if added in _BAD_STAMPS:
            self._refusals.count(*_BAD_STAMPS[added])
            return
        if added is Added.JUMPED_BACK:
            self._time_jumped_back(frame.stamp_ns)
        early = self._early
        if early is not None and early.stamp_ns <= frame.stamp_ns:
            # Before the frame itself: what is published of it then holds the registration.
            self._early = None
            self.masks(early)
        self._worker.put("frame", _Job(frame, self._epoch))

    def masks(self, masks: MaskInput) -> None:
        """Take masks of a frame that is here, or about to come."""
        frame = self.frame_of(masks.stamp_ns)
        newest_ns = self._buffer.newest_ns
        if frame is not None:
            self._worker.put("mask", _Job(frame, self._epoch, masks))
        elif newest_ns is None or masks.stamp_ns > newest_ns:
            if self._early is not None:
                self._refusals.count(
                    "mask_without_frame",
                    "a mask's stamp is later than that of any image that came until the next mask: copy the stamp of "
                    "the image that it was made from, in place of the time at which it was made",
                )
            self._early = masks
        else:
            self._refusals.count(
                "mask_without_frame",
                "a mask's stamp is that of no frame kept: copy the stamp of the image that it was made from, or raise "
                "buffer_s and buffer_frames if masks come late",
            )

    def frame_of(self, stamp_ns: int) -> Frame | None:
        """Return the buffered frame of a stamp, the newest for stamp 0."""
        newest_ns = self._buffer.newest_ns
        if stamp_ns == 0 and newest_ns is not None:
            stamp_ns = newest_ns
        return self._buffer.at(stamp_ns)

    def register_now(self, frame: Frame, masks: MaskInput) -> list[TrackedObject]:
        """Register from masks of a frame, catch up and publish; to be run by `call`. Raises InputRefused."""
        return self._registered(frame, masks, strict=True)

    def call(self, function: Callable[[], Result]) -> "Future[Result]":
        """Run a function where it can touch the tracker: in the worker, or at once while there is none."""
        if self._worker.running:
            return self._worker.call(function)
        future: Future[Result] = Future()
        try:
            future.set_result(function())
        except Exception as error:
            future.set_exception(error)
        return future

    def _time_jumped_back(self, stamp_ns: int) -> None:
        """Forget the time before; what was tracked then is looked for where it was."""
        self._refusals.count("time_jumped_back", "stamps went back (a recording that loops?): tracked objects are lost")
        self._epoch += 1
        self._early = None

        def lose() -> None:
            self.tracker.lose(stamp_ns, "time jumped back")
            self._done_ns, self._asked_ns = -1, None

        self.call(lose)

    def _forget(self, reason: str) -> None:
        self.tracker.reset(reason=reason)
        self._done_ns, self._asked_ns = -1, None

    def _track(self, job: _Job) -> None:
        if job.epoch != self._epoch or job.frame.stamp_ns <= self._done_ns:
            return
        started = time.perf_counter()
        objects = self.tracker.track(job.frame, self._count)
        self._finish(job.frame, objects, started)

    def _register(self, job: _Job) -> None:
        if job.epoch != self._epoch or job.masks is None:
            return
        try:
            self._registered(job.frame, job.masks, strict=False)
        except InputRefused as refused:
            self._refusals.count(refused.reason, str(refused))

    def _registered(self, frame: Frame, inputs: MaskInput, strict: bool) -> list[TrackedObject]:
        wanting = self.tracker.wanting_mask(frame.stamp_ns)
        if not (wanting or inputs.force):
            return []
        started = time.perf_counter()
        masks = inputs.masks(frame, self.tracker.ids, wanting)
        if not (inputs.force or any(id in wanting for id in masks)):
            return []
        later = _Later(self._buffer, frame)
        objects = self.tracker.register(frame, masks, later, None if strict else self._count, inputs.force)
        if later.last.stamp_ns >= self._done_ns:
            self._finish(later.last, objects, started)
        return objects

    def _finish(self, frame: Frame, objects: list[TrackedObject], started: float) -> None:
        self._done_ns = frame.stamp_ns
        self.step_s = time.perf_counter() - started
        self._publish(frame, objects)
        wanting = self.tracker.wanting_mask(frame.stamp_ns)
        if wanting and (self._asked_ns is None or frame.stamp_ns - self._asked_ns >= self._ask_period_ns):
            self._asked_ns = frame.stamp_ns
            self._ask_for_masks(wanting)

    def _count(self, id: str, refused: InputRefused) -> None:
        self._refusals.count(refused.reason, f"{id}: {refused}")


class _Later:
    """Yields the frames since one, while more come in; `last` is the one handed out last."""

    def __init__(self, buffer: FrameBuffer, first: Frame) -> None:
        self._buffer = buffer
        self.last = first

    def __iter__(self) -> Iterator[Frame]:
        behind: int | None = None
        while newer := self._buffer.after(self.last.stamp_ns):
            # Each step gains one frame on those that came in meanwhile: it ends even where steps take longer.
            behind = (len(newer) if behind is None else min(behind, len(newer))) - 1
            self.last = newer[-1 - behind]
            yield self.last
            if behind == 0:
                return
