"""Rendered reference views: cameras all around, and images that agree with the model at the true poses."""

import numpy as np
import pytest

from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import StudioSettings, render_views, sphere_poses, turn_poses
from foundation_pose_ros.synthetic.sensor import PERFECT_COLOUR, PERFECT_DEPTH


@pytest.fixture(scope="module")
def cube() -> ObjectModel:
    return ObjectModel.from_mesh(make_mesh("sticker_cube", 0), name="cube")


def test_sphere_poses_look_at_the_middle_from_all_sides(cube):
    T = sphere_poses(cube, 16, seed=3, distance_m=0.5)
    centres = se3.transform_points(T, cube.centre_m[None])[:, 0]
    assert centres == pytest.approx(np.tile([0, 0, 0.5], (16, 1)), abs=1e-5)
    directions = se3.inverse(T)[:, :3, 3] - cube.centre_m
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    everywhere = np.random.default_rng(0).normal(size=(500, 3))
    everywhere /= np.linalg.norm(everywhere, axis=1, keepdims=True)
    assert np.rad2deg(np.arccos((everywhere @ directions.T).max(axis=1))).max() < 45


def test_a_turn_goes_around_in_equal_steps(cube):
    T = turn_poses(cube, 8, elevation_deg=20, distance_m=0.5)
    steps = se3.rotation_angle_rad(T[:, :3, :3], np.roll(T, -1, axis=0)[:, :3, :3])
    assert steps == pytest.approx(np.full(8, steps[0]), abs=1e-4)
    assert (se3.inverse(T)[:, 2, 3] - cube.centre_m[2]) == pytest.approx(0.5 * np.sin(np.deg2rad(20)), abs=1e-5)


def test_points_of_the_views_lie_on_the_model(cube):
    views = render_views(
        cube, sphere_poses(cube, 4), settings=StudioSettings(depth_sensor=PERFECT_DEPTH, colour_sensor=PERFECT_COLOUR)
    )
    low, high = cube.vertices.min(axis=0), cube.vertices.max(axis=0)
    for view in views:
        points = se3.transform_points(se3.inverse(view.pose), view.points_cam(3))
        beyond = np.maximum(np.maximum(low - points, points - high), 0).max(axis=1)
        inside = np.minimum(points - low, high - points).min(axis=1)
        assert beyond.max() < 1e-4
        assert np.median(inside) < 1e-4  # on a face; rounded edges lie a little within


def noise_m(views: tuple[ReferenceView, ...], others: tuple[ReferenceView, ...]) -> float:
    """Typical difference of depth; at the border of the mask some pixels show the wall."""
    off_m = [np.abs(a.frame.depth_m - b.frame.depth_m)[a.seen] for a, b in zip(views, others, strict=True)]
    return 1.48 * float(np.median(np.concatenate(off_m)))


def test_noise_is_the_sensors_and_the_same_again(cube):
    poses = turn_poses(cube, 2)
    clean = render_views(cube, poses, settings=StudioSettings(depth_sensor=PERFECT_DEPTH))
    noisy, again = render_views(cube, poses, seed=1), render_views(cube, poses, seed=1)
    assert np.array_equal(noisy[1].frame.rgb, again[1].frame.rgb)
    assert np.array_equal(noisy[1].frame.depth_m, again[1].frame.depth_m)
    assert 0.0003 < noise_m(noisy, clean) < 0.003


def test_light_stays_with_the_object_or_with_the_camera(cube):
    half_turn = turn_poses(cube, 2)
    for light_turns in (False, True):
        views = render_views(
            cube,
            half_turn,
            seed=2,
            settings=StudioSettings(exposure_stops=0, light_turns=light_turns, colour_sensor=PERFECT_COLOUR),
        )
        means = [view.frame.rgb[view.mask].mean() for view in views]
        # Around a lamp that stands still before the camera both sides are as bright as each other.
        assert (abs(means[0] / means[1] - 1) < 0.15) == light_turns
