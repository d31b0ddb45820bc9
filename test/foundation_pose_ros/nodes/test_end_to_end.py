"""pose_node from outside: images over DDS in, and what is published, answered and reported out."""

import threading
from typing import Any

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_perception.msg import TrackedObject
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose
from visualization_msgs.msg import Marker

from foundation_pose_ros.estimation.methods import GeometricMethods
from foundation_pose_ros.estimation.prepared_object import PreparedObject
from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.nodes.demo.pose_collector import PoseCollector
from foundation_pose_ros.nodes.pose.messages import from_pose, to_stamp
from foundation_pose_ros.nodes.pose.node import PoseNode
from foundation_pose_ros.nodes.replay.source import ReplaySource
from foundation_pose_ros.nodes.replay_node import ReplayNode
from foundation_pose_ros.se3 import from_quaternion_xyzw
from foundation_pose_ros.streams.image_messages import fill_image
from foundation_pose_ros.streams.time_synchronizer import stamp_to_ns
from foundation_pose_ros.synthetic.scene import FRAME_ID, SyntheticScene

from .conftest import register


def states_of(bench: Any) -> dict[str, int]:
    return {tracked.id: tracked.state for tracked in bench.heard["/pose_node/objects"][-1].objects}


@pytest.fixture(scope="module")
def played(bench: Any, scene: SyntheticScene) -> PoseCollector:
    """What was published while replay_node played the scene."""
    remapped = ["--ros-args", "-r", "objects:=/pose_node/objects", "-r", "mask_request:=/pose_node/mask_request"]
    replay = ReplayNode(
        ReplaySource(scene, ("mug",)),
        context=bench.context,
        cli_args=remapped,
        parameter_overrides=[Parameter("lockstep", value=True), Parameter("preload", value=True)],
    )
    collector = PoseCollector({"mug": scene.model("mug").symmetries.transforms()}, context=bench.context)
    finished: list[bool] = []
    replay.finished = lambda: finished.append(True)
    executor = SingleThreadedExecutor(context=bench.context)
    executor.add_node(replay)
    executor.add_node(collector)

    def spun() -> bool:
        executor.spin_once(timeout_sec=0.05)
        return bool(finished) and all(frame.answered for frame in collector.frames.values())

    bench.wait(spun, "the recording's end")
    executor.shutdown()
    replay.destroy_node()
    collector.destroy_node()
    return collector


def test_published_poses_are_near_the_true_ones(played: PoseCollector, scene: SyntheticScene) -> None:
    figures = played.summary()
    assert figures.frames == len(scene.frame_ids)
    assert figures.unanswered == 0
    # Where the first mask comes after its frame, the first pose is that of the frame after.
    assert figures.poses >= figures.frames - 1
    assert figures.registrations == 1
    assert figures.median_error_mm < 3.0
    assert figures.median_error_deg < 2.0


def test_tf_holds_the_pose_of_the_same_image(played: PoseCollector, bench: Any, scene: SyntheticScene) -> None:
    transforms = {
        stamp_to_ns(transform.header.stamp): transform
        for message in bench.heard["/tf"]
        for transform in message.transforms
    }
    symmetries = scene.model("mug").symmetries.transforms()
    errors = []
    for stamp_ns, frame in [(s, f) for s, f in played.frames.items() if f.poses]:
        transform = transforms[stamp_ns]
        assert (transform.header.frame_id, transform.child_frame_id) == (FRAME_ID, "mug")
        q, t = transform.transform.rotation, transform.transform.translation
        T_cam_obj = from_quaternion_xyzw(np.array([q.x, q.y, q.z, q.w]), np.array([t.x, t.y, t.z]))
        np.testing.assert_allclose(T_cam_obj, frame.poses["mug"].T_cam_obj, atol=1e-6)
        errors.append(pose_error(T_cam_obj, frame.truth["mug"], symmetries))
    median_m, median_deg = np.median(errors, axis=0)
    assert median_m < 0.003 and median_deg < 2.0


def test_every_output_carries_stamp_and_frame_of_its_image(played: PoseCollector, bench: Any) -> None:
    bench.wait(lambda: bench.heard["/pose_node/overlay"], "an overlay")
    headers = {
        topic: [message.header for message in bench.heard[f"/pose_node/{topic}"]]
        for topic in ("detections", "objects", "pose/mug", "overlay")
    }
    headers["elements"] = [
        element.header
        for topic, elements in (("detections", "detections"), ("objects", "objects"), ("markers", "markers"))
        for message in bench.heard[f"/pose_node/{topic}"]
        for element in getattr(message, elements)
    ]
    for topic, stamped in headers.items():
        assert stamped, topic
        assert {header.frame_id for header in stamped} == {FRAME_ID}, topic
        assert {stamp_to_ns(header.stamp) for header in stamped} <= set(played.frames), topic
    for topic in ("detections", "objects"):
        assert list(dict.fromkeys(stamp_to_ns(header.stamp) for header in headers[topic])) == list(played.frames), topic


def test_detections_say_everything(played: PoseCollector, bench: Any, scene: SyntheticScene) -> None:
    detections = [d for message in bench.heard["/pose_node/detections"] for d in message.detections]
    assert len(detections) >= len(played.frames) - 1
    for detection in detections:
        (result,) = detection.results
        assert (detection.id, result.hypothesis.class_id) == ("mug", "mug")
        assert 0.5 < result.hypothesis.score <= 1.0
        covariance = result.pose.covariance.reshape(6, 6)
        assert np.all(np.linalg.eigvalsh(covariance) > 0)
        size = detection.bbox.size
        np.testing.assert_allclose((size.x, size.y, size.z), scene.model("mug").extents_m, rtol=1e-5)


def test_register_answers_with_the_pose_of_the_masks_image(bench: Any, scene: SyntheticScene) -> None:
    bench.call("reset")
    first = scene.frame_ids[0]
    stamp_ns = bench.send(scene.frame(first))
    assert bench.object_of(stamp_ns).state == TrackedObject.SEARCHING
    mask = fill_image(Image(), np.where(scene.mask(first, "mug"), 255, 0).astype(np.uint8), "mono8")
    mask.header.stamp = to_stamp(stamp_ns)

    answer = bench.call("register", object_name="mug", mask=mask)

    assert answer.success, answer.message
    assert stamp_to_ns(answer.object.header.stamp) == stamp_ns
    symmetries = scene.model("mug").symmetries.transforms()
    error_m, error_deg = pose_error(from_pose(answer.object.pose.pose), scene.truth(first, "mug"), symmetries)
    assert error_m < 0.003 and error_deg < 2.0


def test_register_refuses_a_mask_of_something_else_and_the_track_goes_on(tracking: Any, scene: SyntheticScene) -> None:
    second = scene.frame_ids[1]
    stamp_ns = tracking.send(scene.frame(second))
    tracking.object_of(stamp_ns, TrackedObject.TRACKING)
    beside = np.roll(scene.mask(second, "mug"), 200, axis=1)
    mask = fill_image(Image(), np.where(beside, 255, 0).astype(np.uint8), "mono8")
    mask.header.stamp = to_stamp(stamp_ns)

    answer = tracking.call("register", object_name="mug", mask=mask)

    assert not answer.success
    assert "tracked on as before" in answer.message


def test_a_detectors_box_starts_a_track(bench: Any, scene: SyntheticScene) -> None:
    bench.call("reset")
    first = scene.frame_ids[0]
    stamp_ns = bench.send(scene.frame(first))
    assert bench.object_of(stamp_ns).state == TrackedObject.SEARCHING
    rows, columns = np.nonzero(scene.mask(first, "mug"))
    message = Detection2DArray()
    message.header.stamp = to_stamp(stamp_ns)
    # The mug is the detector's second guess at another box, and its best one at this.
    for names, left in ((("cup", "mug"), 0), (("mug", "cup"), int(columns.min()))):
        detection = Detection2D()
        for name, score in zip(names, (0.9, 0.2), strict=True):
            detection.results.append(ObjectHypothesisWithPose())
            detection.results[-1].hypothesis.class_id, detection.results[-1].hypothesis.score = name, score
        detection.bbox.size_x = float(np.ptp(columns) + 1)
        detection.bbox.size_y = float(np.ptp(rows) + 1)
        detection.bbox.center.position.x = left + detection.bbox.size_x / 2
        detection.bbox.center.position.y = rows.min() + detection.bbox.size_y / 2
        message.detections.append(detection)
    publisher = bench.user.create_publisher(Detection2DArray, "boxes", 10)
    bench.wait(publisher.get_subscription_count, "pose_node to listen to boxes")

    publisher.publish(message)

    tracked = bench.object_of(stamp_ns, TrackedObject.TRACKING)
    error_m, error_deg = pose_error(from_pose(tracked.pose.pose), scene.truth(first, "mug"))
    assert error_m < 0.003 and error_deg < 2.0
    bench.user.destroy_publisher(publisher)
    bench.call("reset")


def test_reset_forgets(tracking: Any, scene: SyntheticScene) -> None:
    answer = tracking.call("reset", object_name="mug")
    assert answer.success
    stamp_ns = tracking.send(scene.frame(scene.frame_ids[1]))
    tracked = tracking.object_of(stamp_ns)
    assert (tracked.state, tracked.reason) == (TrackedObject.SEARCHING, "reset: waiting for a mask")


def test_objects_come_and_go_while_another_is_tracked(
    tracking: Any, scene: SyntheticScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def noted(*arguments: Any) -> PreparedObject:
        prepared_in.append(threading.current_thread().name)
        return prepare(*arguments)

    prepare, prepared_in = GeometricMethods.prepare, []
    monkeypatch.setattr(GeometricMethods, "prepare", noted)
    added = tracking.call("add_object", name="second", mesh="mug.glb", unit="m", symmetries_yaml="none")
    assert added.success, added.message
    stamp_ns = tracking.send(scene.frame(scene.frame_ids[1]))
    tracking.object_of(stamp_ns, TrackedObject.TRACKING)
    assert states_of(tracking) == {"mug": TrackedObject.TRACKING, "second": TrackedObject.SEARCHING}
    assert len(prepared_in) == 1 and prepared_in[0] != "pose", "not in the thread that tracks"

    removed = tracking.call("remove_object", name="second")
    assert removed.success, removed.message
    stamp_ns = tracking.send(scene.frame(scene.frame_ids[2]))
    tracking.object_of(stamp_ns, TrackedObject.TRACKING)
    assert states_of(tracking) == {"mug": TrackedObject.TRACKING}


def test_a_deactivated_node_is_silent_and_starts_anew(tracking: Any, scene: SyntheticScene) -> None:
    frame = scene.frame(scene.frame_ids[0])
    # Markers are made for those that listen, and taken away before the node falls silent.
    assert tracking.transition("deactivate")
    removed = [m for array in tracking.heard["/pose_node/markers"] for m in array.markers if m.action == Marker.DELETE]
    assert removed
    heard = len(tracking.heard["/pose_node/objects"])
    tracking.send(frame)
    tracking.wait(lambda: tracking.status("input").startswith("not active"), "the report that it isn't active")
    assert len(tracking.heard["/pose_node/objects"]) == heard
    mask = fill_image(Image(), np.full(frame.depth_m.shape, 255, np.uint8), "mono8")
    assert "no image" in tracking.call("register", object_name="mug", mask=mask).message

    assert tracking.transition("cleanup")
    assert tracking.transition("configure")
    assert tracking.transition("activate")
    tracking.ready()
    register(tracking, scene)


@pytest.mark.parametrize(
    ("remapped", "colour"),
    [
        ("rgb/image:=/camera/color/image_raw", "/camera/color/image_raw/compressed"),
        ("rgb/image/compressed:=/small", "/small"),
    ],
)
def test_compressed_images_are_heard_beside_the_remapped_topic(ros_context: Any, remapped: str, colour: str) -> None:
    settings = {"autostart": False, "rgb_transport": "compressed", "depth_transport": "compressedDepth"}
    node = PoseNode(
        context=ros_context,
        parameter_overrides=[Parameter(name, value=value) for name, value in settings.items()],
        cli_args=["--ros-args", "-r", remapped, "-r", "depth/image:=/camera/depth"],
    )
    assert node.trigger_configure() is TransitionCallbackReturn.SUCCESS
    assert node.trigger_activate() is TransitionCallbackReturn.SUCCESS
    assert {colour, "/camera/depth/compressedDepth"} <= {s.topic_name for s in node.subscriptions}
    node.destroy_node()
