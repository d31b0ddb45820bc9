"""pose_node with nothing but a camera: nobody sends a mask, and the object is found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_perception.msg import TrackedObject

from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.nodes.pose.messages import from_pose
from foundation_pose_ros.synthetic.scene import SyntheticScene


def test_an_object_is_found_without_a_mask(
    start: Callable[[dict[str, Any]], Any], scene: SyntheticScene, mesh_folder: Path
) -> None:
    bench = start({"objects": ["mug"], "mug.mesh": "mug.glb", "mesh_directories": [str(mesh_folder)]})
    bench.unmasked()
    bench.ready()
    for frame_id in scene.frame_ids:
        frame = scene.frame(frame_id)
        stamp_ns = bench.send(frame)
        tracked = bench.object_of(stamp_ns)
        if tracked.state == TrackedObject.TRACKING:
            break
        bench.wait(lambda: not bench.node.session.pipeline.tracker.searches, "the end of a search")
    assert tracked.state == TrackedObject.TRACKING
    symmetries = scene.model("mug").symmetries.transforms()
    error_m, error_deg = pose_error(from_pose(tracked.pose.pose), scene.truth(frame_id, "mug"), symmetries)
    assert error_m < 0.003 and error_deg < 2.0
