"""Subscriptions and services that a thread of their own waits for, apart from the node's executor.

An executor of rclpy builds its wait set anew in Python at each wake-up, entity by entity, and wakes up several times a
message: at a camera's rate that takes longer than tracking does. Here a handful of handles is put into one wait set
that stays. And since no executor ever waits for them, they may be destroyed as soon as this thread has ended.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from rclpy.callback_groups import CallbackGroup
from rclpy.guard_condition import GuardCondition
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.qos import QoSProfile, qos_profile_services_default
from rclpy.qos_overriding_options import QoSOverridingOptions

from .distribution import SubscriptionEventCallbacks

if TYPE_CHECKING:
    from rclpy.node import Node
    from rclpy.service import Service
    from rclpy.subscription import Subscription


class _OutOfExecutors(CallbackGroup):
    """The group of what no executor is to wait for."""

    def can_execute(self, entity: Any) -> bool:
        """Refuse."""
        return False

    def beginning_execution(self, entity: Any) -> bool:
        """Refuse."""
        return False

    def ending_execution(self, entity: Any) -> None:
        """Do nothing: it never began."""


class Listener:
    """Calls back for messages and requests in its own thread, one after the other, from `start` to `close`.

    failed(what, error): takes what a callback raises, and the thread goes on.
    """

    def __init__(self, node: "Node", name: str, failed: Callable[[str, Exception], None]) -> None:
        self._node, self._name, self._failed = node, name, failed
        self._group = _OutOfExecutors()
        self._subscriptions: list[Subscription[Any]] = []
        self._services: list[Service[Any, Any]] = []
        self._later: set[Service[Any, Any]] = set()
        self._woken = GuardCondition(callback=None, callback_group=None, context=node.context)
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def subscribe(self, kind: type, topic: str, callback: Callable[[Any], None], qos: QoSProfile) -> None:
        """Add a topic; to be called before `start`."""
        self._subscriptions.append(
            self._node.create_subscription(
                kind,
                topic,
                callback,
                qos,
                callback_group=self._group,
                # Handlers of events would be waited for by the executor.
                event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False),
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            )
        )

    def serve(
        self,
        kind: Any,
        name: str,
        callback: Callable[[Any, Any], Any],
        qos: QoSProfile = qos_profile_services_default,
    ) -> None:
        """Add a service; to be called before `start`. The callback may wait as long as it likes."""
        self._services.append(
            self._node.create_service(kind, name, callback, qos_profile=qos, callback_group=self._group)
        )

    def serve_later(self, kind: Any, name: str, callback: Callable[[Any, Callable[[Any], None]], None]) -> None:
        """Add a service whose callback(request, reply) may have any thread call `reply(response)`, once, later on.

        What is replied after `close` goes nowhere.
        """
        self.serve(kind, name, callback)
        self._later.add(self._services[-1])

    def start(self) -> None:
        """Begin to listen."""
        self._node.context.on_shutdown(self._wake)
        self._thread.start()

    def close(self) -> None:
        """Finish the callback at hand, and give everything back."""
        self._closing = True
        if self._thread.is_alive():
            self._wake()
            self._thread.join()
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        for service in self._services:
            self._node.destroy_service(service)
        self._woken.destroy()

    def _wake(self) -> None:
        with suppress(rclpy_implementation.InvalidHandle):  # the context may end after this was closed
            self._woken.trigger()

    def _run(self) -> None:
        context = self._node.context
        assert context.handle is not None
        wait_set = rclpy_implementation.WaitSet(
            len(self._subscriptions), 1, 0, 0, len(self._services), 0, context.handle
        )
        while not self._closing and context.ok():
            wait_set.clear_entities()
            for subscription in self._subscriptions:
                wait_set.add_subscription(subscription.handle)
            for service in self._services:
                wait_set.add_service(service.handle)
            wait_set.add_guard_condition(self._woken.handle)
            wait_set.wait(-1)
            heard, asked = wait_set.get_ready_entities("subscription"), wait_set.get_ready_entities("service")
            for subscription in self._subscriptions:
                if subscription.handle.pointer in heard:
                    self._guarded(self._hear, subscription)
            for service in self._services:
                if service.handle.pointer in asked:
                    self._guarded(self._answer, service)

    def _guarded(self, work: Callable[[Any], None], entity: Any) -> None:
        """Nothing raises out of a callback: the thread would end."""
        if self._closing:
            return
        try:
            work(entity)
        except Exception as error:
            self._failed(self._name, error)

    @staticmethod
    def _hear(subscription: "Subscription[Any]") -> None:
        taken = subscription.handle.take_message(subscription.msg_type, subscription.raw)
        if taken is not None:
            cast(Callable[[Any], None], subscription.callback)(taken[0])

    def _answer(self, service: "Service[Any, Any]") -> None:
        request, header = service.handle.service_take_request(service.srv_type.Request)
        if header is None:
            return
        if service not in self._later:
            service.send_response(service.callback(request, service.srv_type.Response()), header)
            return

        def reply(response: Any) -> None:
            with suppress(rclpy_implementation.InvalidHandle):
                service.send_response(response, header)

        service.callback(request, reply)
