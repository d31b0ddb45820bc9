"""Poses to messages and back: nothing lost, quaternions that don't jump, times to the nanosecond."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_pose_ros import se3
from foundation_pose_ros.nodes.pose.messages import (
    QuaternionSigns,
    from_pose,
    to_ambiguous_turn,
    to_duration,
    to_pose,
    to_stamp,
    to_transform,
)
from foundation_pose_ros.pose_result import AmbiguousTurn
from foundation_pose_ros.se3 import from_rotation_translation
from foundation_pose_ros.streams.time_synchronizer import stamp_to_ns

angles = st.floats(-np.pi, np.pi, allow_nan=False)
metres = st.floats(-5, 5, allow_nan=False)


@given(st.tuples(angles, angles, angles), st.tuples(metres, metres, metres))
def test_a_pose_comes_back(euler: tuple[float, ...], position: tuple[float, ...]) -> None:
    T = from_rotation_translation(Rotation.from_euler("xyz", euler).as_matrix(), np.array(position))
    pose = to_pose(T)
    q = pose.orientation
    assert np.linalg.norm([q.x, q.y, q.z, q.w]) == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(from_pose(pose), T, atol=2e-6)
    transform = to_transform(pose)
    assert (transform.translation.x, transform.rotation) == (pose.position.x, pose.orientation)


@given(st.integers(0, 2**62 // 1_000_000_000 * 1_000_000_000))
def test_a_stamp_comes_back(stamp_ns: int) -> None:
    stamp_ns = min(stamp_ns, (2**31 - 1) * 1_000_000_000)
    assert stamp_to_ns(to_stamp(stamp_ns)) == stamp_ns


@pytest.mark.parametrize(
    ("seconds", "wanted"), [(None, (0, 0)), (0.0, (0, 0)), (1.5, (1, 500_000_000)), (0.9999999999, (1, 0))]
)
def test_durations(seconds: float | None, wanted: tuple[int, int]) -> None:
    duration = to_duration(seconds)
    assert (duration.sec, duration.nanosec) == wanted


def test_quaternions_of_a_turning_object_never_jump() -> None:
    signs = QuaternionSigns()
    turn = [
        Rotation.from_euler("xyz", [0.3, 0.1, angle]).as_quat(canonical=True)
        for angle in np.linspace(0, 6 * np.pi, 400)
    ]
    shown = np.array([signs.continuous("mug", q) for q in turn])
    assert np.abs(np.diff(shown, axis=0)).max() < 0.1
    assert np.abs(np.diff(turn, axis=0)).max() > 0.5
    signs.forget("mug")
    np.testing.assert_array_equal(signs.continuous("mug", turn[-1]), turn[-1])


def test_a_turn_that_cannot_be_told_is_said_in_the_meshs_frame_and_degrees() -> None:
    turn = AmbiguousTurn(np.array([0.0, 0.6, 0.8]), np.array([0.01, 0.0, -0.02]), -70.0, 55.0, 0.4)
    message = to_ambiguous_turn(turn)
    assert (message.axis.x, message.axis.y, message.axis.z) == pytest.approx((0.0, 0.6, 0.8))
    assert (message.point.x, message.point.y, message.point.z) == pytest.approx((0.01, 0.0, -0.02))
    assert (message.from_deg, message.to_deg, message.probability) == pytest.approx((-70.0, 55.0, 0.4))


def test_quaternions_are_those_of_tf_transformations() -> None:
    theirs = pytest.importorskip("tf_transformations", reason="tf_transformations isn't installed here")
    rng = np.random.default_rng(0)
    for _ in range(50):
        quaternion = rng.normal(size=4)
        quaternion /= np.linalg.norm(quaternion)
        T = se3.from_quaternion_xyzw(quaternion, np.zeros(3))
        assert np.abs(T - theirs.quaternion_matrix(quaternion)).max() < 1e-6
        ours, back = se3.to_quaternion_xyzw(T), np.asarray(theirs.quaternion_from_matrix(T))
        assert abs(float(ours @ back)) == pytest.approx(1.0, abs=1e-6)
