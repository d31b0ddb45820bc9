"""The last frames, so that a mask that comes late is applied to the very frame that it belongs to."""

import threading
import time
from bisect import bisect_left, bisect_right
from collections import deque
from enum import Enum
from statistics import median

from ..frame import Frame

# So many frames in a row from the past are a clock that was set back; fewer are late, or have a bad stamp.
FRAMES_BACK_THAT_ARE_A_JUMP = 3
# A stamp is too far ahead where neither the stream's usual step, so many times, nor the time that went by explains it.
STEPS_AHEAD, AHEAD_NS = 5, 250_000_000
# So many of the last steps say what is usual.
USUAL_STEPS = 9


class Added(Enum):
    """What became of a frame that was handed to the buffer."""

    IN_ORDER = "in_order"
    OUT_OF_ORDER = "out_of_order"
    TOO_FAR_AHEAD = "too_far_ahead"
    JUMPED_BACK = "jumped_back"


class FrameBuffer:
    """Frames in order of their stamps, bounded by count and age. Safe to use from several threads.

    A single bad stamp changes nothing. A frame not newer than the newest is refused; the third of its kind in a row
    means that time was set back (a bag loops): everything older is forgotten and the frame kept. A frame that is too
    far ahead is refused as well, unless the next one is beyond it: then it is time that has moved.
    """

    def __init__(self, max_frames: int = 60, max_age_s: float = 2.0, tolerance_s: float = 0.015) -> None:
        self._max_age_ns = int(max_age_s * 1e9)
        self._tolerance_ns = int(tolerance_s * 1e9)
        self._frames: deque[Frame] = deque(maxlen=max(1, max_frames))
        self._stamps_ns: deque[int] = deque(maxlen=max(1, max_frames))
        self._steps_ns: deque[int] = deque(maxlen=USUAL_STEPS)
        self._newest_came_ns = 0
        self._ahead_ns: int | None = None
        self._in_a_row_out_of_order = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, frame: Frame, came_ns: int | None = None) -> Added:
        """Keep a frame, unless its stamp is bad. came_ns: when it came, by any clock that never jumps; None: now."""
        with self._lock:
            came_ns = time.monotonic_ns() if came_ns is None else came_ns
            outcome = self._judged(frame.stamp_ns, came_ns)
            self._in_a_row_out_of_order += outcome is Added.OUT_OF_ORDER
            if outcome in (Added.OUT_OF_ORDER, Added.TOO_FAR_AHEAD):
                return outcome
            if outcome is Added.JUMPED_BACK:
                self._forget()
            elif self._stamps_ns:
                self._steps_ns.append(frame.stamp_ns - self._stamps_ns[-1])
            self._in_a_row_out_of_order, self._ahead_ns, self._newest_came_ns = 0, None, came_ns
            self._frames.append(frame)
            self._stamps_ns.append(frame.stamp_ns)
            while self._stamps_ns[0] < frame.stamp_ns - self._max_age_ns:
                self._frames.popleft()
                self._stamps_ns.popleft()
            return outcome

    def _judged(self, stamp_ns: int, came_ns: int) -> Added:
        if not self._stamps_ns:
            return Added.IN_ORDER
        step_ns = stamp_ns - self._stamps_ns[-1]
        if step_ns <= 0:
            jumped = self._in_a_row_out_of_order + 1 >= FRAMES_BACK_THAT_ARE_A_JUMP
            return Added.JUMPED_BACK if jumped else Added.OUT_OF_ORDER
        if self._ahead_ns is not None and stamp_ns > self._ahead_ns:
            return Added.IN_ORDER
        if len(self._steps_ns) < USUAL_STEPS:
            return Added.IN_ORDER
        explained_ns = max(STEPS_AHEAD * median(self._steps_ns), came_ns - self._newest_came_ns) + AHEAD_NS
        if step_ns <= explained_ns:
            return Added.IN_ORDER
        self._ahead_ns = stamp_ns
        return Added.TOO_FAR_AHEAD

    def at(self, stamp_ns: int) -> Frame | None:
        """Return the frame of exactly this stamp, else the nearest within the tolerance, else None."""
        with self._lock:
            right = bisect_left(self._stamps_ns, stamp_ns)
            near = [i for i in (right, right - 1) if 0 <= i < len(self._stamps_ns)]
            if not near:
                return None
            best = min(near, key=lambda i: abs(self._stamps_ns[i] - stamp_ns))
            return self._frames[best] if abs(self._stamps_ns[best] - stamp_ns) <= self._tolerance_ns else None

    def after(self, stamp_ns: int) -> list[Frame]:
        """Return all frames newer than a stamp, oldest first."""
        with self._lock:
            return list(self._frames)[bisect_right(self._stamps_ns, stamp_ns) :]

    @property
    def newest_ns(self) -> int | None:
        """Return the stamp of the newest frame, None when there is none."""
        with self._lock:
            return self._stamps_ns[-1] if self._stamps_ns else None

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        self._frames.clear()
        self._stamps_ns.clear()
        self._steps_ns.clear()
        self._in_a_row_out_of_order, self._ahead_ns = 0, None
