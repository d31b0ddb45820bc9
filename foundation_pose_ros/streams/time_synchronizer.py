"""Messages of several topics brought together by their stamps. Needs no ROS.

Exact stamps first (drivers that align depth give them), the nearest within a tolerance after. Adding never blocks and
calls nobody, so that a slow or failing consumer can't make the matcher deaf.
"""

from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

# After this many messages without a partner, streams that used to match exactly are taken to have stopped doing so.
MISSES_BEFORE_TOLERANCE = 10


def stamp_to_ns(stamp: Any) -> int:
    """Return a builtin_interfaces/Time (or Duration) in nanoseconds."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


@dataclass(frozen=True)
class Match:
    """One message of each topic; the stamp is that of the first topic."""

    stamp_ns: int
    items: dict[str, Any]


class StampMatcher:
    """Keeps `depth` messages of each topic and gives each at most once, in order of time.

    `unmatched` counts by topic what left without a partner. After a backward jump of time everything older is
    forgotten. Not safe to use from several threads at once.
    """

    def __init__(
        self, topics: tuple[str, ...], tolerance_ns: int = 0, depth: int = 10, jump_back_ns: int = 500_000_000
    ) -> None:
        self._topics = topics
        self._tolerance_ns = tolerance_ns
        self._depth = depth
        self._jump_back_ns = jump_back_ns
        self._queues: dict[str, deque[tuple[int, Any]]] = {topic: deque() for topic in topics}
        self._newest_ns: dict[str, int] = {}
        self._exact_streams = False
        self._misses = 0
        self.unmatched: Counter[str] = Counter()

    def add(self, topic: str, stamp_ns: int, item: Any) -> Match | None:
        """Take a message in; returns the match that it completes, if it does."""
        newest_ns = self._newest_ns.get(topic)
        if newest_ns is not None and stamp_ns < newest_ns - self._jump_back_ns:
            self.clear()
        self._newest_ns[topic] = stamp_ns
        queue = self._queues[topic]
        queue.append((stamp_ns, item))
        if len(queue) > self._depth:
            queue.popleft()
            self._missed(topic)
        chosen = self._partners(stamp_ns, 0)
        if chosen is not None:
            self._exact_streams, self._misses = True, 0
        elif self._tolerance_ns > 0 and not self._exact_streams:
            chosen = self._partners(stamp_ns, self._tolerance_ns)
        return None if chosen is None else self._emit(chosen)

    def clear(self) -> None:
        """Forget all messages; the counts stay."""
        for queue in self._queues.values():
            queue.clear()
        self._newest_ns.clear()
        self._exact_streams, self._misses = False, 0

    def _partners(self, stamp_ns: int, tolerance_ns: int) -> dict[str, int] | None:
        """Per topic the index of the message nearest to a stamp, or None where one topic has none near enough."""
        chosen = {}
        for topic, queue in self._queues.items():
            near = [
                (abs(stamp - stamp_ns), i)
                for i, (stamp, _) in enumerate(queue)
                if abs(stamp - stamp_ns) <= tolerance_ns
            ]
            if not near:
                return None
            chosen[topic] = min(near)[1]
        return chosen

    def _emit(self, chosen: dict[str, int]) -> Match:
        items = {}
        stamp_ns = self._queues[self._topics[0]][chosen[self._topics[0]]][0]
        for topic, index in chosen.items():
            queue = self._queues[topic]
            items[topic] = queue[index][1]
            # What is older than a match can only match something older still, which would come out of order.
            self.unmatched[topic] += index
            for _ in range(index + 1):
                queue.popleft()
        return Match(stamp_ns, items)

    def _missed(self, topic: str) -> None:
        self.unmatched[topic] += 1
        self._misses += 1
        if self._misses >= MISSES_BEFORE_TOLERANCE:
            self._exact_streams, self._misses = False, 0
