"""Makes docs/images/topics.jpg: what RViz shows with config/pose.rviz, drawn from the very topics.

A made-up scene goes through replay_node, pose_node and DDS; cloud, markers, names in TF and overlay are what was heard.

sh environment/run --for tests python docs/topics_picture.py
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import cv2
import numpy as np
import rclpy
import yaml
from PIL import Image
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image as ImageMessage
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import Marker, MarkerArray

from foundation_pose_ros import Camera, ObjectModel, se3
from foundation_pose_ros.nodes.demo.child_process import child_process
from foundation_pose_ros.nodes.demo.run import (
    POSE_NODE,
    SCENE_OBJECTS,
    make_room_for_images,
    own_domain_id,
    pose_node_parameters,
)
from foundation_pose_ros.nodes.pose.messages import from_pose
from foundation_pose_ros.nodes.replay.source import SYNTHETIC, mesh_files, open_source
from foundation_pose_ros.nodes.replay_node import ReplayNode
from foundation_pose_ros.overlay.words import coverage, paint
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.streams.image_messages import to_depth_m, to_rgb

FILE = Path(__file__).resolve().parent / "images" / "topics.jpg"
FRAMES, SEED = 12, 3
VIEW = Camera(1000.0, 1000.0, 480.0, 360.0, 960, 720)
SIZE = (VIEW.height, VIEW.width)
GROUND, WORDS = (32, 34, 38), (236, 238, 240)
# The view: beside and above the camera, towards the middle of what it sees.
EYE_CAM, UP_CAM = np.array([0.42, -0.36, 0.0]), np.array([0.0, -1.0, 0.0])
TEXT_PX = 17.0
LONGEST_S = 300.0


class Listener(Node):
    """The newest message of each topic that config/pose.rviz displays."""

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__("topics_picture", **node_arguments)
        self.heard: dict[str, Any] = {}
        self.markers: dict[str, Marker] = {}
        for kind, topic in (
            (ImageMessage, "rgb/image"),
            (ImageMessage, "depth/image"),
            (CameraInfo, "rgb/camera_info"),
            (ImageMessage, "pose_node/overlay"),
            (TFMessage, "tf"),
        ):
            self.create_subscription(
                kind, f"/{topic}", lambda message, name=topic: self.heard.update({name: message}), QoSProfile(depth=5)
            )
        self.create_subscription(MarkerArray, "/pose_node/markers", self._on_markers, QoSProfile(depth=10))

    def _on_markers(self, message: MarkerArray) -> None:
        self.markers |= {marker.ns: marker for marker in message.markers}

    @property
    def is_complete(self) -> bool:
        return len(self.heard) == 5 and len(self.markers) == 2 * len(SCENE_OBJECTS)


def main() -> None:
    """Play, listen until all is there, draw."""
    make_room_for_images()
    with played() as (executor, listener):
        heard(executor, listener)
        del listener.heard["pose_node/overlay"]  # which may be older than the last object's first pose
        heard(executor, listener)
        view = drawn(listener)
    overlay = to_rgb(listener.heard["pose_node/overlay"])
    width = SIZE[1] // 2
    panel = np.full((SIZE[0], width, 3), 20, np.uint8)
    small = cv2.resize(overlay, (width, width * overlay.shape[0] // overlay.shape[1]), interpolation=cv2.INTER_AREA)
    panel[40 : 40 + len(small)] = small
    for k, line in enumerate(("/pose_node/overlay", *listed(listener))):
        top = 10 if k == 0 else 40 + len(small) + 12 + round((k - 1) * 1.5 * TEXT_PX)
        paint(panel, coverage(line, TEXT_PX), 12, top, WORDS)
    Image.fromarray(np.concatenate([panel, view], axis=1)).save(FILE, quality=88)


def heard(executor: SingleThreadedExecutor, listener: Listener) -> None:
    """Wait until all that is displayed was heard."""
    deadline_s = time.monotonic() + LONGEST_S
    while not listener.is_complete:
        executor.spin_once(timeout_sec=0.1)
        assert time.monotonic() < deadline_s, f"heard only {sorted(listener.heard)}, {sorted(listener.markers)}"


def listed(listener: Listener) -> list[str]:
    """Name what is displayed."""
    names = sorted(transform.child_frame_id for transform in listener.heard["tf"].transforms)
    return ["/pose_node/markers", *(f"    {name}" for name in sorted(listener.markers)), f"/tf: {', '.join(names)}"]


@contextmanager
def played() -> Iterator[tuple[SingleThreadedExecutor, Listener]]:
    """Play a scene over and over to pose_node, and listen."""
    source = open_source(SYNTHETIC, list(SCENE_OBJECTS), FRAMES, SEED)
    with tempfile.TemporaryDirectory() as folder, own_domain_id() as domain_id:
        meshes = mesh_files(source, SEED, Path(folder))
        file = Path(folder) / "pose_node.yaml"
        file.write_text(yaml.safe_dump(pose_node_parameters(meshes)), encoding="utf-8")
        environment = os.environ | {"ROS_DOMAIN_ID": str(domain_id)}
        context = Context()
        rclpy.init(context=context, domain_id=domain_id)
        executor = SingleThreadedExecutor(context=context)
        replay = ReplayNode(
            source,
            context=context,
            parameter_overrides=[Parameter(name, value=True) for name in ("preload", "loop", "lockstep")],
            cli_args=["--ros-args", "-r", "objects:=/pose_node/objects", "-r", "mask_request:=/pose_node/mask_request"],
        )
        listener = Listener(context=context)
        executor.add_node(replay)
        executor.add_node(listener)
        try:
            with child_process(POSE_NODE, ["--ros-args", "--params-file", str(file)], environment):
                yield executor, listener
        finally:
            executor.shutdown()
            rclpy.shutdown(context=context)


def drawn(listener: Listener) -> np.ndarray:
    """Draw cloud, meshes, axes and names from the side, RGB (h, w, 3)."""
    T_view_cam = looking()
    image, nearest_m = np.full((*SIZE, 3), GROUND, np.uint8), np.full(SIZE, np.inf, np.float32)
    draw_cloud(image, nearest_m, T_view_cam, listener)
    shown = {ns: T_view_cam @ from_pose(marker.pose) for ns, marker in listener.markers.items()}
    for ns, marker in listener.markers.items():
        if marker.type == Marker.MESH_RESOURCE:
            model = ObjectModel.from_mesh(Path(unquote(urlparse(marker.mesh_resource).path)), unit="m")
            rendering = EmbreeRenderer(model).render(shown[ns][None], VIEW.K, SIZE, colour=True)
            assert rendering.rgb is not None
            depth_m = rendering.depth_m[0]
            # A marker is drawn over the points that lie on it.
            front = (depth_m > 0) & (depth_m < nearest_m + 0.01)
            image[front], nearest_m[front] = 255 * rendering.rgb[0][front], depth_m[front]
    for ns, marker in listener.markers.items():
        if marker.type == Marker.LINE_LIST:
            draw_lines(image, shown[ns], marker)
    for transform in listener.heard["tf"].transforms:
        at = transform.transform.translation
        point = VIEW.project(se3.transform_points(T_view_cam, np.array([[at.x, at.y, at.z]])))[0]
        words, (left, top) = coverage(transform.child_frame_id, TEXT_PX), (int(point[0]) + 8, int(point[1]) - 30)
        image[top - 2 : top + words.shape[0] + 2, left - 4 : left + words.shape[1] + 4] = GROUND
        paint(image, words, left, top, WORDS)
    return image


def looking() -> np.ndarray:
    """Make the view's pose, T_view_cam (4, 4): x to the right, y down, z forward."""
    forward = np.array([0.0, 0.0, 0.62]) - EYE_CAM
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, UP_CAM)
    right /= np.linalg.norm(right)
    T_cam_view = np.eye(4)
    T_cam_view[:3] = np.stack([right, np.cross(forward, right), forward, EYE_CAM], axis=1)
    return np.asarray(se3.inverse(T_cam_view))


def draw_cloud(image: np.ndarray, nearest_m: np.ndarray, T_view_cam: np.ndarray, listener: Listener) -> None:
    """Draw each pixel of the depth image as a point in the camera's colours, far ones first."""
    depth_m = to_depth_m(listener.heard["depth/image"])
    camera = Camera.from_K(np.reshape(listener.heard["rgb/camera_info"].k, (3, 3)), *depth_m.shape[::-1])
    rgb = to_rgb(listener.heard["rgb/image"])[depth_m > 0]
    v, u = np.nonzero(depth_m > 0)
    points_cam = camera.rays(u, v) * depth_m[v, u, None]
    points = se3.transform_points(T_view_cam, points_cam)
    far_first = np.argsort(-points[:, 2])
    points, rgb = points[far_first], rgb[far_first]
    columns, rows = np.rint(VIEW.project(points)).astype(int).T
    for down, across in np.ndindex(2, 2):
        inside = (rows >= 0) & (rows + down < SIZE[0]) & (columns >= 0) & (columns + across < SIZE[1])
        at = rows[inside] + down, columns[inside] + across
        image[at], nearest_m[at] = rgb[inside], points[inside, 2]


def draw_lines(image: np.ndarray, T_view_marker: np.ndarray, marker: Marker) -> None:
    """Draw a list of lines, two points each, in their colours."""
    points = se3.transform_points(T_view_marker, np.array([[p.x, p.y, p.z] for p in marker.points]))
    ends = [tuple(map(int, point)) for point in np.rint(VIEW.project(points))]
    for k in range(0, len(ends), 2):
        colour = marker.colors[k]
        cv2.line(image, ends[k], ends[k + 1], (255 * colour.r, 255 * colour.g, 255 * colour.b), 3, cv2.LINE_AA)


if __name__ == "__main__":
    main()
