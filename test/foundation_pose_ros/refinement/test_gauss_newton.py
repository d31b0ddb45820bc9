"""The compiled step against NumPy's solver, and what holds it back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from foundation_pose_ros import se3
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.observation.keyframe import PointMatches
from foundation_pose_ros.refinement.depth_residuals import DepthPixels
from foundation_pose_ros.refinement.gauss_newton import about_centres, solve, stepped, tukey, twist_jacobian
from foundation_pose_ros.refinement.point_residuals import held_to_view, moved_to_points, point_equations
from foundation_pose_ros.refinement.silhouette_residuals import Outline

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


NOTHING_OFF = np.zeros((6, 6))
VECTOR = arrays(np.float64, 3, elements=st.floats(-1, 1))


@given(VECTOR, VECTOR, VECTOR, arrays(np.float64, 6, elements=st.floats(-1, 1)))
def test_twist_jacobian_is_the_derivative_of_motion_along_a_direction(point, direction, pivot, twist):
    step = 1e-3
    T = se3.apply_twist(np.eye(4), step * twist, pivot)
    motion = se3.transform_points(T, point[None])[0] - point
    # Second order in the step, and float32.
    assert step * twist_jacobian(point, direction, pivot) @ twist == pytest.approx(motion @ direction, abs=2e-5)


def test_tukey_falls_from_one_to_none():
    values = tukey(np.array([0.0, 0.5, 1.0, 5.0]))
    assert values[0] == 1 and 0.5 < values[1] < 0.6 and values[2] == values[3] == 0


@pytest.fixture
def observed(see, cube, cube_pose):
    view = see(cube_pose)
    return Crop.around_mask(view.frame, view.mask, cube.diameter_m).observe(64)


@pytest.mark.parametrize("normals", ["observed", "rendered"])
def test_depth_alone_brings_a_pushed_object_back(normals, observed, cube, cube_renderer, cube_pose, moved):
    """One Gauss-Newton step undoes a small push and turn of a corner, which depth fixes in all six directions."""
    off = moved(cube_pose, (1.0, -0.6, 0.8), (0.5, 0.4, -0.6))[None]
    pivot = se3.transform_points(off[0], cube.centre_m[None])[0]
    pixels = DepthPixels.of(observed, pivot)
    rendering = cube_renderer.render(off, observed.K, (64, 64), normals=True)
    depth_m = rendering.depth_m.reshape(1, -1)
    hit = (depth_m > 0).astype(np.float32)
    if normals == "observed":
        equations = pixels.along_observed_normals(depth_m, hit, 0.02)
    else:
        normals = rendering.normals_cam.reshape(1, -1, 3)
        equations = pixels.along_rendered_normals(depth_m, normals, hit, 0.02)
    twist = np.linalg.solve(equations.information[0], equations.gradient[0])
    np.testing.assert_allclose(twist[:3] * 1000, (-1.0, 0.6, -0.8), atol=0.15)
    np.testing.assert_allclose(np.rad2deg(twist[3:]), (-0.5, -0.4, 0.6), atol=0.25)
    assert 0 < equations.variance_m2[0] < 0.002**2


def test_what_sticks_out_of_the_mask_is_pulled_in(observed, cube, cube_renderer, cube_pose, moved):
    off = moved(cube_pose, (4.0, 0.0, 0.0), (0.0, 0.0, 0.0))[None]
    pivot = se3.transform_points(off[0], cube.centre_m[None])[0]
    outline = Outline.of(observed, observed.mask, pivot)
    rendered_m = cube_renderer.render(off, observed.K, (64, 64)).depth_m.reshape(1, -1)
    equations = outline.equations(rendered_m, 0.01, np.array([100.0]))
    assert equations.gradient[0, 0] < 0 and abs(equations.gradient[0, 1]) < 0.2 * abs(equations.gradient[0, 0])
    in_place = cube_renderer.render(cube_pose[None], observed.K, (64, 64)).depth_m.reshape(1, -1)
    at_rest = outline.equations(in_place, 0.01, np.array([100.0])).gradient
    assert abs(at_rest).max() < 0.05 * abs(equations.gradient[0, 0])  # the grid rounds the mask's border


def test_what_something_in_front_hides_pulls_nothing(see, cube, cube_renderer, cube_pose):
    view = see(cube_pose, hidden=(0, 0, 160, 240))
    seen = Crop.around_mask(view.frame, view.mask, cube.diameter_m).observe(64)
    rendered_m = cube_renderer.render(cube_pose[None], seen.K, (64, 64)).depth_m.reshape(1, -1)
    sticking_out = ((rendered_m[0] > 0) & ~seen.mask).sum()
    assert sticking_out > 100
    pivot = se3.transform_points(cube_pose, cube.centre_m[None])[0]
    equations = Outline.of(seen, seen.mask, pivot).equations(rendered_m, 0.01, np.array([100.0]))
    assert abs(equations.gradient[0, :3]).max() < 0.002 * 100


def test_matched_points_alone_bring_an_object_back_for_many_hypotheses_at_once(cube, cube_pose, moved):
    points_obj = cube.surface_points(60)
    points = se3.transform_points(cube_pose, points_obj)
    matches = PointMatches(points_obj, points / points[:, 2:], 1 / 1000, 0.5, NOTHING_OFF)
    offs = np.stack([moved(cube_pose, (2, 0, 0), (0, 0, 1)), moved(cube_pose, (0, -3, 1), (1, 1, 0)), cube_pose])
    pivot = se3.transform_points(cube_pose, cube.centre_m[None])[0]
    equations = point_equations(matches, offs, pivot, 0.05, np.full(3, 10.0))
    twist = np.linalg.solve(equations.information, equations.gradient[..., None])[..., 0]
    # Depth is what small motion in an image fixes least.
    assert (abs(1000 * twist[0, :3] - (-2, 0, 0)) < (0.05, 0.05, 0.3)).all()
    np.testing.assert_allclose(np.rad2deg(twist[0, 3:]), (0, 0, -1), atol=0.1)
    assert (abs(1000 * twist[1, :3] - (0, 3, -1)) < (0.1, 0.1, 0.3)).all()
    np.testing.assert_allclose(twist[2], 0, atol=1e-5)


def test_wrong_matches_are_outvoted(cube, cube_pose, moved):
    points_obj = cube.surface_points(60)
    points = se3.transform_points(cube_pose, points_obj)
    rays = points / points[:, 2:]
    rays[::5, 0] += 0.05
    off = moved(cube_pose, (1, 0, 0), (0, 0, 0))[None]
    pivot = se3.transform_points(cube_pose, cube.centre_m[None])[0]
    equations = point_equations(
        PointMatches(points_obj, rays, 1 / 1000, 0.5, NOTHING_OFF), off, pivot, 0.006, np.array([10.0])
    )
    twist = np.linalg.solve(equations.information[0], equations.gradient[0])
    np.testing.assert_allclose(1000 * twist[:3], (-1, 0, 0), atol=0.1)


def test_points_say_as_much_as_their_residuals_let_them(cube, cube_pose):
    """Sampled: rays with a pixel's noise, each a step of its own; windows that overlap count as one of four points."""
    points_obj = cube.surface_points(60)
    points = se3.transform_points(cube_pose, points_obj)
    pivot = se3.transform_points(cube_pose, cube.centre_m[None])[0]
    rng = np.random.default_rng(0)
    normalised = []
    for _ in range(300):
        rays = points / points[:, 2:]
        rays[:, :2] += rng.normal(0, 1 / 1000, (len(rays), 2))
        matches = PointMatches(points_obj, rays, 1 / 1000, 0.5, NOTHING_OFF)
        equations = point_equations(matches, cube_pose[None], pivot, 0.05, np.array([10.0]))
        twist = np.linalg.solve(equations.information[0], equations.gradient[0])
        normalised.append(twist @ equations.own_information[0] @ twist)
    assert 4 * np.mean(normalised) == pytest.approx(6, rel=0.15)


@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
def test_points_know_no_more_than_the_view_that_they_come_from(scale, seed):
    half = np.random.default_rng(seed).normal(size=(2, 6, 6))
    information, covariance = half[0] @ half[0].T, scale * half[1] @ half[1].T
    np.testing.assert_allclose(held_to_view(information[None], NOTHING_OFF)[0], information)
    held = held_to_view(information[None], covariance)[0]
    expected = np.linalg.inv(np.linalg.inv(information) + covariance)
    np.testing.assert_allclose(held, expected, atol=1e-6 * np.abs(information).max())


def test_points_alone_give_a_start_from_far_off(cube, cube_pose, moved, error_mm_deg):
    """From 20 mm and 10 degrees away, a fifth of the matches wrong; distance, which points hardly fix, isn't asked."""
    points_obj = cube.surface_points(60)
    points = se3.transform_points(cube_pose, points_obj)
    rays = points / points[:, 2:]
    rays[::5, 0] += 0.08
    off = moved(cube_pose, (20, -10, 0), (0, 0, 10))
    start = moved_to_points(
        PointMatches(points_obj, rays, 1 / 1000, 0.5, NOTHING_OFF), off, cube.centre_m, cube.diameter_m
    )
    mm, deg = error_mm_deg(start, cube_pose)
    assert mm < 5 and deg < 4
