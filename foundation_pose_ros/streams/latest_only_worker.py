"""One worker thread behind slots that hold only the latest item, so that nobody works on old input. Needs no ROS."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class LatestOnlyWorker:
    """Runs one handler per slot, in a thread of its own, the slots named first first.

    `put` replaces what still waits in the slot and reports it to `dropped(slot)`. `call` runs a function between items,
    in order and never dropped. What a handler raises goes to `failed(slot, error)`, and the worker goes on.
    """

    def __init__(
        self,
        handlers: Mapping[str, Callable[[Any], None]],
        failed: Callable[[str, Exception], None],
        dropped: Callable[[str], None],
        name: str = "worker",
    ) -> None:
        self._handlers = dict(handlers)
        self._failed = failed
        self._dropped = dropped
        self._name = name
        self._slots: dict[str, Any] = {}
        self._calls: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._last_thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Return True between start and stop."""
        return self._thread is not None

    @property
    def idle(self) -> bool:
        """Return True where no thread works, not even one that was stopped and still is at its last item."""
        return not self.running and (self._last_thread is None or not self._last_thread.is_alive())

    def start(self) -> None:
        """Begin to work."""
        thread = threading.Thread(target=self._run, args=(self._last_thread,), name=self._name, daemon=True)
        self._thread = self._last_thread = thread
        thread.start()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Finish the item at hand, drop the rest, and join; False where the thread didn't end in time."""
        with self._wake:
            thread, self._thread = self._thread, None
            self._slots.clear()
            waiting = [future for _, future in self._calls]
            self._calls.clear()
            self._wake.notify()
        for future in waiting:
            future.cancel()
        if thread is None:
            return True
        thread.join(timeout_s)
        return not thread.is_alive()

    def put(self, slot: str, item: Any) -> None:
        """Hand over an item, in place of one that still waits; does nothing while stopped."""
        with self._wake:
            if self._thread is None:
                return
            replaced = slot in self._slots
            self._slots[slot] = item
            self._wake.notify()
        if replaced:
            self._dropped(slot)

    def call(self, function: Callable[[], Result]) -> "Future[Result]":
        """Run a function in the worker's thread; its result or error is in the future, cancelled while stopped."""
        future: Future[Result] = Future()
        with self._wake:
            if self._thread is None:
                future.cancel()
                return future
            self._calls.append((function, future))
            self._wake.notify()
        return future

    def _run(self, before: threading.Thread | None) -> None:
        if before is not None:
            before.join()  # one that was still busy when it was stopped: never two at once
        me = threading.current_thread()
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._thread is not me or self._calls or self._slots)
                if self._thread is not me:
                    return
                call = self._calls.popleft() if self._calls else None
                slot = None if call else next(name for name in self._handlers if name in self._slots)
                item = None if slot is None else self._slots.pop(slot)
            if call is not None:
                self._answer(*call)
            elif slot is not None:
                try:
                    self._handlers[slot](item)
                except Exception as error:
                    self._failed(slot, error)

    @staticmethod
    def _answer(function: Callable[[], Any], future: "Future[Any]") -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(function())
        except Exception as error:
            future.set_exception(error)
