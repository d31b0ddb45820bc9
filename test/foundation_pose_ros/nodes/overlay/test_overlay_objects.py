"""What anybody may publish as poses of objects: what makes no sense is refused in words, and the rest is shown."""

import math
import threading
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_perception.msg import TrackedObject, TrackedObjectArray
from geometry_msgs.msg import Point, Pose, PoseWithCovariance, Quaternion
from std_msgs.msg import Header

from foundation_pose_ros import Camera, Frame, ObjectModel, se3
from foundation_pose_ros.nodes.overlay.objects import OverlayObjects, Way
from foundation_pose_ros.nodes.pose.messages import to_stamp
from foundation_pose_ros.overlay import PredictionSettings
from foundation_pose_ros.synthetic.meshes import make_mesh

CUBE = ObjectModel.from_mesh(make_mesh("sticker_cube"), name="cube")
CAMERA = Camera(500.0, 500.0, 31.5, 23.5, 64, 48)
STAMP_NS = 10**9


def tracked(id: str, pose: Pose | None = None, score: float = 0.9, **fields: Any) -> TrackedObject:
    pose = pose or Pose(position=Point(z=0.5))
    return TrackedObject(
        id=id,
        class_id="cube",
        state=TrackedObject.TRACKING,
        score=score,
        pose=PoseWithCovariance(pose=pose),
        **fields,
    )


def shown(objects: OverlayObjects, way: Way = lambda *_: None, frame_id: str = "camera") -> dict[str, Any]:
    frame = Frame(np.zeros((48, 64, 3), np.uint8), np.ones((48, 64), np.float32), CAMERA, STAMP_NS, frame_id)
    return {each.id: each for each in objects.at(frame, PredictionSettings(), 1.0, way)}


def said(*objects: TrackedObject) -> TrackedObjectArray:
    return TrackedObjectArray(header=Header(stamp=to_stamp(STAMP_NS), frame_id="camera"), objects=objects)


def test_poses_that_are_none_are_refused_and_the_others_shown() -> None:
    objects = OverlayObjects({"cube": CUBE})
    turns = Quaternion(x=0.0, y=0.0, z=0.0, w=0.0), Quaternion(x=math.nan)
    bad = [Pose(orientation=turn) for turn in turns] + [Pose(position=Point(x=x)) for x in (math.inf, 1e300)]
    refused = objects.take(said(*[tracked(f"bad_{k}", pose) for k, pose in enumerate(bad)], tracked("good")))
    assert [each.reason for each in refused] == ["bad_pose"] * 4
    assert list(shown(objects)) == ["good"] and shown(objects)["good"].T_cam_obj[2, 3] == pytest.approx(0.5)
    # An object that isn't tracked needs no pose.
    lost = TrackedObject(id="lost", class_id="cube", state=TrackedObject.LOST, reason="long\n" * 1000)
    lost.pose.pose = bad[0]
    assert objects.take(said(lost)) == [] and len(shown(objects)["lost"].state) < 300


def test_objects_without_number_or_end_are_refused() -> None:
    objects = OverlayObjects({"cube": CUBE})
    refused = objects.take(said(tracked("m" * 100_000), tracked("mug", score=math.nan)))
    assert [each.reason for each in refused] == ["bad_object"] * 2
    assert all(len(str(each)) < 400 for each in refused) and shown(objects) == {}
    refused = objects.take(said(*[tracked(f"mug_{k}") for k in range(1000)]))
    assert [each.reason for each in refused] == ["too_many_objects"]
    assert len(shown(objects)) == 200


def test_runners_up_that_are_no_poses_are_left_out() -> None:
    objects = OverlayObjects({"cube": CUBE})
    runners_up = [Pose(position=Point(z=0.6)), Pose(orientation=Quaternion(w=0.0)), *[Pose()] * 1000]
    objects.take(said(tracked("mug", alternatives=runners_up, alternative_scores=[0.2, 0.1] + [0.01] * 1000)))
    found = shown(objects)["mug"].runners_up
    assert len(found) == 7 and found[0].score == pytest.approx(0.2)


def test_poses_of_another_frame_are_brought_into_the_image_and_new_ones_are_heard_meanwhile() -> None:
    objects = OverlayObjects({"cube": CUBE})
    other = tracked("mug", alternatives=[Pose(position=Point(z=0.6))], alternative_scores=[0.2])
    objects.take(said(other))

    def way(target: str, source: str, stamp_ns: int) -> np.ndarray:
        assert (target, source, stamp_ns) == ("hand", "camera", STAMP_NS)
        hearing = threading.Thread(target=objects.take, args=(said(other),), daemon=True)
        hearing.start()
        hearing.join(20)
        assert not hearing.is_alive(), "nobody waits for TF but who draws"
        return se3.from_rotation_translation(np.eye(3), np.array([0.0, 0.0, 1.0]))

    mug = shown(objects, way, "hand")["mug"]
    assert (mug.T_cam_obj[2, 3], mug.runners_up[0].T_cam_obj[2, 3]) == pytest.approx((1.5, 1.6))
    assert shown(objects, frame_id="hand")["mug"].state == "no TF from camera to hand"
