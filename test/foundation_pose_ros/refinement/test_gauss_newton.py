"""The compiled step against NumPy's solver, and what holds it back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation_pose_ros import se3
from foundation_pose_ros.refinement.gauss_newton import about_centres, solve, stepped

CENTRE = np.array([0.02, -0.01, 0.03])
DIAMETER_M = 0.2


def problem(seed: int, count: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Poses (B, 4, 4) float32, information (B, 6, 6), gradient (B, 6) and a pivot (3,)."""
    rng = np.random.default_rng(seed)
    twists = np.concatenate([rng.uniform(-0.05, 0.05, (count, 3)), rng.normal(0, 1, (count, 3))], axis=1)
    twists[:, 2] += 0.6
    poses = se3.apply_twist(np.eye(4, dtype=np.float32), twists)
    jacobians = rng.normal(0, 1, (count, 40, 6))
    information = np.swapaxes(jacobians, 1, 2) @ jacobians
    gradient = (information @ rng.normal(0, 1e-3, (count, 6, 1)))[..., 0]
    return poses, information, gradient, np.array([0.01, 0.0, 0.6])


@given(st.integers(0, 10**6))
def test_solve_agrees_with_numpy(seed):
    _, information, gradient, _ = problem(seed, 1)
    expected = np.linalg.solve(information[0], gradient[0])
    matrix, vector = information[0].copy(), gradient[0].copy()
    solve(matrix, vector)
    np.testing.assert_allclose(vector, expected, atol=1e-9)
    np.testing.assert_allclose(np.tril(matrix) @ np.tril(matrix).T, information[0], atol=1e-9)


@given(st.integers(0, 10**6))
def test_a_small_step_solves_the_equations_about_the_pivot(seed):
    poses, information, gradient, pivot = problem(seed)
    found = stepped(poses, information, gradient, pivot, CENTRE, DIAMETER_M, 0.0, 0.4)
    for b in range(len(poses)):
        twist = np.linalg.solve(information[b], gradient[b])
        centre = se3.transform_points(poses[b], CENTRE[None])[0]
        twist[:3] += np.cross(twist[3:], centre - pivot)
        np.testing.assert_allclose(found[b], se3.apply_twist(poses[b], twist, CENTRE), atol=1e-5)


def test_a_step_is_held_to_a_turn_and_a_way():
    poses, information, gradient, pivot = problem(1)
    turned = stepped(poses, information, 1e4 * gradient, pivot, CENTRE, DIAMETER_M, 0.0, 0.1)
    angles = se3.rotation_angle_rad(poses[:, :3, :3], turned[:, :3, :3])
    assert (angles < 0.1001).all() and angles.max() > 0.02


def test_what_nothing_was_seen_of_stays():
    poses, information, gradient, pivot = problem(2)
    still = stepped(poses, 0 * information, 0 * gradient, pivot, CENTRE, DIAMETER_M, 1e-3, 0.4)
    np.testing.assert_allclose(still, poses, atol=1e-6)


def test_information_about_centres_is_that_of_the_same_motion():
    poses, information, _, pivot = problem(3)
    moved = about_centres(information, poses, pivot, CENTRE)
    rng = np.random.default_rng(3)
    for b in range(len(poses)):
        about_centre = rng.normal(0, 1, 6)
        about_pivot = about_centre.copy()
        about_pivot[:3] += np.cross(about_centre[3:], pivot - se3.transform_points(poses[b], CENTRE[None])[0])
        expected = about_pivot @ information[b] @ about_pivot
        assert about_centre @ moved[b] @ about_centre == pytest.approx(expected, rel=1e-5)
