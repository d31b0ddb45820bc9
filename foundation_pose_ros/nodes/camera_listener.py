"""Hears a camera's topics for some seconds, for `foundation-pose check-camera`."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from ..errors import InputRefused
from ..streams.heard_camera import HeardCamera, HeardTopic
from ..streams.topic_names import beside, guessed_depth, guessed_rgb
from .distribution import has_fast_dds_profiles

_IMAGE = "sensor_msgs/msg/Image"
# Until other nodes are known.
_DISCOVERY_S = 3.0


@dataclass(frozen=True)
class CameraTopics:
    """Topics of a camera; those left empty are guessed from what is published."""

    rgb: str = ""
    info: str = ""
    depth: str = ""
    depth_info: str = ""


def hear(topics: CameraTopics, seconds: float, context: Context | None = None) -> HeardCamera:
    """Listen to a camera; raises InputRefused where topics are left out and can't be guessed."""
    own = context is None
    context = context or Context()
    if own:
        rclpy.init(context=context)
    node = Node("check_camera", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    try:
        topics = _complete(node, topics)
        heard = {name: HeardTopic(name) for name in (topics.rgb, topics.info, topics.depth, topics.depth_info)}
        for name, topic in heard.items():
            kind = CameraInfo if name in (topics.info, topics.depth_info) else _image_kind(name)
            node.create_subscription(kind, name, _taking(node, topic), qos_profile_sensor_data)
        until_s = time.monotonic() + seconds
        while (left_s := until_s - time.monotonic()) > 0:
            executor.spin_once(timeout_sec=left_s)
        for name, topic in heard.items():
            topic.publishers = node.count_publishers(name)
    finally:
        executor.shutdown()
        node.destroy_node()
        if own:
            rclpy.shutdown(context=context)
    return HeardCamera(
        heard[topics.rgb],
        heard[topics.info],
        heard[topics.depth],
        heard[topics.depth_info],
        seconds,
        large_shared_memory=has_fast_dds_profiles(),
    )


def _taking(node: Node, topic: HeardTopic) -> Callable[[object], None]:
    return lambda message: topic.take(message, node.get_clock().now().nanoseconds)


def _image_kind(topic: str) -> type:
    return CompressedImage if topic.endswith(("/compressed", "/compressedDepth")) else Image


def _complete(node: Node, topics: CameraTopics) -> CameraTopics:
    rgb, depth = topics.rgb, topics.depth
    deadline_s = time.monotonic() + _DISCOVERY_S
    while not (rgb and depth) and time.monotonic() < deadline_s:
        images = [name for name, kinds in node.get_topic_names_and_types() if _IMAGE in kinds]
        rgb, depth = topics.rgb or guessed_rgb(images), topics.depth or guessed_depth(images)
        time.sleep(0.1)
    if not (rgb and depth):
        what = " and ".join(name for name, topic in (("colour", rgb), ("depth", depth)) if not topic)
        raise InputRefused(
            "no_topic",
            f"no topic of {what} is published: start the camera, check ROS_DOMAIN_ID, or name it (--rgb, --depth)",
        )
    return CameraTopics(
        rgb, topics.info or beside(rgb, "camera_info"), depth, topics.depth_info or beside(depth, "camera_info")
    )
