"""`python -m benchmarks.nodes.camera FRAMES RATE_HZ`: a camera's driver that costs little.

It plays the frames of a .npz back and forth, so that nothing ever jumps, and sends masks when they are asked for.
Messages are serialised once; from then on only their stamps change.
"""

import struct
import sys
import time
from typing import Any

import numpy as np

from foundation_pose_ros.camera import Camera
from foundation_pose_ros.streams.image_messages import fill_image


def main(path: str, rate_hz: float) -> None:
    """Send until told to end."""
    # ROS is imported where it is used, so that the parts of the benchmarks can be listed without it.
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.qos import QoSProfile
    from std_msgs.msg import String

    messages = _messages(dict(np.load(path)))
    rclpy.init()
    node = rclpy.create_node("camera")
    publishers = {topic: node.create_publisher(kind, topic, QoSProfile(depth=5)) for topic, kind in topics().items()}
    masks_wanted = [True]
    node.create_subscription(String, "/pose_node/mask_request", lambda _: masks_wanted.append(True), 10)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while not all(publisher.get_subscription_count() for publisher in publishers.values()):
        executor.spin_once(timeout_sec=0.1)
    count, due_s = 0, time.monotonic()
    there_and_back = [*range(len(messages)), *range(len(messages) - 2, 0, -1)]
    while rclpy.ok():
        executor.spin_once(timeout_sec=max(0.0, due_s - time.monotonic()))
        if time.monotonic() < due_s:
            continue
        stamp_ns = time.time_ns()
        for topic, data in messages[there_and_back[count % len(there_and_back)]].items():
            if topic != "masks" or masks_wanted:
                publishers[topic].publish(_stamped(data, stamp_ns))
        masks_wanted.clear()
        count += 1
        due_s += 1.0 / rate_hz


def topics() -> dict[str, Any]:
    """Return what it sends, by topic; it waits until somebody listens to each."""
    from sensor_msgs.msg import CameraInfo, Image

    return {"rgb/camera_info": CameraInfo, "masks": Image, "depth/image": Image, "rgb/image": Image}


def _messages(frames: dict[str, np.ndarray]) -> list[dict[str, bytes]]:
    """Serialised messages by topic, of each frame."""
    from rclpy.serialization import serialize_message
    from sensor_msgs.msg import Image
    from std_msgs.msg import Header

    from foundation_pose_ros.nodes.replay_node import to_camera_info

    fx, fy, cx, cy, width, height = frames["camera"]
    camera = Camera(float(fx), float(fy), float(cx), float(cy), int(width), int(height))
    header = Header(frame_id="camera")
    all_messages: list[dict[str, bytes]] = []
    for rgb, depth_m, labels in zip(frames["rgb"], frames["depth_m"], frames["labels"], strict=True):
        of_frame: dict[str, Any] = {
            "rgb/camera_info": to_camera_info(camera, header),
            "masks": fill_image(Image(header=header), labels, "mono16"),
            "depth/image": fill_image(Image(header=header), depth_m, "32FC1"),
            "rgb/image": fill_image(Image(header=header), rgb, "rgb8"),
        }
        all_messages.append({topic: bytes(serialize_message(message)) for topic, message in of_frame.items()})
    return all_messages


def _stamped(data: bytes, stamp_ns: int) -> bytes:
    """A serialised message, which begins with four bytes of encoding and the stamp of its header, at another stamp."""
    return data[:4] + struct.pack("<iI", *divmod(stamp_ns, 1_000_000_000)) + data[12:]


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
