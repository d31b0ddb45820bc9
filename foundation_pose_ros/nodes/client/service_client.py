"""What the clients of all nodes share: a node and an executor of their own, and services that are waited for."""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import rclpy
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor

from ..bare_node import bare_node
from .object_pose import NoAnswer, NotFound

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

# Beyond what the node itself takes to answer.
ANSWER_S = 10.0
LONG_S = 60.0


class ServiceClient:
    """Asks one node; safe to use from several threads, and beside a node of your own.

    asked: the node's name, with namespace. kinds: of its services, by what stands behind that name. context: of rclpy;
    None: one of its own, so that nothing need be initialised.
    """

    def __init__(self, asked: str, kinds: Mapping[str, Any], context: Context | None = None) -> None:
        self.asked = asked.rstrip("/")
        self._closing = False
        self._waits: set[threading.Event] = set()
        self._own_context = context is None
        self._context = context or Context()
        if self._own_context:
            rclpy.init(context=self._context)
        self._node = bare_node(
            f"{self.asked.rpartition('/')[2]}_client_{time.monotonic_ns() % 1_000_000}", self._context
        )
        self._services: dict[str, Any] = {
            name: self._node.create_client(kind, f"{self.asked}/{name}") for name, kind in kinds.items()
        }
        self._make_more()
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, name=f"client of {self.asked}", daemon=True)
        self._thread.start()

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self, kind: "type[BaseException] | None", error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give everything back; who still waits for an answer, in another thread, is told that none comes."""
        self._closing = True
        self._end_waits()
        self._executor.shutdown()
        self._thread.join()
        self._give_back()
        self._node.destroy_node()
        if self._own_context:
            rclpy.shutdown(context=self._context)

    @property
    def offered(self) -> bool:
        """Return True where the node is there, as far as is known by now."""
        return not self._closing and all(client.service_is_ready() for client in self._services.values())

    def ask(self, service: str, request: Any, timeout_s: float = LONG_S) -> Any:
        """Return the answer of a service; raises NotFound with its message where it says no, NoAnswer without one."""
        client = self._services[service]
        self.wait_for(client.wait_for_service, service)
        answered = threading.Event()
        self._waits.add(answered)
        try:
            future = client.call_async(request)
            future.add_done_callback(lambda _: answered.set())
            came = self._closing or answered.wait(timeout_s)
        finally:
            self._waits.discard(answered)
        if not future.done():
            client.remove_pending_request(future)
            if came:
                raise self._closed(service)
            raise NoAnswer(f"{self.asked}/{service} didn't answer in {timeout_s:.0f} s: see /diagnostics")
        answer = future.result()
        if not answer.success:
            raise NotFound(answer.message)
        return answer

    def wait_for(self, wait: Any, what: str) -> None:
        """Wait until something is offered; raises NoAnswer."""
        if self._closing:
            raise self._closed(what)
        if not wait(timeout_sec=ANSWER_S):
            name = self.asked.rpartition("/")[2]
            raise NoAnswer(f"nobody offers {self.asked}/{what}: start {name}, or give its name, as in '/arm/{name}'")

    def _closed(self, what: str) -> NoAnswer:
        return NoAnswer(f"no answer of {self.asked}/{what}: the client of {self.asked} was closed")

    def _end_waits(self) -> None:
        """Wake up those who wait: nothing is heard any more."""
        for wait in self._waits.copy():
            wait.set()

    def _make_more(self) -> None:
        """Make what a client has beside services, before it spins: rclpy's parts can't be waited for half made."""

    def _give_back(self) -> None:
        """Destroy what a client has beside services, once nothing is waited for any more."""

    def _spin(self) -> None:
        with suppress(ExternalShutdownException):
            self._executor.spin()
