"""Two views of one object: features say how it moved, shape and features together where exactly it is."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.reconstruction.reference_view import ReferenceView
from foundation_pose_ros.reconstruction.view_poses.pairwise_alignment import (
    Matches,
    Target,
    ViewCloud,
    aligned,
    information,
    matched,
)
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.synthetic.reference_views import render_views, turn_poses

SIZE_M = 0.2


@pytest.fixture(scope="module")
def views() -> tuple[ReferenceView, ...]:
    """Two views of a carton, twelve degrees apart."""
    carton = ObjectModel.from_mesh(make_mesh("cracker_box", 0), name="carton")
    return render_views(carton, turn_poses(carton, 2, turn_deg=24))


@pytest.fixture(scope="module")
def clouds(views) -> tuple[ViewCloud, ...]:
    return tuple(ViewCloud.of(view, SIZE_M) for view in views)


@pytest.fixture(scope="module")
def true_motion(views) -> np.ndarray:
    """T_second_first (4, 4): of the first view's points to the second view's camera."""
    first, second = (view.pose.astype(np.float64) for view in views)
    return second @ np.linalg.inv(first)


@pytest.fixture
def error(clouds, true_motion):
    """error(T): distance in mm of what the first view saw from where it is, in the mean, and angle in degrees."""
    points = np.asarray(clouds[0].coarse.points)

    def off(T: np.ndarray) -> tuple[float, float]:
        apart = se3.transform_points(T, points) - se3.transform_points(true_motion, points)
        angle = se3.rotation_angle_rad(T[:3, :3], true_motion[:3, :3])
        return 1000 * float(np.linalg.norm(apart, axis=1).mean()), float(np.rad2deg(angle))

    return off


def pushed(T: np.ndarray, clouds, mm: tuple[float, ...], deg: tuple[float, ...] = (0, 0, 0)) -> np.ndarray:
    """T with the first view's points pushed and turned about their middle, in the second camera's axes."""
    middle = np.asarray(clouds[0].coarse.points).mean(axis=0)
    return se3.apply_twist(T, np.concatenate([np.array(mm) / 1000, np.deg2rad(deg)]), middle).astype(np.float64)


def test_features_tell_the_way(clouds, error):
    found = matched(*clouds, SIZE_M)
    assert found.count == len(found.points) == len(found.seen_at) > 30
    assert np.linalg.norm(found.seen_along, axis=1) == pytest.approx(1)
    mm, deg = error(found.T_to_from)
    assert mm < 3 and deg < 2


def test_views_without_print_have_no_matches(views):
    plain = [replace(v, frame=replace(v.frame, rgb=np.full_like(v.frame.rgb, 120))) for v in views]
    assert matched(*(ViewCloud.of(view, SIZE_M) for view in plain), SIZE_M) is None


def test_shape_and_features_bring_a_motion_home_and_the_score_says_so(clouds, true_motion, error):
    target, found = Target(clouds[1].fine), matched(*clouds, SIZE_M)
    start = pushed(true_motion, clouds, (6, -5, 4), (2, 3, -2))
    motion = aligned(clouds[0], target, [start], [found], SIZE_M)
    mm, deg = error(motion.T_to_from)
    assert mm < 1 and deg < 0.6, (mm, deg)
    assert motion.score > target.confirmed(clouds[0].coarse, pushed(true_motion, clouds, (20, 0, 0)), 0.006) + 0.1


def test_the_best_start_wins(clouds, true_motion, error):
    far = pushed(true_motion, clouds, (90, 0, 0), (0, 60, 0))
    motion = aligned(clouds[0], Target(clouds[1].fine), [far, true_motion], [], SIZE_M)
    assert error(motion.T_to_from)[1] < 2


def test_features_do_not_depend_on_the_frame_that_they_are_placed_in(clouds, views, true_motion):
    """The object's frame in place of the second camera's: the same motion, seen from there."""
    T_obj_cam = np.linalg.inv(views[1].pose.astype(np.float64))
    found, cloud = matched(*clouds, SIZE_M), clouds[1].fine
    in_object = type(cloud)(cloud)
    in_object.transform(T_obj_cam)
    start = pushed(true_motion, clouds, (4, 0, 0))
    here = aligned(clouds[0], Target(cloud), [start], [found], SIZE_M).T_to_from
    there = aligned(clouds[0], Target(in_object), [T_obj_cam @ start], [found.placed(T_obj_cam)], SIZE_M).T_to_from
    assert T_obj_cam @ here == pytest.approx(there, abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_noise_of_depth_at_features_moves_a_view_less_than_noise_across(seed, clouds, true_motion, error):
    """Cameras know a feature's depth several times less well than its place in the picture."""
    found, target = matched(*clouds, SIZE_M), Target(clouds[1].fine)
    exact = replace(found, seen_at=se3.transform_points(true_motion, found.points))
    rng = np.random.default_rng(seed)
    along = exact.seen_along * rng.normal(0, 0.003, (found.count, 1))
    across = np.cross(exact.seen_along, rng.normal(0, 0.003, (found.count, 3)))
    across *= np.linalg.norm(along) / np.linalg.norm(across)

    def off_mm(noise: np.ndarray) -> float:
        noisy = [replace(exact, seen_at=exact.seen_at + noise)]
        return error(aligned(clouds[0], target, [true_motion], noisy, SIZE_M).T_to_from)[0]

    assert off_mm(along) < 0.5
    assert off_mm(along) < off_mm(across)


def test_views_that_show_two_sides_of_a_box_fix_all_directions(clouds, true_motion):
    known = information(*clouds, true_motion, SIZE_M)
    assert known == pytest.approx(known.T) and np.linalg.eigvalsh(known).min() > 0


def test_a_match_needs_a_handful_of_features(clouds):
    few = replace(clouds[0], points=clouds[0].points[:7], descriptors=clouds[0].descriptors[:7])
    assert matched(few, clouds[1], SIZE_M) is None
    assert isinstance(matched(clouds[0], clouds[0], SIZE_M), Matches)
