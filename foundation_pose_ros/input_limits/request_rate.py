"""How often something may be asked for."""

import threading
import time
from collections import deque
from collections.abc import Callable

from ..errors import InputRefused


class RequestRate:
    """Lets at most so many requests through in any window of time; any thread may ask.

    what: the sentence's subject, as in "the endpoint".
    """

    def __init__(self, what: str, most: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._what, self._most, self._window_s, self._clock = what, most, window_s, clock
        self._times: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Count one request; raises InputRefused("too_many_requests") beyond the limit, saying how long to wait."""
        with self._lock:
            now_s = self._clock()
            while self._times and now_s - self._times[0] >= self._window_s:
                self._times.popleft()
            if len(self._times) >= self._most:
                wait_s = self._window_s - (now_s - self._times[0])
                raise InputRefused(
                    "too_many_requests",
                    f"{self._what} was asked {self._most} times in {self._window_s:.0f} s, as often as is allowed: "
                    f"wait {wait_s:.0f} s",
                )
            self._times.append(now_s)
