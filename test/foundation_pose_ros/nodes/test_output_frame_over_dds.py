"""pose_node with output_frame, on real DDS: poses in the robot's frame at the image's stamp."""

import time
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
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from foundation_pose_ros import se3
from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.nodes.pose.messages import from_pose, to_pose, to_stamp, to_transform
from foundation_pose_ros.streams.time_synchronizer import stamp_to_ns
from foundation_pose_ros.synthetic.scene import FRAME_ID, SyntheticScene

T_BASE_CAM = se3.from_rotation_translation(
    Rotation.from_euler("xyz", [-120, 10, 30], degrees=True).as_matrix(), np.array([0.3, -0.2, 0.9])
)


@pytest.fixture(scope="module")
def robot(start: Callable[[dict[str, Any]], Any], mesh_folder: Path) -> Any:
    """A pose_node that publishes in base_link, which TF tells on request."""
    bench = start(
        {
            "objects": ["mug"],
            "mug.mesh": "mug.glb",
            "mesh_directories": [str(mesh_folder)],
            "output_frame": "base_link",
            "transform_wait_s": 5.0,
        }
    )
    bench.ready()
    bench.tf = bench.user.create_publisher(TFMessage, "/tf", 100)
    bench.wait(lambda: bench.tf.get_subscription_count() >= 2, "the node to hear TF")
    return bench


def tell(bench: Any, stamp_ns: int) -> None:
    """Publish where the camera is."""
    header = Header(stamp=to_stamp(stamp_ns), frame_id="base_link")
    transform = to_transform(to_pose(T_BASE_CAM))
    bench.tf.publish(
        TFMessage(transforms=[TransformStamped(header=header, child_frame_id=FRAME_ID, transform=transform)])
    )


def find(bench: Any, scene: SyntheticScene) -> int:
    """Let the mug be found by its mask while TF ends before the image; gives the image's stamp in ns."""
    first = scene.frame_ids[0]
    stamp_ns: int = bench.send(scene.frame(first), scene.mask(first, "mug"))
    tell(bench, stamp_ns - 1_000_000)
    bench.wait(lambda: bench.status("objects") == "all objects are tracked", "the mug to be found")
    return stamp_ns


def test_poses_and_tf_are_in_the_robots_frame_at_the_images_stamp(robot: Any, scene: SyntheticScene) -> None:
    stamp_ns = find(robot, scene)
    states = [o.state for m in robot.heard["/pose_node/objects"] for o in m.objects]
    assert TrackedObject.TRACKING not in states
    tell(robot, stamp_ns)
    tracked = robot.object_of(stamp_ns, TrackedObject.TRACKING)
    truth = T_BASE_CAM @ scene.truth(scene.frame_ids[0], "mug")
    assert tracked.header.frame_id == "base_link"
    error_m, error_deg = pose_error(from_pose(tracked.pose.pose), truth, scene.model("mug").symmetries.transforms())
    assert error_m < 0.003 and error_deg < 3.0

    def ours() -> list[Any]:
        return [t for m in robot.heard["/tf"] for t in m.transforms if t.child_frame_id == "mug"]

    robot.wait(ours, "TF of the mug")
    assert ours()[0].header.frame_id == "base_link" and stamp_to_ns(ours()[0].header.stamp) == stamp_ns
    robot.wait(lambda: robot.status("output") == "poses in base_link", "the report")


def test_what_tf_lacks_is_said(robot: Any, scene: SyntheticScene) -> None:
    find(robot, scene)
    robot.wait(lambda: "before the image: wait longer" in robot.status("output"), "words about TF")
    assert robot.refused("no_transform") == 1


def test_what_tf_lacks_is_taken_from_before_where_that_is_asked(
    start: Callable[[dict[str, Any]], Any], scene: SyntheticScene, mesh_folder: Path
) -> None:
    parameters = {"objects": ["mug"], "mug.mesh": "mug.glb", "mesh_directories": [str(mesh_folder)]}
    held = {"output_frame": "base_link", "without_transform": "hold", "transform_wait_s": 0.05}
    bench = start(parameters | held)
    bench.ready()
    bench.tf = bench.user.create_publisher(TFMessage, "/tf", 100)
    bench.wait(lambda: bench.tf.get_subscription_count() >= 2, "the node to hear TF")
    first = scene.frame_ids[0]
    tell(bench, time.time_ns())
    stamp_ns = bench.send(scene.frame(first), scene.mask(first, "mug"), step_ns=10**9)
    tracked = bench.object_of(stamp_ns, TrackedObject.TRACKING)
    truth = T_BASE_CAM @ scene.truth(first, "mug")
    error_m, _ = pose_error(from_pose(tracked.pose.pose), truth, scene.model("mug").symmetries.transforms())
    assert tracked.header.frame_id == "base_link" and error_m < 0.003
    bench.wait(lambda: bench.refused("no_transform"), "words about TF")
