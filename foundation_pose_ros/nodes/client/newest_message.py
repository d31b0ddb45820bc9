"""The next message of a topic, for who asks now and then."""

import threading
import time
from typing import TYPE_CHECKING, Any

from rclpy.qos import QoSProfile, ReliabilityPolicy

from ..listener import Listener
from .object_pose import NoAnswer

if TYPE_CHECKING:
    from rclpy.node import Node

_STEP_S = 0.02


def next_message(node: "Node", kind: type, topic: str, timeout_s: float, qos: QoSProfile | None = None) -> Any:
    """Wait for a message of a topic, in any thread; raises NoAnswer where none comes in time.

    qos: None: reliable where the topic's publishers are, so that a large image isn't lost, else best effort.
    """
    deadline_s = time.monotonic() + timeout_s
    heard: list[Any] = []
    came = threading.Event()

    def take(message: Any) -> None:
        heard.append(message)
        came.set()

    listener = Listener(node, f"next of {topic}", lambda what, error: None)
    listener.subscribe(kind, topic, take, qos or _as_offered(node, topic, deadline_s))
    listener.start()
    try:
        if not came.wait(max(deadline_s - time.monotonic(), 0.0)):
            name, publishers = node.resolve_topic_name(topic), node.count_publishers(topic)
            raise NoAnswer(f"nothing came on {name} in {timeout_s:.0f} s, which has {publishers} publishers")
    finally:
        listener.close()
    return heard[0]


def _as_offered(node: "Node", topic: str, deadline_s: float) -> QoSProfile:
    """Quality of service that all publishers of a topic offer, once one is known."""
    while not (offered := node.get_publishers_info_by_topic(topic)) and time.monotonic() < deadline_s:
        time.sleep(_STEP_S)
    reliable = offered and all(end.qos_profile.reliability is ReliabilityPolicy.RELIABLE for end in offered)
    return QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT)
