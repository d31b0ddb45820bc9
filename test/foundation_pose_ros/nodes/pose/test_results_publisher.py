"""Outputs of one frame: all at its stamp and in its frame, none that nobody hears, none of what is lost."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from visualization_msgs.msg import Marker

from foundation_pose_ros.nodes.pose.messages import from_pose
from foundation_pose_ros.nodes.pose.object_catalogue import CatalogueEntry
from foundation_pose_ros.nodes.pose.results_publisher import OutputSettings, ResultsPublisher
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.streams.time_synchronizer import stamp_to_ns
from foundation_pose_ros.tracking import TrackedObject, TrackState

STAMP_NS = 12_345_678_901
OUTPUTS = ("~/detections", "~/objects", "/tf", "~/markers", "~/overlay")


class Publisher:
    """Keeps what is published; `listeners` hear it."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.listeners = 1

    def publish(self, message: Any) -> None:
        self.sent.append(message)

    def get_subscription_count(self) -> int:
        return self.listeners


class Node:
    """The part of a node that outputs need: it makes publishers, by topic."""

    def __init__(self) -> None:
        self.publishers: dict[str, Publisher] = {}

    def make_publisher(self, kind: type, topic: str, qos: int = 10) -> Publisher:
        return self.publishers.setdefault(topic, Publisher())

    def destroy_publisher(self, publisher: Publisher) -> None:
        self.publishers = {topic: other for topic, other in self.publishers.items() if other is not publisher}


@pytest.fixture
def stage(cube, cube_pose, see) -> Any:
    """A publisher of the cube's results, the node behind it, and a frame that shows the cube."""
    node = Node()
    publisher = ResultsPublisher(node, OutputSettings(tf_prefix="seen_", overlay_rate_hz=1e9))
    publisher.add_object("cube 1", CatalogueEntry(cube, Path("/meshes/cube.glb")))
    return SimpleNamespace(node=node, publisher=publisher, frame=see(cube_pose, stamp_ns=STAMP_NS).frame)


def tracked(T_cam_obj: np.ndarray, state: TrackState = TrackState.TRACKING, id: str = "cube 1") -> TrackedObject:
    result = PoseResult("cube", T_cam_obj, 0.9, np.diag(np.arange(1.0, 7.0)), stamp_ns=STAMP_NS, frame_id="camera")
    found = result if state is TrackState.TRACKING else None
    return TrackedObject(id, "cube", state, found, 1.0, 0.0, "", last_believed=result)


def test_all_messages_carry_stamp_and_frame_of_the_image_and_one_pose(stage, cube_pose):
    stage.publisher.publish(stage.frame, [tracked(cube_pose)])
    heard = {topic: publisher.sent for topic, publisher in stage.node.publishers.items()}
    (pose,), (detections,), (objects,), (overlay,) = (
        heard[topic] for topic in ("~/pose/cube_1", "~/detections", "~/objects", "~/overlay")
    )
    (transform,), markers = heard["/tf"][0].transforms, heard["~/markers"][0].markers
    for message in (pose, detections, objects, overlay, transform, *markers, *detections.detections, *objects.objects):
        assert stamp_to_ns(message.header.stamp) == STAMP_NS and message.header.frame_id == "camera"
    assert transform.child_frame_id == "seen_cube 1"
    (detection,), (state,) = detections.detections, objects.objects
    for found in (pose.pose, detection.results[0].pose, state.pose):
        assert from_pose(found.pose) == pytest.approx(cube_pose, abs=1e-6)
        assert np.asarray(found.covariance).reshape(6, 6) == pytest.approx(np.diag(np.arange(1.0, 7.0)))
    assert all(from_pose(marker.pose) == pytest.approx(cube_pose, abs=1e-6) for marker in markers)
    assert transform.transform.rotation == pose.pose.pose.orientation
    assert (overlay.width, overlay.height) == stage.frame.rgb.shape[1::-1]


def test_what_nobody_hears_is_not_published(stage, cube_pose):
    for publisher in stage.node.publishers.values():
        publisher.listeners = 0
    stage.publisher.publish(stage.frame, [tracked(cube_pose)])
    assert not any(publisher.sent for publisher in stage.node.publishers.values())


def test_a_lost_object_leaves_tf_and_its_markers_go_once(stage, cube_pose):
    sent = {topic: publisher.sent for topic, publisher in stage.node.publishers.items()}
    stage.publisher.publish(stage.frame, [tracked(cube_pose)])
    for _ in range(2):
        stage.publisher.publish(stage.frame, [tracked(cube_pose, TrackState.LOST)])
    shown, removed = sent["~/markers"]
    assert len(sent["/tf"]) == len(sent["~/pose/cube_1"]) == 1
    assert {marker.action for marker in removed.markers} == {Marker.DELETE}
    assert {marker.ns for marker in removed.markers} == {marker.ns for marker in shown.markers}
    assert [len(message.detections) for message in sent["~/detections"]] == [1, 0, 0]
    last = sent["~/objects"][-1].objects[0]
    assert last.state == int(TrackState.LOST) and last.score == 0
    assert from_pose(last.pose.pose) == pytest.approx(cube_pose, abs=1e-6)


@pytest.mark.parametrize(
    ("limit_s", "broadcast"), [(0.1, [True, True, False, True]), (0.0, [True, False, False, True])]
)
def test_a_pose_in_doubt_is_held_back_from_tf_and_said(stage, cube_pose, limit_s, broadcast):
    stage.publisher.settings = OutputSettings(tf_doubt_s=limit_s)
    sure = tracked(cube_pose)
    shown = []
    for one in (sure, *(replace(sure, in_doubt=True, doubt_s=s, reason="in doubt") for s in (0.05, 0.15)), sure):
        before = len(stage.node.publishers["/tf"].sent)
        stage.publisher.publish(stage.frame, [one])
        shown.append(len(stage.node.publishers["/tf"].sent) > before)
    assert shown == broadcast
    states = [message.objects[0] for message in stage.node.publishers["~/objects"].sent]
    assert [state.in_doubt for state in states] == [False, True, True, False]
    assert len(stage.node.publishers["~/pose/cube_1"].sent) == 4


def test_what_was_believed_last_is_held_on_tf_where_that_is_asked(stage, cube_pose):
    stage.publisher.settings = OutputSettings(tf_in_doubt="hold")
    sure = tracked(cube_pose)
    astray = np.array(cube_pose)
    astray[0, 3] += 0.1
    assert sure.result is not None
    doubted = replace(sure, result=replace(sure.result, T_cam_obj=astray), in_doubt=True, doubt_s=0.15)
    lost = tracked(cube_pose, TrackState.LOST)
    forgotten = replace(tracked(cube_pose, TrackState.SEARCHING), last_believed=None)
    for one in (sure, doubted, lost, forgotten):
        stage.publisher.publish(stage.frame, [one])
    shown = stage.node.publishers["/tf"].sent
    assert len(shown) == 3, "what was reset has no pose to hold"
    for message in shown:
        at = message.transforms[0].transform.translation
        assert (at.x, at.y, at.z) == pytest.approx(tuple(cube_pose[:3, 3]), abs=1e-6)
    assert len(stage.node.publishers["~/pose/cube_1"].sent) == 2, "there a pose is one that was seen"


def test_objects_that_were_taken_away_are_not_spoken_of(stage, cube_pose):
    markers, topics = stage.node.publishers["~/markers"], set(stage.node.publishers)
    stage.publisher.publish(stage.frame, [tracked(cube_pose)])
    stage.publisher.remove_object("cube 1")
    assert topics - set(stage.node.publishers) == {"~/pose/cube_1"}
    assert {marker.action for marker in markers.sent[-1].markers} == {Marker.DELETE}
    stage.publisher.publish(stage.frame, [tracked(cube_pose)])
    assert len(markers.sent) == 2 and not stage.node.publishers["~/detections"].sent[-1].detections


def test_overlays_keep_to_their_rate(stage, cube_pose, cube):
    slow = ResultsPublisher(stage.node, OutputSettings(overlay_rate_hz=1e-3))
    slow.add_object("cube 1", CatalogueEntry(cube, Path("/meshes/cube.glb")))
    for _ in range(3):
        slow.publish(stage.frame, [tracked(cube_pose)])
    assert len(stage.node.publishers["~/overlay"].sent) == 1


def test_masks_are_asked_for_by_id(stage):
    stage.publisher.ask_for_masks(("cube 1", "mug"))
    assert [message.data for message in stage.node.publishers["~/mask_request"].sent] == ["cube 1", "mug"]


def test_in_the_end_every_publisher_is_given_back(stage, cube_pose):
    stage.publisher.publish(stage.frame, [tracked(cube_pose)])
    stage.publisher.destroy()
    assert not stage.node.publishers
