"""What the lifecycle nodes of both packages share: a table of parameters, a start by themselves, survival."""

import traceback
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions

from ..runtime.settled_memory import settle_memory
from ..streams.refusals import RefusalCounter
from .distribution import PublisherEventCallbacks
from .parameters import Row, declare, validator, values

if TYPE_CHECKING:
    from rclpy.parameter import Parameter
    from rclpy.publisher import Publisher

REFUSAL_LOG_PERIOD_S = 5.0
# Between attempts to become active by itself while another node of the same name is.
RETRY_S = 2.0


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

    def __init__(self, name: str, table: Sequence[Row], **node_arguments: Any) -> None:
        """table: the node's parameters, `autostart` among them. Raises ValueError for values that make no sense."""
        super().__init__(name, **node_arguments)
        self.refusals = RefusalCounter()
        self.active = False
        self.session: Session | None = None
        self._table = table
        declare(self, table)
        if fault := self.contradiction(values(self, table)):
            raise ValueError(fault)
        self.add_on_set_parameters_callback(self._check_parameters)
        self._autostart: Any = None
        if self.value("autostart"):
            self._start_by_itself()

    @abstractmethod
    def setup(self) -> None:
        """Make the session: load everything and offer outputs and services."""

    @abstractmethod
    def input_topic(self) -> str:
        """Return a topic that the node hears while it is active."""

    def contradiction(self, values: Mapping[str, Any]) -> str:
        """Say in words which values of parameters, by name, can't be true together, '' where all can."""
        return ""

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
        settle_memory()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load everything, so that the first image isn't the slow one."""
        try:
            self.setup()
        except Exception as error:
            return self._failure("configure", getattr(error, "reason", "configuration_failed"), error)
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe and work."""
        if self.namesake_works():
            words = (
                f"another node called {self.get_fully_qualified_name()} is active: end that one, or give this one a "
                "name of its own (--ros-args -r __node:=NAME)"
            )
            return self._failure("activate", "name_taken", words)
        try:
            self.start()
        except Exception as error:
            # What was begun of it would hear and hold things beside the next attempt.
            self.stop()
            return self._failure("activate", getattr(error, "reason", "activation_failed"), error)
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

    def _check_parameters(self, changed: "list[Parameter[Any]]") -> SetParametersResult:
        result = validator(self._table)(changed)
        wanted = values(self, self._table) | {parameter.name: parameter.value for parameter in changed}
        if result.successful and (fault := self.contradiction(wanted)):
            return SetParametersResult(successful=False, reason=fault)
        return result

    def _start_by_itself(self) -> None:
        """Configure and activate as soon as the node is spun."""
        # Not the node's clock, which stands still under use_sim_time until a recording is played. The period isn't 0,
        # with which rclpy's EventsExecutor would never get beyond this timer.
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._autostart = self.create_timer(0.001, self._start, clock=self._steady)

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

    def _failure(self, transition: str, reason: str, why: object) -> TransitionCallbackReturn:
        """Say why the node stays as it was."""
        self.refusals.count(reason, str(why))
        self.get_logger().error(f"can't {transition}: {why}")
        if isinstance(why, Exception):
            self.get_logger().debug("".join(traceback.format_exception(why)))
        return TransitionCallbackReturn.FAILURE

    def _stop_if_active(self) -> None:
        if self.active:
            self.active = False
            self.stop()
