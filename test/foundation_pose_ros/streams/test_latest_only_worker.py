"""The worker: newest item only, order of slots, calls never dropped, errors survived, a clean stop."""

import threading
from collections.abc import Iterator

import pytest

from foundation_pose_ros.streams.latest_only_worker import LatestOnlyWorker

PATIENCE_S = 5.0


class Bench:
    """A worker with two slots, whose handlers note what they get and wait at the gate."""

    def __init__(self) -> None:
        self.done: list[tuple[str, object]] = []
        self.failures: list[tuple[str, Exception]] = []
        self.dropped: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.busy = threading.Event()
        handlers = {"mask": lambda item: self._handle("mask", item), "frame": lambda item: self._handle("frame", item)}
        self.worker = LatestOnlyWorker(handlers, lambda *failure: self.failures.append(failure), self.dropped.append)
        self.worker.start()

    def _handle(self, slot: str, item: object) -> None:
        self.busy.set()
        assert self.gate.wait(PATIENCE_S)
        if isinstance(item, Exception):
            raise item
        self.done.append((slot, item))

    def occupy(self) -> None:
        """Returns while the worker works on a frame, and lets it wait there."""
        self.gate.clear()
        self.busy.clear()
        self.worker.put("frame", "first")
        assert self.busy.wait(PATIENCE_S)

    def settle(self) -> None:
        self.gate.set()
        # Calls go before items, so one call may overtake an item: a second follows it.
        while True:
            self.worker.call(lambda: None).result(PATIENCE_S)
            if not self.worker._slots:
                self.worker.call(lambda: None).result(PATIENCE_S)
                return


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.gate.set()
    assert bench.worker.stop()


def test_only_the_newest_item_is_worked_on(bench: Bench) -> None:
    bench.occupy()
    for number in range(5):
        bench.worker.put("frame", number)
    bench.settle()
    assert bench.done == [("frame", "first"), ("frame", 4)]
    assert bench.dropped == ["frame"] * 4


def test_the_slot_named_first_goes_first(bench: Bench) -> None:
    bench.occupy()
    bench.worker.put("frame", "frame")
    bench.worker.put("mask", "mask")
    bench.settle()
    assert bench.done[1:] == [("mask", "mask"), ("frame", "frame")]
    assert not bench.dropped


def test_calls_are_in_order_and_none_is_dropped(bench: Bench) -> None:
    bench.occupy()
    order: list[int] = []
    futures = [bench.worker.call(lambda k=k: order.append(k) or k * k) for k in range(20)]
    bench.gate.set()
    assert [future.result(PATIENCE_S) for future in futures] == [k * k for k in range(20)]
    assert order == list(range(20))


def test_an_error_in_a_handler_is_reported_and_survived(bench: Bench) -> None:
    error = RuntimeError("broken")
    bench.worker.put("frame", error)
    bench.settle()
    bench.worker.put("frame", "next")
    bench.settle()
    assert bench.failures == [("frame", error)]
    assert bench.done == [("frame", "next")]


def test_an_error_in_a_call_is_the_callers(bench: Bench) -> None:
    future = bench.worker.call(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        future.result(PATIENCE_S)
    assert not bench.failures


def test_stop_cancels_calls_that_wait_and_ends_the_thread() -> None:
    bench = Bench()
    bench.occupy()
    waiting = bench.worker.call(lambda: None)
    bench.worker.put("frame", "never")
    stopper = threading.Thread(target=bench.worker.stop)
    stopper.start()
    bench.gate.set()
    stopper.join(PATIENCE_S)
    assert not stopper.is_alive() and not bench.worker.running
    assert waiting.cancelled()
    assert bench.done == [("frame", "first")]


def test_stop_says_when_the_thread_did_not_end() -> None:
    bench = Bench()
    bench.occupy()
    assert not bench.worker.stop(timeout_s=0.01)
    bench.gate.set()


def test_a_new_start_waits_for_the_thread_that_did_not_end() -> None:
    bench = Bench()
    bench.occupy()
    assert not bench.worker.stop(timeout_s=0.01)
    bench.worker.start()
    threads: list[threading.Thread] = []
    second = bench.worker.call(lambda: threads.append(threading.current_thread()))
    with pytest.raises(TimeoutError):
        second.result(timeout=0.1)
    bench.gate.set()
    second.result(timeout=PATIENCE_S)
    assert [t for t in threading.enumerate() if t.name == threads[0].name] == threads
    assert bench.worker.stop()


def test_nothing_is_taken_while_stopped(bench: Bench) -> None:
    bench.worker.stop()
    bench.worker.put("frame", 1)
    assert bench.worker.call(lambda: None).cancelled()
    bench.worker.start()
    bench.worker.put("frame", 2)
    bench.settle()
    assert bench.done == [("frame", 2)]
