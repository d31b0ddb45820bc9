"""What pose_node publishes of an object that is lost, or in doubt: its state, and what stands on /tf meanwhile."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_perception.msg import TrackedObject
from rclpy.parameter import Parameter
from visualization_msgs.msg import Marker

from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.frame import Frame
from foundation_pose_ros.nodes.pose.messages import from_pose
from foundation_pose_ros.streams.time_synchronizer import stamp_to_ns
from foundation_pose_ros.synthetic.scene import FRAME_ID, SyntheticScene


def test_a_lost_object_leaves_tf_and_comes_back(tracking: Any, scene: SyntheticScene) -> None:
    frame = scene.frame(scene.frame_ids[0])
    empty = Frame(np.full_like(frame.rgb, 90), np.full_like(frame.depth_m, 2.0), frame.camera, 0, FRAME_ID)
    for _ in range(20):
        stamp_ns = tracking.send(empty, step_ns=100_000_000)
        tracked = tracking.object_of(stamp_ns)
        if tracked.state == TrackedObject.LOST:
            break
    assert tracked.state == TrackedObject.LOST
    assert tracked.reason.startswith("lost: ")
    assert tracked.score == 0
    error_m, _ = pose_error(from_pose(tracked.pose.pose), scene.truth(scene.frame_ids[0], "mug"))
    assert error_m < 0.003, "the pose is the last one that was believed"
    asked = len(tracking.heard["/pose_node/mask_request"])

    since_ns = stamp_ns
    for _ in range(8):
        stamp_ns = tracking.send(empty, step_ns=100_000_000)
        assert tracking.object_of(stamp_ns).state == TrackedObject.LOST
    named = [
        t.child_frame_id for m in tracking.heard["/tf"] for t in m.transforms if stamp_to_ns(t.header.stamp) >= since_ns
    ]
    assert named == []
    assert not [m for m in tracking.heard["/pose_node/pose/mug"] if stamp_to_ns(m.header.stamp) >= since_ns]
    removed = {
        m.ns for array in tracking.heard["/pose_node/markers"] for m in array.markers if m.action == Marker.DELETE
    }
    assert removed == {"mug/mesh", "mug/axes"}
    tracking.wait(lambda: len(tracking.heard["/pose_node/mask_request"]) > asked, "a request for a mask")
    assert tracking.heard["/pose_node/mask_request"][-1].data == "mug"

    mask = scene.mask(scene.frame_ids[0], "mug")
    stamp_ns = tracking.send(frame, mask, step_ns=100_000_000)
    tracking.object_of(stamp_ns, TrackedObject.TRACKING)


def test_a_pose_in_doubt_is_said_and_held_back_from_tf(tracking: Any, scene: SyntheticScene) -> None:
    frame = scene.frame(scene.frame_ids[0])
    hidden = Frame(np.full_like(frame.rgb, 90), np.full_like(frame.depth_m, 2.0), frame.camera, 0, FRAME_ID)
    states = {}
    for shown in (frame, hidden, hidden, hidden, frame, frame, frame, frame):
        stamp_ns = tracking.send(shown, step_ns=60_000_000)
        states[stamp_ns] = tracking.object_of(stamp_ns, TrackedObject.TRACKING)
    doubts = [state.in_doubt for state in states.values()]
    assert doubts == [False, True, True, True, True, True, False, False]
    broadcast = {stamp_to_ns(t.header.stamp) for m in tracking.heard["/tf"] for t in m.transforms}
    held_back = [stamp_ns not in broadcast for stamp_ns in states]
    assert held_back[0] is held_back[-1] is False and all(held_back[3:6]), "from 0.1 s after the doubt began"
    sure, doubted = (np.asarray(states[stamp_ns].pose.covariance) for stamp_ns in (min(states), sorted(states)[4]))
    assert doubted[35] >= sure[35], "a pose in doubt is less certain"


def test_tf_holds_what_was_believed_where_that_is_asked(tracking: Any, scene: SyntheticScene) -> None:
    frame = scene.frame(scene.frame_ids[0])
    empty = Frame(np.full_like(frame.rgb, 90), np.full_like(frame.depth_m, 2.0), frame.camera, 0, FRAME_ID)
    assert tracking.node.set_parameters([Parameter("tf_in_doubt", value="hold")])[0].successful
    tracking.object_of(tracking.send(frame, step_ns=100_000_000), TrackedObject.TRACKING)
    stamps = [tracking.send(empty, step_ns=100_000_000)]
    while tracking.object_of(stamps[-1]).state != TrackedObject.LOST:
        stamps.append(tracking.send(empty, step_ns=100_000_000))

    def shown() -> dict[int, float]:
        sent = [t for m in tracking.heard["/tf"] for t in m.transforms]
        return {stamp_to_ns(t.header.stamp): t.transform.translation.z for t in sent}

    tracking.wait(lambda: stamps[-1] in shown(), "TF of a lost object")
    distance_m = scene.truth(scene.frame_ids[0], "mug")[2, 3]
    assert [shown()[stamp_ns] for stamp_ns in stamps] == pytest.approx([distance_m] * len(stamps), abs=0.003)
    assert tracking.node.set_parameters([Parameter("tf_in_doubt", value="drop")])[0].successful
    again_ns = tracking.send(frame, scene.mask(scene.frame_ids[0], "mug"), step_ns=100_000_000)
    tracking.object_of(again_ns, TrackedObject.TRACKING)
