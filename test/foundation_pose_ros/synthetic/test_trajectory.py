"""Paths keep their limits, start softly, and are the same for the same seed."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from foundation_pose_ros.se3 import rotation_angle_rad
from foundation_pose_ros.synthetic.trajectory import Motion, camera_path, look_at, object_path, stamps_ns

TARGET_M = np.array([0.1, -0.2, 0.05])
STEADY = Motion(tremor_m=0.0, tremor_deg=0.0)


def path(seed: int, motion: Motion = STEADY, frames: int = 90, **ranges) -> np.ndarray:
    return camera_path(frames, 30.0, TARGET_M, np.random.default_rng(seed), motion, **ranges)


def speeds(T: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Metres and degrees per second between frames, at 30 Hz."""
    metres = np.linalg.norm(np.diff(T[:, :3, 3], axis=0), axis=1)
    return 30 * metres, 30 * np.rad2deg(rotation_angle_rad(T[:-1, :3, :3], T[1:, :3, :3]))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("motion", [STEADY, Motion(0.5, 20.0, 0, 0), Motion(0.05, 90.0, 0, 0)])
def test_a_steady_camera_keeps_both_limits_and_uses_one_of_them(motion, seed):
    metres, degrees = speeds(path(seed, motion))
    used = np.maximum(metres / motion.speed_m_s, degrees / motion.turn_deg_s)
    assert used.max() < 1.01
    # The median: where the path turns round between two frames, they are closer together.
    assert np.median(used[20:]) == pytest.approx(1, abs=0.01)
    assert used[0] < 0.1  # from rest


@pytest.mark.parametrize("seed", range(5))
def test_the_camera_stays_in_its_ranges_and_looks_at_the_target(seed):
    T = path(seed, distance_m=(0.5, 0.7), elevation_deg=(30.0, 50.0), azimuth_deg=(-120.0, -60.0))
    from_target = T[:, :3, 3] - TARGET_M
    distance_m = np.linalg.norm(from_target, axis=1)
    elevation_deg = np.rad2deg(np.arcsin(from_target[:, 2] / distance_m))
    azimuth_deg = np.rad2deg(np.arctan2(from_target[:, 1], from_target[:, 0]))
    # Splines overshoot their key poses a little.
    assert 0.45 < distance_m.min() < distance_m.max() < 0.75
    assert 25 < elevation_deg.min() < elevation_deg.max() < 55
    assert -128 < azimuth_deg.min() < azimuth_deg.max() < -52
    aim = -np.einsum("ni,ni->n", T[:, :3, 2], from_target) / distance_m
    assert np.rad2deg(np.arccos(aim.min())) < 15


def test_a_hand_trembles_by_the_stated_amount():
    motion = Motion(tremor_m=0.002, tremor_deg=0.3)
    T, steady = path(0, motion, frames=600), path(0, frames=600)
    shift_m = T[:, :3, 3] - steady[:, :3, 3]
    turn_deg = np.rad2deg(rotation_angle_rad(T[:, :3, :3], steady[:, :3, :3]))
    assert np.sqrt((shift_m**2).mean()) == pytest.approx(0.002, rel=0.3)
    assert np.sqrt((turn_deg**2).mean() / 3) == pytest.approx(0.3, rel=0.3)


def test_every_pose_is_a_rigid_transform_and_the_seed_decides_it():
    T = path(3, Motion())
    R = T[:, :3, :3].astype(float)
    assert R @ R.swapaxes(1, 2) == pytest.approx(np.broadcast_to(np.eye(3), R.shape), abs=1e-6)
    assert np.linalg.det(R) == pytest.approx(np.ones(len(R)), abs=1e-6)
    assert np.array_equal(T, path(3, Motion()))
    assert not np.array_equal(T, path(4, Motion()))


@pytest.mark.parametrize("seed", range(3))
def test_a_lifted_object_leaves_the_table_within_the_limits(seed):
    start = np.eye(4, dtype=np.float32)
    start[:3, 3] = (0.05, 0.02, 0.0)
    T = object_path(90, 30.0, start, np.random.default_rng(seed))
    metres, degrees = speeds(T)
    assert T[0] == pytest.approx(start, abs=1e-3)
    assert T[60:, 2, 3].min() > 0.03
    assert metres.max() < 1.02 * Motion().speed_m_s
    assert degrees.max() < 1.02 * Motion().turn_deg_s


@given(st.tuples(*[st.floats(-1, 1)] * 3), st.tuples(*[st.floats(-1, 1)] * 2, st.floats(1.5, 3)))
def test_look_at_puts_the_target_on_the_optical_axis_and_up_upright(target, eye):
    assume(np.linalg.norm(np.subtract(eye, target)[:2]) > 0.05)  # straight down, "up" means nothing
    T_world_cam = look_at(np.array(eye), np.array(target))
    target_cam = np.linalg.inv(T_world_cam.astype(float)) @ [*target, 1]
    assert target_cam[:2] == pytest.approx([0, 0], abs=1e-5)
    assert target_cam[2] == pytest.approx(np.linalg.norm(np.subtract(eye, target)), rel=1e-5)
    # The world's up is up in the image: against y, and without a share along x.
    assert T_world_cam[2, 0] == pytest.approx(0, abs=1e-6)
    assert T_world_cam[2, 1] < 0


def test_stamps_are_at_the_rate_and_do_not_drift():
    stamps = stamps_ns(301, 30.0)
    assert stamps[300] - stamps[0] == 10_000_000_000
    assert set(np.diff(stamps)) <= {33_333_333, 33_333_334}
