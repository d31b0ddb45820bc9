"""What was heard of a camera's topics in a few seconds. Needs no ROS: messages are duck-typed."""

from dataclasses import dataclass, field
from typing import Any

from .time_synchronizer import stamp_to_ns


@dataclass
class HeardTopic:
    """What was heard on one topic: when by the listener's clock (came_ns), the stamps, and the last message."""

    name: str
    publishers: int = 0
    came_ns: list[int] = field(default_factory=list)
    stamps_ns: list[int] = field(default_factory=list)
    last: Any = None

    def take(self, message: Any, now_ns: int) -> None:
        """Note a message that came."""
        self.came_ns.append(now_ns)
        self.stamps_ns.append(stamp_to_ns(message.header.stamp))
        self.last = message

    @property
    def frame_id(self) -> str:
        """Return the frame of the last message, '' without one."""
        return "" if self.last is None else str(self.last.header.frame_id)


@dataclass(frozen=True)
class HeardCamera:
    """The topics of one camera, heard for listened_s seconds; depth_info: None where it wasn't asked for.

    tolerance_s: how far apart stamps of colour and depth may be. large_shared_memory: Fast DDS has room for images.
    """

    rgb: HeardTopic
    info: HeardTopic
    depth: HeardTopic
    depth_info: HeardTopic | None
    listened_s: float
    tolerance_s: float = 0.01
    large_shared_memory: bool = True
