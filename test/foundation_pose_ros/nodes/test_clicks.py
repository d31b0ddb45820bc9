"""Clicks on an object start its track: a pixel by service and by topic, a point in any frame of TF's."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_perception.msg import TrackedObject
from foundation_perception.srv import RegisterAtPixel
from geometry_msgs.msg import Point, PointStamped, TransformStamped
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from foundation_pose_ros import se3
from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.nodes.latched import LATCHED
from foundation_pose_ros.nodes.pose.messages import from_pose, to_pose, to_transform
from foundation_pose_ros.synthetic.scene import FRAME_ID, SyntheticScene


def pixel_of(scene: SyntheticScene) -> tuple[int, int]:
    """A pixel (u, v) in the middle of the mug's mask."""
    v, u = np.nonzero(scene.mask(scene.frame_ids[0], "mug"))
    middle = int(np.hypot(u - u.mean(), v - v.mean()).argmin())
    return int(u[middle]), int(v[middle])


def assert_right(tracked: Any, scene: SyntheticScene) -> None:
    symmetries = scene.model("mug").symmetries.transforms()
    error_m, error_deg = pose_error(from_pose(tracked.pose.pose), scene.truth(scene.frame_ids[0], "mug"), symmetries)
    assert error_m < 0.004 and error_deg < 4.0


@pytest.fixture
def shown(bench: Any, scene: SyntheticScene) -> int:
    """The stamp of a frame that the node has, with nothing tracked."""
    bench.call("reset")
    stamp_ns: int = bench.send(scene.frame(scene.frame_ids[0]))
    bench.object_of(stamp_ns)
    return stamp_ns


def test_a_pixel_by_service(bench: Any, scene: SyntheticScene, shown: int) -> None:
    client = bench.user.create_client(RegisterAtPixel, "/pose_node/register_at_pixel")
    assert client.wait_for_service(timeout_sec=20)
    u, v = pixel_of(scene)
    for pixel, fine in (((u, v), True), ((10_000, 3), False)):
        future = client.call_async(RegisterAtPixel.Request(u=pixel[0], v=pixel[1]))
        bench.wait(future.done, "an answer")
        answer = future.result()
        assert answer.success is fine, answer.message
        if fine:
            assert_right(answer.object, scene)
        else:
            assert "outside of the image" in answer.message


def test_a_pixel_by_topic(bench: Any, scene: SyntheticScene, shown: int) -> None:
    publisher = bench.user.create_publisher(Point, "clicked_pixel", 1)
    bench.wait(publisher.get_subscription_count, "the node to hear clicks")
    u, v = pixel_of(scene)
    publisher.publish(Point(x=float(u), y=float(v)))
    assert_right(bench.object_of(shown, TrackedObject.TRACKING), scene)


def test_a_point_in_another_frame(bench: Any, scene: SyntheticScene, shown: int) -> None:
    T_map_cam = se3.from_rotation_translation(
        np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]), np.array([1.0, 2.0, 0.5])
    )
    tf = bench.user.create_publisher(TFMessage, "/tf_static", LATCHED)
    transform = to_transform(to_pose(T_map_cam))
    header = Header(frame_id="map")
    tf.publish(TFMessage(transforms=[TransformStamped(header=header, child_frame_id=FRAME_ID, transform=transform)]))
    publisher = bench.user.create_publisher(PointStamped, "clicked_point", 1)
    bench.wait(publisher.get_subscription_count, "the node to hear clicks")
    frame = scene.frame(scene.frame_ids[0])
    u, v = pixel_of(scene)
    point_cam = frame.camera.rays(u, v) * frame.depth_m[v, u]
    x, y, z = (float(value) for value in T_map_cam[:3, :3] @ point_cam + T_map_cam[:3, 3])
    publisher.publish(PointStamped(header=header, point=Point(x=x, y=y, z=z)))
    assert_right(bench.object_of(shown, TrackedObject.TRACKING), scene)
