"""What is said of a demonstration, frames in which nothing is known of an object included."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_pose_ros.nodes.demo.pose_collector import PlayedFrame, PoseCollector, PublishedPose
from foundation_pose_ros.nodes.demo.record import DemoRecord


def pose(score: float, error_m: float = np.nan, in_doubt: bool = False) -> PublishedPose:
    return PublishedPose(np.eye(4), score, 1, in_doubt, error_m, 0.0 if np.isfinite(error_m) else np.nan)


def test_poses_without_truth_are_not_hidden(ros_context: Any) -> None:
    collector = PoseCollector({}, context=ros_context)
    collector.frames = {
        1: PlayedFrame(1, {"mug": np.eye(4)}, {"mug": pose(0.9, 0.001)}, latency_s=0.1, transforms={"mug"}),
        2: PlayedFrame(2, {}, {"mug": pose(0.004)}, latency_s=0.1, transforms={"mug"}),
        3: PlayedFrame(3, {}, {"mug": pose(0.31)}, latency_s=0.1, transforms={"mug"}),
    }
    line = DemoRecord(None, collector).line()  # type: ignore[arg-type]
    assert "3 poses published, 3 of them in TF" in line
    assert "2 poses where no true pose is known, with scores from 0.00 to 0.31" in line
    collector.destroy_node()


def test_a_frame_is_answered_once_what_is_sure_is_in_tf() -> None:
    frame = PlayedFrame(1, {}, {"mug": pose(0.9), "can": pose(0.2, in_doubt=True)}, latency_s=0.1)
    assert not frame.answered
    frame.transforms.add("mug")
    assert frame.answered
