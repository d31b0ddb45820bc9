"""Counts of what was refused or dropped, by reason, with the words that say the fix. Needs no ROS."""

import threading
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Refusals:
    """Counts by reason since the start, those since the last look, and the last message of each reason."""

    total: dict[str, int]
    recent: dict[str, int]
    messages: dict[str, str]


class RefusalCounter:
    """Counts by reason. Safe to use from several threads."""

    def __init__(self) -> None:
        self._total: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()
        self._messages: dict[str, str] = {}
        self._lock = threading.Lock()

    def count(self, reason: str, message: str = "", times: int = 1) -> None:
        """Count one more for this reason."""
        with self._lock:
            self._total[reason] += times
            if message:
                self._messages[reason] = message

    def __getitem__(self, reason: str) -> int:
        with self._lock:
            return self._total[reason]

    def look(self) -> Refusals:
        """Return what there is; the next look's `recent` starts from here."""
        with self._lock:
            recent = {reason: n - self._seen[reason] for reason, n in self._total.items() if n > self._seen[reason]}
            self._seen = Counter(self._total)
            return Refusals(dict(self._total), recent, dict(self._messages))
