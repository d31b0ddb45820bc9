"""What is loaded isn't looked at again, and nothing that became garbage is kept by it."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from foundation_pose_ros.runtime.settled_memory import settle_memory


class Ring:
    """Refers to itself: only the collector frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_the_collector_looks_at_what_came_since_alone():
    settle_memory()
    settled = gc.get_freeze_count()
    assert settled > 1000
    assert len(gc.get_objects()) < settled / 10


def test_what_became_garbage_is_freed_by_the_next_call():
    ring = Ring()
    seen = weakref.ref(ring)
    settle_memory()
    del ring
    gc.collect()
    assert seen() is not None, "settled: no longer looked at"
    settle_memory()
    assert seen() is None
