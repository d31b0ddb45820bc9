"""What tests of nodes share: an executor that spins in a thread, and waiting for a condition."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from rclpy.executors import ExternalShutdownException


class Spinning:
    """An executor that spins nodes in a thread. Its threads end before the context: rclpy aborts otherwise."""

    def __init__(self, executor: Any, *nodes: Any) -> None:
        self._executor = executor
        for node in nodes:
            executor.add_node(node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def stop(self, patience_s: float) -> None:
        self._executor.shutdown()
        self._thread.join(patience_s)
        assert not self._thread.is_alive()

    def _spin(self) -> None:
        with suppress(ExternalShutdownException):
            self._executor.spin()


def wait_for(condition: Callable[[], Any], what: str, patience_s: float) -> None:
    """Wait until a condition holds; fails after so many seconds."""
    deadline_s = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline_s, f"waited {patience_s:.0f} s in vain for {what}"
        time.sleep(0.005)
