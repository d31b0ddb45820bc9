"""The next message of a topic, for who asks now and then."""

import threading
from typing import TYPE_CHECKING, Any

from rclpy.qos import QoSProfile, qos_profile_sensor_data

from ..listener import Listener
from .object_pose import NoAnswer

if TYPE_CHECKING:
    from rclpy.node import Node


def next_message(
    node: "Node", kind: type, topic: str, timeout_s: float, qos: QoSProfile = qos_profile_sensor_data
) -> Any:
    """Wait for a message of a topic, in any thread; raises NoAnswer where none comes in time."""
    heard: list[Any] = []
    came = threading.Event()

    def take(message: Any) -> None:
        heard.append(message)
        came.set()

    listener = Listener(node, f"next of {topic}", lambda what, error: None)
    listener.subscribe(kind, topic, take, qos)
    listener.start()
    try:
        if not came.wait(timeout_s):
            name, publishers = node.resolve_topic_name(topic), node.count_publishers(topic)
            raise NoAnswer(f"nothing came on {name} in {timeout_s:.0f} s, which has {publishers} publishers")
    finally:
        listener.close()
    return heard[0]
