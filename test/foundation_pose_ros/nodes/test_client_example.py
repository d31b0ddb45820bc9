"""The client in examples/ has pose_node register with its mask, and hears the poses."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from rclpy.executors import SingleThreadedExecutor

from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.nodes.pose.messages import from_pose
from foundation_pose_ros.synthetic.scene import SyntheticScene


def test_the_client_registers_with_its_mask_and_hears_poses(
    bench: Any, scene: SyntheticScene, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = scene.frame_ids[0]
    mask = scene.mask(first, "mug")
    assert mask is not None
    make = runpy.run_path(str(repository / "examples" / "ros_client.py"))["PoseClient"]
    client = make("mug", mask.astype(np.uint8) * 255, context=bench.context)
    executor = SingleThreadedExecutor(context=bench.context)
    executor.add_node(client)

    def heard() -> bool:
        bench.send(scene.frame(first))
        executor.spin_once(timeout_sec=0.2)
        return len(client.poses) >= 2

    try:
        bench.wait(heard, "two poses of the mug")
    finally:
        executor.shutdown()
        client.destroy_node()
    for tracked in client.poses:
        error_m, error_deg = pose_error(from_pose(tracked.pose.pose), scene.truth(first, "mug"))
        assert error_m < 0.003 and error_deg < 3.0
    assert "mug at (" in capsys.readouterr().out
