"""pose_node with depth as it comes, on real DDS: of another camera, as a cloud, as RVL, and cut out of a sensor."""

import struct
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_perception.msg import TrackedObject
from geometry_msgs.msg import TransformStamped
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2, PointField, RegionOfInterest
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from foundation_pose_ros import se3
from foundation_pose_ros.camera import Camera
from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.nodes.latched import LATCHED
from foundation_pose_ros.nodes.pose.messages import from_pose, to_pose, to_transform
from foundation_pose_ros.nodes.replay_node import to_camera_info
from foundation_pose_ros.streams.depth_registration import registered
from foundation_pose_ros.streams.image_messages import fill_image
from foundation_pose_ros.synthetic.scene import FRAME_ID, SyntheticScene

from ..streams.rvl_encoder import encoded

DEPTH_FRAME = "depth_camera"
T_COLOUR_DEPTH = se3.from_rotation_translation(
    Rotation.from_euler("xyz", [0.3, -0.5, 0.2], degrees=True).as_matrix(), np.array([0.03, 0.001, 0.002])
)
OBJECT = {"objects": ["mug"], "mug.mesh": "mug.glb"}


def assert_mug_is_found(bench: Any, scene: SyntheticScene, change: Callable[[dict[str, Any]], None]) -> None:
    first = scene.frame_ids[0]
    stamp_ns = bench.send(scene.frame(first), scene.mask(first, "mug"), change=change)
    tracked = bench.object_of(stamp_ns, TrackedObject.TRACKING)
    symmetries = scene.model("mug").symmetries.transforms()
    error_m, error_deg = pose_error(from_pose(tracked.pose.pose), scene.truth(first, "mug"), symmetries)
    assert tracked.header.frame_id == FRAME_ID
    assert error_m < 0.005 and error_deg < 4.0


def test_depth_of_another_camera_by_tf(
    start: Callable[[dict[str, Any]], Any], scene: SyntheticScene, mesh_folder: Path
) -> None:
    bench = start(OBJECT | {"mesh_directories": [str(mesh_folder)], "register_depth": True, "depth_unit_m": 0.0001})
    bench.ready()
    tf = bench.user.create_publisher(TFMessage, "/tf_static", LATCHED)
    transform = to_transform(to_pose(T_COLOUR_DEPTH))
    tf.publish(
        TFMessage(
            transforms=[
                TransformStamped(header=Header(frame_id=FRAME_ID), child_frame_id=DEPTH_FRAME, transform=transform)
            ]
        )
    )
    info = bench.user.create_publisher(CameraInfo, "depth/camera_info", 10)
    bench.wait(lambda: tf.get_subscription_count() and info.get_subscription_count(), "the node to hear both")
    colour = scene.frame(scene.frame_ids[0]).camera
    camera = Camera(0.8 * colour.fx, 0.8 * colour.fy, 0.5 * colour.width + 3, 0.5 * colour.height - 2, 560, 400)

    def change(messages: dict[str, Any]) -> None:
        header = Header(stamp=messages["depth/image"].header.stamp, frame_id=DEPTH_FRAME)
        frame = scene.frame(scene.frame_ids[0])
        depth_m = registered(frame.depth_m, frame.camera, se3.inverse(T_COLOUR_DEPTH), camera)
        steps = np.round(depth_m / 0.0001).astype(np.uint16)
        messages["depth/image"] = fill_image(Image(header=header), steps, "16UC1")
        info.publish(to_camera_info(camera, header))

    frame = scene.frame(scene.frame_ids[0])
    bench.send(frame, change=change)  # TF and camera info may still be on their way
    assert_mug_is_found(bench, scene, change)


def test_a_cloud_without_order_in_place_of_depth(
    start: Callable[[dict[str, Any]], Any], scene: SyntheticScene, mesh_folder: Path
) -> None:
    x, y, z = (float(v) for v in T_COLOUR_DEPTH[:3, 3])
    quaternion = " ".join(f"{q:.9f}" for q in se3.to_quaternion_xyzw(T_COLOUR_DEPTH))
    bench = start(
        OBJECT
        | {
            "mesh_directories": [str(mesh_folder)],
            "depth_transport": "points",
            "depth_extrinsics": f"{x} {y} {z} {quaternion}",
        }
    )
    points_out = bench.user.create_publisher(PointCloud2, "depth/points", 10)
    bench.wait(points_out.get_subscription_count, "the node to hear clouds")

    def change(messages: dict[str, Any]) -> None:
        frame = scene.frame(scene.frame_ids[0])
        v, u = np.nonzero(frame.depth_m)
        points = frame.camera.rays(u, v) * frame.depth_m[v, u][:, None]
        points = se3.transform_points(se3.inverse(T_COLOUR_DEPTH), points).astype(np.float32)
        points = np.random.default_rng(0).permutation(points)
        cloud = PointCloud2(
            header=Header(stamp=messages["depth/image"].header.stamp, frame_id="lidar"),
            height=1,
            width=len(points),
            fields=[PointField(name=n, offset=4 * i, datatype=7, count=1) for i, n in enumerate("xyz")],
            point_step=12,
            row_step=12 * len(points),
        )
        cloud.data = array("B", points.tobytes())
        del messages["depth/image"]
        points_out.publish(cloud)

    assert_mug_is_found(bench, scene, change)


def test_depth_as_rvl_in_steps_of_its_own(
    start: Callable[[dict[str, Any]], Any], scene: SyntheticScene, mesh_folder: Path
) -> None:
    bench = start(
        OBJECT | {"mesh_directories": [str(mesh_folder)], "depth_transport": "compressedDepth", "depth_unit_m": 0.00025}
    )
    compressed_out = bench.user.create_publisher(CompressedImage, "depth/image/compressedDepth", 10)
    bench.wait(compressed_out.get_subscription_count, "the node to hear compressed depth")

    def change(messages: dict[str, Any]) -> None:
        header = messages.pop("depth/image").header
        depth_m = scene.frame(scene.frame_ids[0]).depth_m
        steps = np.round(depth_m / 0.00025).astype(np.uint16)
        data = (
            struct.pack("<Iff", 1, 0.0, 0.0) + struct.pack("<II", *steps.shape[::-1]) + encoded(steps.ravel().tolist())
        )
        compressed_out.publish(
            CompressedImage(header=header, format="16UC1; compressedDepth rvl", data=array("B", data))
        )

    assert_mug_is_found(bench, scene, change)


def test_images_that_are_cut_out_of_the_sensor_and_binned(
    start: Callable[[dict[str, Any]], Any], scene: SyntheticScene, mesh_folder: Path
) -> None:
    bench = start(OBJECT | {"mesh_directories": [str(mesh_folder)]})
    bench.ready()

    def change(messages: dict[str, Any]) -> None:
        """CameraInfo of a sensor twice as fine, of which a part is read: the image that is sent is that part."""
        camera = scene.frame(scene.frame_ids[0]).camera
        x, y, width, height = 220, 90, 2 * camera.width, 2 * camera.height
        whole = Camera(2 * camera.fx, 2 * camera.fy, 2 * camera.cx + x, 2 * camera.cy + y, width + 300, height + 150)
        info = to_camera_info(whole, messages["rgb/camera_info"].header)
        info.roi = RegionOfInterest(x_offset=x, y_offset=y, width=width, height=height)
        info.binning_x = info.binning_y = 2
        messages["rgb/camera_info"] = info

    assert_mug_is_found(bench, scene, change)
