"""A made-up scene as a rosbag2, as `ros2 bag record` would have it of a RealSense's topics."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foundation_pose_ros.synthetic.scene import SyntheticScene

RGB, INFO, DEPTH = "color/image_raw", "color/camera_info", "aligned_depth_to_color/image_raw"


def write_bag(path: Path, scene: SyntheticScene, storage: str) -> None:
    """Write colour, CameraInfo and depth in millimetres; storage: mcap or sqlite3. Skips the test without rosbags."""
    pytest.importorskip("rosbags", reason="rosbags isn't installed here: pip install rosbags")
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS2_HUMBLE)
    kinds = store.types
    plugin = {"mcap": StoragePlugin.MCAP, "sqlite3": StoragePlugin.SQLITE3}[storage]

    def image(header: Any, pixels: np.ndarray, encoding: str) -> Any:
        return kinds["sensor_msgs/msg/Image"](
            header=header,
            height=pixels.shape[0],
            width=pixels.shape[1],
            encoding=encoding,
            is_bigendian=0,
            step=pixels.nbytes // pixels.shape[0],
            data=np.ascontiguousarray(pixels).view(np.uint8).reshape(-1),
        )

    def info(header: Any) -> Any:
        K = scene.camera.K.astype(float)
        whole = kinds["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
        return kinds["sensor_msgs/msg/CameraInfo"](
            header=header,
            height=scene.camera.height,
            width=scene.camera.width,
            distortion_model="plumb_bob",
            d=np.zeros(5),
            k=K.ravel(),
            r=np.eye(3).ravel(),
            p=np.hstack([K, np.zeros((3, 1))]).ravel(),
            binning_x=0,
            binning_y=0,
            roi=whole,
        )

    with Writer(path, version=9, storage_plugin=plugin) as writer:
        connections: dict[str, Any] = {}
        for frame_id in scene.frame_ids:
            frame = scene.frame(frame_id)
            stamp = kinds["builtin_interfaces/msg/Time"](*divmod(frame.stamp_ns, 10**9))
            header = kinds["std_msgs/msg/Header"](stamp=stamp, frame_id=frame.frame_id)
            depth_mm = np.round(1000 * frame.depth_m).astype(np.uint16)
            messages = {
                RGB: image(header, frame.rgb, "rgb8"),
                INFO: info(header),
                DEPTH: image(header, depth_mm, "16UC1"),
            }
            for topic, message in messages.items():
                kind = message.__msgtype__
                if topic not in connections:
                    connections[topic] = writer.add_connection(f"/camera/{topic}", kind, typestore=store)
                writer.write(connections[topic], frame.stamp_ns, store.serialize_cdr(message, kind))
