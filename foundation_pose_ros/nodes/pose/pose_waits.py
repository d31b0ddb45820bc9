"""Who waits for a pose, until one is fresh and good enough or the time is up. Needs no ROS."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ...errors import InputRefused
from ...tracking import TrackedObject, TrackState
from .found import Found

DEFAULT_MAX_AGE_S = 0.5
# Nobody waits longer for one answer; who wants to asks again.
LONGEST_WAIT_S = 600.0


@dataclass(frozen=True)
class Wanted:
    """The pose that is asked for: of this object, with at least this score, of an image no older than this."""

    id: str
    min_score: float = 0.0
    max_age_s: float = DEFAULT_MAX_AGE_S

    @classmethod
    def of(cls, id: str, request: Any, usual_score: float = 0.0) -> "Wanted":
        """Take what a request wants, 0 standing for what is usual; raises InputRefused where numbers are none."""
        if not all(isfinite(number) for number in (request.min_score, request.max_age_s, request.timeout_s)):
            raise InputRefused("bad_request", "max_age_s, min_score and timeout_s must be numbers")
        return cls(id, request.min_score or usual_score, request.max_age_s or DEFAULT_MAX_AGE_S)


@dataclass(frozen=True)
class PoseAnswer:
    """What is said of a wish: found or not, what was last heard (None: nothing), and what is lacking, in words."""

    found: bool
    last: Found | None
    reason: str


@dataclass(frozen=True)
class _Wait:
    wanted: Wanted
    until_s: float
    answer: Callable[[PoseAnswer], None]


class PoseWaits:
    """Judges each frame's objects by what is asked for; answers in a thread of its own, from the start to `close`.

    now_ns: the time that the images' stamps are of. failed: takes what an answer raises.
    """

    def __init__(self, now_ns: Callable[[], int], failed: Callable[[str, Exception], None]) -> None:
        self._now_ns, self._failed = now_ns, failed
        self._last: dict[str, Found] = {}
        self._waits: list[_Wait] = []
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="pose waits", daemon=True)
        self._thread.start()

    def heard(self, frame_id: str, stamp_ns: int, objects: list[TrackedObject]) -> None:
        """Take in the objects of a frame, in the frame that poses are published in."""
        with self._changed:
            self._last = {tracked.id: Found(tracked, frame_id, stamp_ns) for tracked in objects}
            if self._waits:  # else a thread would wake up for each frame, to look at nothing
                self._changed.notify_all()

    def forget(self, id: str | None = None) -> None:
        """Forget what was heard of one object, or of all: it was reset, or the node isn't active any more."""
        with self._changed:
            self._last = {} if id is None else {other: last for other, last in self._last.items() if other != id}

    def ask(self, wanted: Wanted, timeout_s: float, answer: Callable[[PoseAnswer], None]) -> None:
        """Have `answer` called once, as soon as there is such a pose, or after this long."""
        until_s = time.monotonic() + min(max(timeout_s, 0.0), LONGEST_WAIT_S)
        with self._changed:
            if not self._closing:
                self._waits.append(_Wait(wanted, until_s, answer))
                self._changed.notify_all()
                return
        answer(self.judged(wanted))

    def judged(self, wanted: Wanted) -> PoseAnswer:
        """Return the answer as of now."""
        last = self._last.get(wanted.id)
        reason = self._lacking(wanted, last)
        return PoseAnswer(not reason, last, reason)

    def close(self) -> None:
        """Answer all who wait, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _lacking(self, wanted: Wanted, last: Found | None) -> str:
        if last is None:
            return f"nothing was heard of {wanted.id} yet: is the node active, and do images come? (/diagnostics)"
        tracked, age_s = last.tracked, (self._now_ns() - last.stamp_ns) * 1e-9
        if tracked.state is not TrackState.TRACKING or tracked.result is None:
            return f"{wanted.id} is {tracked.state.name}: {tracked.reason or 'no pose in this image'}"
        if tracked.in_doubt:
            return f"{wanted.id} is in doubt: {tracked.reason}"
        if tracked.result.score < wanted.min_score:
            return f"{wanted.id} has score {tracked.result.score:.2f}, below {wanted.min_score:.2f}"
        if not -wanted.max_age_s <= age_s <= wanted.max_age_s:
            clocks = (
                ": camera and node differ in their clocks (a recording wants use_sim_time)" if abs(age_s) > 60 else ""
            )
            return f"the last pose of {wanted.id} is {age_s:.2f} s old, more than {wanted.max_age_s:.2f} s{clocks}"
        return ""

    def _run(self) -> None:
        while (due := self._next()) is not None:
            wait, answer = due
            try:
                wait.answer(answer)
            except Exception as error:
                self._failed("pose waits", error)

    def _next(self) -> tuple[_Wait, PoseAnswer] | None:
        """One who is to be answered; None when it closes and all are."""
        with self._changed:
            while True:
                now_s = time.monotonic()
                for wait in self._waits:
                    answer = self.judged(wait.wanted)
                    if answer.found or wait.until_s <= now_s or self._closing:
                        self._waits.remove(wait)
                        return wait, answer
                if self._closing:
                    return None
                nearest_s = min((wait.until_s for wait in self._waits), default=None)
                self._changed.wait(None if nearest_s is None else max(0.0, nearest_s - now_s))
