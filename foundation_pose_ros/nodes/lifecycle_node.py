"""What the lifecycle nodes of both packages share: start by themselves, survive any failure, end when told to."""

import signal
import sys
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from ..streams.refusals import RefusalCounter

REFUSAL_LOG_PERIOD_S = 5.0


class WorkingNode(LifecycleNode, ABC):
    """A lifecycle node whose transitions are the methods `set_up`, `begin`, `pause` and `give_back`.

    `set_up` may raise: the node then stays unconfigured, and says why. `pause` is called before the node ends as well,
    if it is active.
    """

    def __init__(self, name: str, **node_arguments: Any) -> None:
        super().__init__(name, **node_arguments)
        self.refusals = RefusalCounter()
        self.active = False
        self._autostart: Any = None

    @abstractmethod
    def setup(self) -> None:
        """Load everything and offer outputs and services."""

    @abstractmethod
    def start(self) -> None:
        """Subscribe and work."""

    @abstractmethod
    def stop(self) -> None:
        """Stop working."""

    @abstractmethod
    def release(self) -> None:
        """Undo `set_up`, whether or not it was done."""

    def start_by_itself(self) -> None:
        """Configure and activate as soon as the node is spun."""
        # Not the node's clock, which stands still under use_sim_time until a recording is played.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._autostart = self.create_timer(0.0, self._start, clock=steady)

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
        self.start()
        self.active = True
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop working."""
        self._pause_if_active()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give everything back."""
        self.release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """From any state."""
        self._pause_if_active()
        self.release()
        return super().on_shutdown(state)

    def destroy_node(self) -> None:
        """Stop the worker first: it publishes."""
        self._pause_if_active()
        super().destroy_node()

    def failed(self, what: str, error: Exception) -> None:
        """Count and log what should not have happened; the node goes on."""
        if not self.context.ok():
            return  # the process was told to end while a worker published: no failure
        self.refusals.count("internal_error", f"{what}: {error!r}")
        trace = "".join(traceback.format_exception(error))
        self.get_logger().error(f"{what} failed, going on: {trace}", throttle_duration_sec=REFUSAL_LOG_PERIOD_S)

    def value(self, name: str) -> Any:
        """Of a parameter."""
        return self.get_parameter(name).value

    def _start(self) -> None:
        self._autostart.cancel()
        if self.trigger_configure() is TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()

    def _pause_if_active(self) -> None:
        if self.active:
            self.active = False
            self.stop()


def run(make_node: Callable[[], WorkingNode], name: str, args: list[str] | None) -> None:
    """Make a node and spin it until it is told to stop; a parameter that makes no sense ends it in one line."""
    rclpy.init(args=args)
    try:
        node = make_node()
    except (ParameterException, ValueError) as fault:
        sys.exit(f"{name}: {fault}")
    executor = MultiThreadedExecutor(num_threads=2)
    executor.add_node(node)
    try:
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        # Ctrl-C under ros2 launch comes twice, from the terminal and from launch: the second must not break the end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
