"""What the lifecycle nodes of both packages share: start by themselves, survive any failure, end when told to."""

import ctypes
import gc
import os
import signal
import socket
import sys
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.signals import SignalHandlerOptions

from ..streams.refusals import RefusalCounter

if TYPE_CHECKING:
    from rclpy.publisher import Publisher

REFUSAL_LOG_PERIOD_S = 5.0
# Between attempts to become active by itself while another node of the same name is.
RETRY_S = 2.0
# From the signal to the end of the process; who still works on a frame or a model then is not waited for.
LONGEST_END_S = 0.6
# An image of 3840x2160 in float32 is as large.
LARGEST_KEPT_BYTES = 32 * 2**20
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h


class Session(Protocol):
    """All that a node has between configure and cleanup."""

    def start(self) -> None:
        """Subscribe and work."""
        ...

    def stop(self) -> None:
        """Stop working."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class WorkingNode(LifecycleNode, ABC):
    """A lifecycle node whose transitions are the methods `setup`, `start`, `stop` and `release`.

    session: what `setup` makes; None before configure and after cleanup.

    `setup` may raise: the node then stays unconfigured, and says why. `stop` is called before the node ends as well,
    if it is active. Any executor will do, since services and images are waited for elsewhere (see `Listener`).
    """

    def __init__(self, name: str, **node_arguments: Any) -> None:
        super().__init__(name, **node_arguments)
        self.refusals = RefusalCounter()
        self.active = False
        self.session: Session | None = None
        self._autostart: Any = None

    @abstractmethod
    def setup(self) -> None:
        """Make the session: load everything and offer outputs and services."""

    @abstractmethod
    def input_topic(self) -> str:
        """Return a topic that the node hears while it is active."""

    def start(self) -> None:
        """Subscribe and work."""
        assert self.session is not None
        self.session.start()

    def stop(self) -> None:
        """Stop working; what `setup` made stays."""
        assert self.session is not None
        self.session.stop()

    def release(self) -> None:
        """Give the session back, where there is one."""
        session, self.session = self.session, None
        if session is None:
            return
        session.close()
        # Its parts know each other, and hold meshes and images that Python wouldn't look for until much later.
        del session
        gc.collect()

    def start_by_itself(self) -> None:
        """Configure and activate as soon as the node is spun."""
        # Not the node's clock, which stands still under use_sim_time until a recording is played. The period isn't 0,
        # with which rclpy's EventsExecutor would never get beyond this timer.
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._autostart = self.create_timer(0.001, self._start, clock=self._steady)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load everything, so that the first image isn't the slow one."""
        try:
            self.setup()
        except Exception as error:
            self.refusals.count(getattr(error, "reason", "configuration_failed"), str(error))
            self.get_logger().error(f"can't configure: {error}")
            self.get_logger().debug(traceback.format_exc())
            return TransitionCallbackReturn.FAILURE
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe and work."""
        if self.namesake_works():
            words = (
                f"another node called {self.get_fully_qualified_name()} is active: end that one, or give this one a "
                "name of its own (--ros-args -r __node:=NAME)"
            )
            self.refusals.count("name_taken", words)
            self.get_logger().error(f"can't activate: {words}")
            return TransitionCallbackReturn.FAILURE
        self.start()
        self.active = True
        self.get_logger().info(f"active: waiting for images on {self.input_topic()}")
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop working."""
        self._stop_if_active()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give everything back."""
        self.release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and give everything back, from any state."""
        self._stop_if_active()
        self.release()
        return super().on_shutdown(state)

    def destroy_node(self) -> None:
        """Stop the threads first: they publish and answer."""
        self._stop_if_active()
        self.release()
        super().destroy_node()

    def make_publisher(self, kind: type, topic: str, qos: QoSProfile | int = 10) -> "Publisher[Any]":
        """Make a publisher of which the executor knows nothing, so that any thread may make and destroy it."""
        return self.create_publisher(
            kind,
            topic,
            qos,
            event_callbacks=PublisherEventCallbacks(use_default_callbacks=False),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def namesake_works(self) -> bool:
        """Return True where another node of this full name hears the same images, as far as is known by now."""
        hearing = self.get_subscriptions_info_by_topic(self.input_topic())
        mine = [
            end for end in hearing if (end.node_name, end.node_namespace) == (self.get_name(), self.get_namespace())
        ]
        return len(mine) > int(self.active)

    def failed(self, what: str, error: Exception) -> None:
        """Count and log what should not have happened; the node goes on."""
        if not self.context.ok():
            return  # the process was told to end while a worker published: no failure
        self.refusals.count("internal_error", f"{what}: {error!r}")
        trace = "".join(traceback.format_exception(error))
        self.get_logger().error(f"{what} failed, going on: {trace}", throttle_duration_sec=REFUSAL_LOG_PERIOD_S)

    def value(self, name: str) -> Any:
        """Return the value of a parameter."""
        return self.get_parameter(name).value

    def now_s(self) -> float:
        """Return the time of the node's clock in seconds."""
        return float(self.get_clock().now().nanoseconds * 1e-9)

    def _start(self) -> None:
        self._autostart.cancel()
        if self.trigger_configure() is TransitionCallbackReturn.SUCCESS:
            self._autostart = self.create_timer(RETRY_S, self._activate, clock=self._steady)
            self._activate()

    def _activate(self) -> None:
        """Try until it is active, or someone else took its life cycle over."""
        waits = self.session is not None and not self.active
        if not waits or self.trigger_activate() is TransitionCallbackReturn.SUCCESS:
            self._autostart.cancel()

    def _stop_if_active(self) -> None:
        if self.active:
            self.active = False
            self.stop()


def run(make_node: Callable[[], WorkingNode], name: str, args: list[str] | None) -> None:
    """Make a node and spin it until SIGINT or SIGTERM comes; a parameter that makes no sense ends it in one line."""
    _keep_freed_memory()
    with _ending_signals() as wait_for_end:
        # rclpy's own handlers shut the context down at once: nothing could be published or taken away any more.
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
        try:
            node = make_node()
        except (ParameterException, ValueError) as fault:
            sys.exit(f"{name}: {fault}")
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        faults: list[Exception] = []
        spinning = threading.Thread(target=_spin, args=(executor, faults), name="executor", daemon=True)
        spinning.start()
        wait_for_end(spinning)
        ending = threading.Thread(target=_end, args=(executor, spinning, node), name="end", daemon=True)
        ending.start()
        ending.join(LONGEST_END_S)
    if faults:
        raise faults[0]
    sys.stdout.flush()
    sys.stderr.flush()
    # Without the interpreter's own end, which takes compiled code and libraries apart for half a second, and would
    # wait for a registration, or a mesh that is read, of which nobody needs the result any more.
    os._exit(0)


def _keep_freed_memory() -> None:
    """Let malloc reuse the memory of one image for the next (glibc; elsewhere this does nothing).

    It would give blocks of that size back to the system, which clears each page anew before it hands them out.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGEST_KEPT_BYTES)
        mallopt(_M_TRIM_THRESHOLD, 4 * LARGEST_KEPT_BYTES)


@contextmanager
def _ending_signals() -> Iterator[Callable[[threading.Thread], None]]:
    """Give a function that waits for SIGINT or SIGTERM, or for a thread to end."""
    told, teller = socket.socketpair()
    told.settimeout(1.0)
    teller.setblocking(False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(teller.fileno())

    def wait(thread: threading.Thread) -> None:
        while thread.is_alive():
            try:
                told.recv(1)
                return
            except TimeoutError:
                continue

    yield wait
    signal.set_wakeup_fd(-1)


def _spin(executor: SingleThreadedExecutor, faults: list[Exception]) -> None:
    try:
        executor.spin()
    except ExternalShutdownException:
        pass
    except Exception as fault:
        faults.append(fault)


def _end(executor: SingleThreadedExecutor, spinning: threading.Thread, node: WorkingNode) -> None:
    executor.shutdown()
    spinning.join()
    node.destroy_node()
    rclpy.try_shutdown()
