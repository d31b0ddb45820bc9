"""What agents are told of a tracked object."""

import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from builtin_interfaces.msg import Time
from foundation_perception.msg import TrackedObject

from foundation_pose_ros.nodes.agents.seen import seen


def tracked() -> TrackedObject:
    message = TrackedObject(id="mug_1", class_id="mug", state=TrackedObject.TRACKING, score=0.9)
    message.header.frame_id, message.header.stamp = "camera", Time(sec=10)
    message.pose.pose.position.z, message.pose.pose.orientation.w = 0.5, 1.0
    message.translation_error_mm, message.rotation_error_deg = [1.5, 3.0], [0.5, 1.0]
    return message


def test_a_pose_comes_with_frame_age_score_and_error_in_words() -> None:
    told = seen(tracked(), 10_250_000_000)
    assert (told.name, told.model, told.believed, told.frame_id) == ("mug_1", "mug", True, "camera")
    assert told.position_m == (0.0, 0.0, 0.5) and told.quaternion_xyzw == (0.0, 0.0, 0.0, 1.0)
    assert told.age_s == pytest.approx(0.25)
    assert told.words == (
        "mug_1 is at x 0.000 m, y 0.000 m, z 0.500 m in camera, quaternion x y z w (0.000, 0.000, 0.000, 1.000), "
        "score 0.90, 0.25 s old; if right, off by less than 1.5 mm and 0.5 degrees in 68 % of cases"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"in_doubt": True, "reason": "covered"}, "mug_1 is in doubt, without a pose to act on: covered"),
        ({"state": TrackedObject.LOST}, "mug_1 is LOST, without a pose to act on: nothing is known yet"),
        ({"score": 0.0}, "mug_1 is in doubt, without a pose to act on: nothing is known yet"),
    ],
)
def test_what_is_not_believed_has_no_pose(changes: dict[str, object], said: str) -> None:
    message = tracked()
    for name, value in changes.items():
        setattr(message, name, value)
    told = seen(message, 10_000_000_000)
    assert not told.believed and told.position_m is None and told.quaternion_xyzw is None and told.words == said
