"""Frames and masks in, tracked objects out: buffer, worker and tracks put together. Needs no ROS."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from ..errors import InputRefused
from ..frame import Frame
from ..streams.frame_buffer import Added
from ..streams.latest_only_worker import LatestOnlyWorker
from ..streams.mask_inputs import MaskInput
from ..streams.refusals import RefusalCounter
from . import FrameBuffer, MultiObjectTracker, TrackedObject
from .mask_matcher import MaskMatcher
from .object_tracker import ObjectTracker
from .registration_worker import Registered, RegistrationWorker

Result = TypeVar("Result")
Publish = Callable[[Frame, list[TrackedObject]], None]
# All objects once one is registered, or InputRefused.
Answer = Future[list[TrackedObject]]


@dataclass(frozen=True)
class _Job:
    """Work on one frame; `epoch` tells whether time jumped back since it was given."""

    frame: Frame
    epoch: int


@dataclass(frozen=True)
class _MaskJob(_Job):
    """Masks of a frame, None to search without, and who waits for what becomes of them, if someone does."""

    masks: MaskInput | None = None
    answer: Answer | None = None


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

    Another thread registers, and looks for what was lost, and follows what it finds through the frames since, while the
    worker goes on.

    `publish(frame, objects)` and `ask_for_masks(ids)` are called in the worker's thread. searches: tells there whether
    objects that were never found are looked for without masks; set it.
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
        self._failed = failed
        self._worker = LatestOnlyWorker(
            {"mask": self._register, "frame": self._track},
            failed=failed,
            dropped=lambda slot: refusals.count(
                f"{slot}_replaced", f"a newer {slot} came before this one was worked on"
            ),
            name="pose",
        )
        self._registrations = RegistrationWorker(tracker.estimator, buffer, lambda: self._done_ns, self._count, failed)
        self._answers: set[Answer] = set()
        self._seeking: set[ObjectTracker] = set()  # those that the other thread is at
        self._matcher = MaskMatcher(buffer, refusals)
        self._at_rest = threading.RLock()  # held by whoever touches the tracker while no worker does
        self._epoch = 0
        self._done_ns = -1
        self._asked_ns: int | None = None
        self.searches: Callable[[], bool] = lambda: False
        self.step_s = 0.0

    @property
    def running(self) -> bool:
        """Return True between start and stop."""
        return self._worker.running

    def start(self) -> None:
        """Begin to work on what comes in."""
        with self._at_rest:
            self._worker.start()
        self._registrations.start()

    def stop(self) -> bool:
        """Stop, and forget frames and tracks; False where a thread didn't end in time."""
        stopped = self._registrations.stop()
        stopped = self._worker.stop() and stopped
        for answer in self._answers.copy():
            answer.cancel()
        self._matcher.clear()
        self._buffer.clear()
        with self._at_rest:
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
        early = self._matcher.waited_for(frame.stamp_ns)
        if early is not None:
            self.masks(early)
        self._worker.put("frame", _Job(frame, self._epoch))

    def masks(self, masks: MaskInput) -> None:
        """Take masks of a frame that is here, or about to come."""
        frame = self._matcher.match(masks)
        if frame is not None:
            self._worker.put("mask", _MaskJob(frame, self._epoch, masks))

    def frame_of(self, stamp_ns: int) -> Frame | None:
        """Return the buffered frame of a stamp, the newest for stamp 0."""
        return self._matcher.frame_of(stamp_ns)

    def register_now(self, frame: Frame, masks: MaskInput) -> Answer:
        """Register an object from a mask of a frame, catch up and publish; cancelled while it is stopped."""
        answer: Answer = Future()
        self._answers.add(answer)
        answer.add_done_callback(self._answers.discard)
        job = _MaskJob(frame, self._epoch, masks, answer)
        if self._worker.call(lambda: self._register(job)).cancelled():
            answer.cancel()
        return answer

    def call(self, function: Callable[[], Result]) -> "Future[Result]":
        """Run a function where it can touch the tracker: in the worker, or at once while there is none.

        Cancelled while the worker is stopped but not at its end.
        """
        with self._at_rest:
            if self._worker.idle:
                return _done(function)
        return self._worker.call(function)

    def _time_jumped_back(self, stamp_ns: int) -> None:
        """Forget the time before; what was tracked then is looked for where it was."""
        self._refusals.count("time_jumped_back", "stamps went back (a recording that loops?): tracked objects are lost")
        self._epoch += 1
        self._matcher.clear()

        def lose() -> None:
            self.tracker.lose(stamp_ns, "time jumped back")
            self._done_ns, self._asked_ns = -1, None

        self.call(lose)

    def _forget(self, reason: str) -> None:
        self.tracker.reset(reason=reason)
        self._seeking.clear()
        self._done_ns, self._asked_ns = -1, None

    def _track(self, job: _Job) -> None:
        if job.epoch != self._epoch or job.frame.stamp_ns <= self._done_ns:
            return
        started = time.perf_counter()
        objects = self.tracker.track(job.frame, self._count)
        self._finish(job.frame, objects, started)
        self.tracker.compare(job.frame)

    def _register(self, job: _MaskJob) -> None:
        self._settled(job, lambda: self._begin(job))

    def _begin(self, job: _MaskJob) -> None:
        """Let the other thread register what masks mean, where it is wanted."""
        wanting = self.tracker.wanting_mask(job.frame.stamp_ns)
        assert job.masks is not None, "only a search has none"
        if job.epoch != self._epoch or not (wanting or job.masks.force):
            return
        masks = job.masks.masks(job.frame, self.tracker.objects, wanting)
        for id, mask in self.tracker.assigned(job.frame, masks).items():
            if job.masks.force or id in wanting:
                self._registrations.put(self.tracker.begin(id), job.frame, mask, partial(self._hand_over, job))

    def _search(self, frame: Frame) -> None:
        """Let the other thread look for what was never found, where nothing that is tracked stands."""
        ids = self.tracker.wanting_search(frame.stamp_ns)
        if ids and self.searches():
            tracks = [self.tracker.begin(id, search=True) for id in ids]
            job = _MaskJob(frame, self._epoch)
            self._registrations.search(tracks, frame, self.tracker.poses, partial(self._hand_over, job))

    def _seek(self, frame: Frame) -> None:
        """Let the other thread look in this frame for what was lost, where it isn't still at an earlier one."""
        others = self.tracker.poses
        for track in self.tracker.seekers():
            if track not in self._seeking:
                self._seeking.add(track)
                claimed = partial(self.tracker.claimed, frame, others)
                hand_back = partial(self.call, partial(self._sought, frame, track))
                self._registrations.seek(track, frame, claimed, hand_back)

    def _sought(self, frame: Frame, track: ObjectTracker) -> None:
        """Take a track up that was found again."""
        self._seeking.discard(track)
        pose, since = track.following, self._since(frame)
        if pose is not None and self.tracker.take(track, frame, pose, since[-1]) is not None:
            self._go_on(since, time.perf_counter())

    def _hand_over(self, job: _MaskJob, registered: Registered) -> None:
        """From the other thread to the worker."""
        self.call(lambda: self._settled(job, lambda: self._join(job, registered)))

    def _join(self, job: _MaskJob, registered: Registered) -> None:
        """Take a track up, go through the few frames that it is behind, and publish."""
        started = time.perf_counter()
        id, since = registered.track.id, self._since(job.frame)
        found = None
        if job.epoch == self._epoch:
            found = self.tracker.take(registered.track, job.frame, registered.found, since[-1])
        if found is None:
            if job.masks is None:
                return  # a mask came meanwhile, or nobody looks for it any more
            raise InputRefused("reset", f"{id} was reset while it was registered: send a mask once more")
        objects = self._go_on(since, started)
        if isinstance(found, InputRefused):
            raise InputRefused(found.reason, f"{id}: {found}")
        if job.answer is not None and job.answer.set_running_or_notify_cancel():
            job.answer.set_result(objects)

    def _since(self, frame: Frame) -> list[Frame]:
        """Return the frames from this one to where the tracks are."""
        return [frame, *(newer for newer in self._buffer.after(frame.stamp_ns) if newer.stamp_ns <= self._done_ns)]

    def _go_on(self, since: list[Frame], started: float) -> list[TrackedObject]:
        """Let tracks that are behind catch up through these frames, and publish."""
        objects = self.tracker.catch_up(since, self._count)
        self._finish(since[-1], objects, started)
        return objects

    def _settled(self, job: _MaskJob, work: Callable[[], None]) -> None:
        """Do a part of a registration; what it raises is told to whoever waits for it, or counted."""
        try:
            work()
        except InputRefused as refused:
            if job.answer is None:
                self._refusals.count(refused.reason, str(refused))
            elif job.answer.set_running_or_notify_cancel():
                job.answer.set_exception(refused)
        except Exception as error:
            self._failed("registration", error)
            if job.answer is not None and job.answer.set_running_or_notify_cancel():
                job.answer.set_exception(error)

    def _finish(self, frame: Frame, objects: list[TrackedObject], started: float) -> None:
        self._done_ns = frame.stamp_ns
        self.step_s = time.perf_counter() - started
        self._publish(frame, objects)
        wanting = self.tracker.wanting_mask(frame.stamp_ns)
        if wanting and (self._asked_ns is None or frame.stamp_ns - self._asked_ns >= self._ask_period_ns):
            self._asked_ns = frame.stamp_ns
            self._ask_for_masks(wanting)
        self._search(frame)
        self._seek(frame)

    def _count(self, id: str, refused: InputRefused) -> None:
        self._refusals.count(refused.reason, f"{id}: {refused}")


def _done(function: Callable[[], Result]) -> "Future[Result]":
    """What a function returns or raises."""
    future: Future[Result] = Future()
    try:
        future.set_result(function())
    except Exception as error:
        future.set_exception(error)
    return future
