"""TF, heard for as long as somebody needs it."""

from functools import partial
from typing import TYPE_CHECKING

from rclpy.qos import DurabilityPolicy, QoSProfile
from tf2_msgs.msg import TFMessage

from ..streams.transform_buffer import TransformBuffer
from .listener import Listener

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .lifecycle_node import WorkingNode

_NEWEST = QoSProfile(depth=100)
_KEEP_ALL = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class TransformListener:
    """A buffer that /tf and /tf_static fill, in a thread of its own, until `close`.

    heard: is called in that thread after each message.
    """

    def __init__(self, node: "WorkingNode", heard: "Callable[[], None]" = lambda: None) -> None:
        self.buffer = TransformBuffer()
        self._heard = heard
        self._listener = Listener(node, "transforms", node.failed)
        self._listener.subscribe(TFMessage, "/tf", partial(self._take, static=False), _NEWEST)
        self._listener.subscribe(TFMessage, "/tf_static", partial(self._take, static=True), _KEEP_ALL)
        self._listener.start()

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    def _take(self, message: "Any", static: bool) -> None:
        self.buffer.add_message(message, static)
        self._heard()
