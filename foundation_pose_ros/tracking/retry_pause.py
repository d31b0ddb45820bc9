"""The pause after a registration that failed, twice as long with each failure: objects out of view cost little."""


class RetryPause:
    """Says when another try is due, in the stamps of frames."""

    def __init__(self) -> None:
        self._failures = 0
        self._next_try_ns: int | None = None

    def is_over(self, stamp_ns: int) -> bool:
        """Return True where a try in a frame at this time is due."""
        return self._next_try_ns is None or stamp_ns >= self._next_try_ns

    def failed(self, stamp_ns: int, first_s: float, longest_s: float) -> None:
        """Begin the next pause: the first of all lasts first_s, none longer than longest_s."""
        wait_s = min(first_s * 2.0**self._failures, longest_s)
        self._failures += 1
        self._next_try_ns = stamp_ns + int(wait_s * 1e9)
