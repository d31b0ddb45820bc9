"""How images come by their transports, as image_transport has it: topics and messages."""

from typing import TYPE_CHECKING

from sensor_msgs.msg import CompressedImage, Image, PointCloud2

if TYPE_CHECKING:
    from rclpy.node import Node

# By the parameters' words; points aren't image_transport's.
MESSAGES = {"raw": Image, "compressed": CompressedImage, "compressedDepth": CompressedImage, "points": PointCloud2}


def transported(node: "Node", base: str, transport: str) -> str:
    """Return the topic of an image by a transport, whose name follows that of the base topic as remapped."""
    return base if transport == "raw" else f"{node.resolve_topic_name(base)}/{transport}"
