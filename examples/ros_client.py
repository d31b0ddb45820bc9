"""Asks pose_node to find an object where a mask shows it, and prints its poses from then on.

    python examples/ros_client.py OBJECT MASK.png

It needs rclpy and the messages of foundation_perception, nothing of this package's Python. MASK.png: not 0 where the
object is; it is taken for the mask of the image at hand, so camera and object should stand still until it is found. A
detector's node would look at the image of that stamp instead.
"""

import sys
from array import array
from contextlib import suppress
from typing import Any

import cv2
import numpy as np
import rclpy
from foundation_perception.msg import TrackedObject, TrackedObjectArray
from foundation_perception.srv import Register
from rclpy.node import Node
from sensor_msgs.msg import Image


class PoseClient(Node):
    """Registers the object whenever it isn't tracked; `poses` holds the messages in which it was."""

    def __init__(self, name: str, mask: np.ndarray, **node_arguments: Any) -> None:
        """mask (H, W) uint8, of the colour image's size."""
        super().__init__("pose_client", **node_arguments)
        self.poses: list[TrackedObject] = []
        self._name, self._mask = name, mask
        self._register: Any = self.create_client(Register, "/pose_node/register")
        self._asked: Any = None
        self.create_subscription(TrackedObjectArray, "/pose_node/objects", self._on_objects, 10)

    def _on_objects(self, message: TrackedObjectArray) -> None:
        for tracked in message.objects:
            if tracked.id != self._name:
                continue
            if tracked.state == TrackedObject.TRACKING:
                # In doubt an object is tracked on, but has no pose: the message repeats the last one, with score 0.
                if tracked.score > 0:
                    self.poses.append(tracked)
                    at = tracked.pose.pose.position
                    print(f"{tracked.id} at ({at.x:.4f}, {at.y:.4f}, {at.z:.4f}) m, score {tracked.score:.2f}")
            elif self._asked is None or self._asked.done():
                # The message is about an image that pose_node has: a mask with its stamp is one of that image.
                height, width = self._mask.shape
                mask = Image(header=message.header, height=height, width=width, step=width, encoding="mono8")
                mask.data = array("B", self._mask.tobytes())
                self._asked = self._register.call_async(Register.Request(object_name=self._name, mask=mask))
                self._asked.add_done_callback(lambda answer: self.get_logger().info(answer.result().message))


def main(arguments: list[str]) -> None:
    """Run until interrupted."""
    name, file = arguments
    mask = cv2.imread(file, cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise SystemExit(f"{file} can't be read as an image")
    rclpy.init()
    with suppress(KeyboardInterrupt):
        rclpy.spin(PoseClient(name, mask))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
