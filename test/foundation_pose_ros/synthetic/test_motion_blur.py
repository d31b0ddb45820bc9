"""Blur is as long as the motion, moving things smear over standing ones, and jumps leave none."""

import numpy as np
import pytest

from foundation_pose_ros import se3
from foundation_pose_ros.camera import Camera
from foundation_pose_ros.synthetic.motion_blur import MotionField, blurred, moved, rigid_velocity, twist_at

SHAPE = (40, 120)
CAMERA = Camera(300.0, 310.0, 59.5, 19.5, 120, 40)


def field(right_px_s: np.ndarray | float, depth_m: np.ndarray | float = 1.0) -> MotionField:
    velocity = np.zeros((*SHAPE, 3), np.float32)
    velocity[..., 0] = right_px_s
    return MotionField(velocity, np.broadcast_to(np.float32(depth_m), SHAPE))


def strip(left: int, right: int) -> np.ndarray:
    """Light (H, W, 3): white between two columns."""
    light = np.zeros((*SHAPE, 3), np.float32)
    light[:, left:right] = 1
    return light


@pytest.mark.parametrize("length_px", [3.0, 12.0, 24.0])
def test_an_edge_is_smeared_over_the_way_that_it_goes(length_px):
    row = blurred(strip(60, 120), field(length_px / 0.02), 0.02)[20, :, 0]
    rising = np.flatnonzero((row > 0.02) & (row < 0.98))
    assert np.ptp(rising) + 1 == pytest.approx(length_px, abs=2)
    # The middle of the exposure is the time of the picture.
    assert row[int(60 - length_px) :].sum() == pytest.approx(
        strip(60, 120)[20, int(60 - length_px) :, 0].sum(), abs=0.7
    )


def test_what_moves_smears_over_what_stands():
    body = strip(50, 70)
    over = field(500.0 * body[..., 0], np.where(body[..., 0] > 0, 0.5, 1.0))
    row = blurred(body, over, 0.02)[20, :, 0]
    assert row[46] == pytest.approx(0.15, abs=0.08)
    assert row[73] == pytest.approx(0.15, abs=0.08)
    assert row.sum() == pytest.approx(20, abs=1)


def test_what_stands_before_moving_things_stays_sharp():
    body = strip(50, 70)
    row = blurred(body, field(500.0 * (1 - body[..., 0]), np.where(body[..., 0] > 0, 0.5, 1.0)), 0.02)[20, :, 0]
    # Between two pixels nobody knows which side of an edge a light comes from.
    assert row == pytest.approx(body[20, :, 0], abs=0.05)


def test_what_stands_is_left_as_it_was():
    light = np.random.default_rng(0).random((*SHAPE, 3), np.float32)
    assert np.array_equal(blurred(light, field(0.0), 0.03), light)


def test_a_picture_of_another_time_is_looked_up_where_things_come_from():
    rows, columns = moved(field(500.0), 0.01)
    assert (columns[:, 20:-20] == np.arange(20, 100) - 5).all()
    assert (rows == np.arange(40)[:, None]).all()


def test_velocities_are_those_of_projected_points():
    rng = np.random.default_rng(1)
    points = rng.uniform((-0.1, -0.1, 0.5), (0.1, 0.1, 0.9), (50, 3))
    centre, twist = np.array([0.02, 0.01, 0.7]), np.array([0.3, -0.2, 0.4, 1.0, -0.5, 2.0])
    T = se3.from_rotation_translation(np.eye(3), centre)
    there = [se3.transform_points(se3.apply_twist(T, twist * dt), points - centre) for dt in (-5e-4, 5e-4)]
    pixels = (CAMERA.project(there[1]) - CAMERA.project(there[0])) / 1e-3
    velocity = rigid_velocity(points, centre, twist, CAMERA)
    assert velocity[:, :2] == pytest.approx(pixels, abs=0.5)
    assert velocity[:, 2] == pytest.approx((there[1] - there[0])[:, 2] / 1e-3, abs=1e-3)


def test_a_jump_is_no_motion():
    path = np.tile(np.eye(4), (6, 1, 1))
    path[:, 0, 3] = 0.01 * np.arange(6)
    path[3:, 1, 3] += 0.3
    for index in range(6):
        assert twist_at(path, index, 0.1, np.zeros(3))[:3] == pytest.approx([0.1, 0, 0])
    assert not twist_at(path[:1], 0, 0.1, np.zeros(3)).any()
