"""The last frames, so that a mask that comes late is applied to the very frame that it belongs to."""

import threading
from bisect import bisect_left, bisect_right
from collections import deque
from enum import Enum

from ..frame import Frame

# This many frames in a row from the past are a clock that was set back, however small the step: a looping recording of
# a third of a second never steps back far.
FRAMES_BACK_THAT_ARE_A_JUMP = 3


class Added(Enum):
    """What became of a frame that was handed to the buffer."""

    IN_ORDER = "in_order"
    OUT_OF_ORDER = "out_of_order"
    JUMPED_BACK = "jumped_back"


class FrameBuffer:
    """Frames in order of their stamps, bounded by count and age. Safe to use from several threads.

    A frame not newer than the newest is refused; where it is older by more than `jump_back_s`, or the third of its
    kind in a row, time itself was set back (a bag loops): everything older is forgotten and the frame kept.
    """

    def __init__(
        self,
        max_frames: int = 60,
        max_age_s: float = 2.0,
        tolerance_s: float = 0.015,
        jump_back_s: float = 0.5,
    ) -> None:
        self._max_age_ns = int(max_age_s * 1e9)
        self._tolerance_ns = int(tolerance_s * 1e9)
        self._jump_back_ns = int(jump_back_s * 1e9)
        self._frames: deque[Frame] = deque(maxlen=max(1, max_frames))
        self._stamps_ns: deque[int] = deque(maxlen=max(1, max_frames))
        self._in_a_row_out_of_order = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, frame: Frame) -> Added:
        """Keep a frame, unless it comes out of order."""
        with self._lock:
            outcome = Added.IN_ORDER
            if self._stamps_ns and frame.stamp_ns <= self._stamps_ns[-1]:
                back_ns = self._stamps_ns[-1] - frame.stamp_ns
                self._in_a_row_out_of_order += 1
                if back_ns <= self._jump_back_ns and self._in_a_row_out_of_order < FRAMES_BACK_THAT_ARE_A_JUMP:
                    return Added.OUT_OF_ORDER
                self._frames.clear()
                self._stamps_ns.clear()
                outcome = Added.JUMPED_BACK
            self._in_a_row_out_of_order = 0
            self._frames.append(frame)
            self._stamps_ns.append(frame.stamp_ns)
            while self._stamps_ns[0] < frame.stamp_ns - self._max_age_ns:
                self._frames.popleft()
                self._stamps_ns.popleft()
            return outcome

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

    @property
    def oldest_ns(self) -> int | None:
        """Return the stamp of the oldest frame, None when there is none."""
        with self._lock:
            return self._stamps_ns[0] if self._stamps_ns else None

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._frames.clear()
            self._stamps_ns.clear()
            self._in_a_row_out_of_order = 0
