"""Points are found again where they are: after motion, under another light, not behind what hides them."""

from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import se3
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.observation.crop_box import CropBox
from foundation_pose_ros.observation.keyframe import Keyframe, _turned

NOTHING_OFF = np.zeros((6, 6))


def off_by_px(matches, T_cam_obj) -> np.ndarray:
    """(M,) distance of the found from the true places, in pixels of the crop."""
    points = se3.transform_points(T_cam_obj, matches.points_obj)
    return np.linalg.norm(matches.rays[:, :2] - points[:, :2] / points[:, 2:], axis=1) / matches.pixel


@pytest.fixture
def keyframe(see, cube, cube_renderer, cube_pose):
    view = see(cube_pose)
    crop = Crop.around_mask(view.frame, view.mask, cube.diameter_m)
    return Keyframe.of(crop, cube_pose, cube_renderer, cube.diameter_m, NOTHING_OFF)


def test_points_lie_on_the_model(keyframe, cube):
    """The cube's faces are 57 mm apart; its edges are rounded."""
    assert len(keyframe.points_obj) > 25
    inside = np.abs(keyframe.points_obj - cube.centre_m).max(axis=1)
    np.testing.assert_allclose(inside, cube.extents_m[0] / 2, atol=0.0015)


@pytest.mark.parametrize("motion", [((0, 0, 0), (0, 0, 0)), ((6, -4, 5), (3, -4, 5)), ((0, 12, 0), (0, 6, 0))])
def test_points_are_followed_through_motion(motion, keyframe, see, cube, cube_pose, moved):
    T = moved(cube_pose, *motion)
    view = see(T)
    matches = keyframe.follow(Crop.around_mask(view.frame, view.mask, cube.diameter_m), cube_pose)
    assert matches is not None and len(matches.points_obj) > 0.5 * len(keyframe.points_obj)
    off = off_by_px(matches, T)
    assert np.median(off) < 0.6 and np.mean(off < 2) > 0.85


def test_points_that_went_farther_than_was_foreseen_are_found(keyframe, see, cube, cube_pose, moved):
    # Less than half a sticker: after a whole one points are where others were.
    T = moved(cube_pose, (-6, -6, 0), (0, 0, 0))
    crop = Crop.around_pose(see(T).frame, cube, cube_pose, 1.15)
    matches = keyframe.follow(crop, cube_pose, off=0.0)
    assert matches is not None and len(matches.points_obj) > 0.5 * len(keyframe.points_obj)
    assert np.median(off_by_px(matches, T)) < 0.6


def test_another_exposure_does_not_matter(keyframe, see, cube, cube_pose, moved):
    T = moved(cube_pose, (3, 2, 0), (0, 2, 0))
    view = see(T)
    darker = replace(view.frame, rgb=(view.frame.rgb * 0.5 + 10).astype(np.uint8))
    matches = keyframe.follow(Crop.around_mask(darker, view.mask, cube.diameter_m), cube_pose)
    assert matches is not None and np.median(off_by_px(matches, T)) < 0.6


def test_points_behind_something_are_not_found(keyframe, see, cube, cube_pose):
    view = see(cube_pose, hidden=(0, 0, 165, 240))
    whole = see(cube_pose)
    box = CropBox.around_mask(whole.frame, whole.mask, cube.diameter_m)
    matches = keyframe.follow(Crop(view.frame, box), cube_pose)
    assert matches is not None and len(matches.points_obj) < 0.8 * len(keyframe.points_obj)
    assert np.mean(off_by_px(matches, cube_pose) < 1) > 0.9


def test_nothing_to_follow_is_said(keyframe, see, cube, cube_renderer, cube_pose):
    view = see(cube_pose)
    crop = Crop.around_mask(view.frame, view.mask, cube.diameter_m)
    covered = Crop(replace(view.frame, rgb=np.full_like(view.frame.rgb, 128)), crop.box)
    assert keyframe.follow(covered, cube_pose) is None
    blank = Keyframe.of(covered, cube_pose, cube_renderer, cube.diameter_m, NOTHING_OFF)
    assert blank.follow(crop, cube_pose) is None


def test_a_views_covariance_turns_with_the_object(see, cube, cube_renderer, cube_pose):
    """What wasn't known along the camera's x isn't known along its y after a quarter turn about its axis."""
    view = see(cube_pose)
    crop = Crop.around_mask(view.frame, view.mask, cube.diameter_m)
    along_x = np.diag([1e-6, 0, 0, 0, 0, 1e-4])
    keyframe = Keyframe.of(crop, cube_pose, cube_renderer, cube.diameter_m, along_x)
    matches = keyframe.follow(crop, cube_pose)
    np.testing.assert_allclose(matches.covariance, along_x, atol=1e-10)
    quarter = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    turned = _turned(keyframe.covariance_obj, quarter @ cube_pose[:3, :3])
    np.testing.assert_allclose(turned, np.diag([0, 1e-6, 0, 0, 0, 1e-4]), atol=1e-10)


def test_the_models_own_print_is_found_in_the_picture(see, cube, cube_renderer, cube_pose, moved):
    """Painted at a pose that is 3 mm off, followed to where the cube really is."""
    view = see(cube_pose)
    crop = Crop.around_mask(view.frame, view.mask, cube.diameter_m)
    off = moved(cube_pose, (2, 2, 0), (0, 0, 0))
    painted = Keyframe.painted(crop, off, cube_renderer, cube.diameter_m)
    matches = painted.follow(crop, off)
    assert matches is not None and matches.weight < 0.5
    assert np.median(off_by_px(matches, cube_pose)) < 0.7 < 3 < np.median(off_by_px(matches, off))


def test_a_keyframe_is_outdated_by_another_view(keyframe, cube_pose, moved):
    assert not keyframe.outdated(moved(cube_pose, (20, 0, 0), (5, 0, 0)))
    assert keyframe.outdated(moved(cube_pose, (0, 0, 0), (0, 25, 0)))
    assert keyframe.outdated(moved(cube_pose, (0, 0, 300), (0, 0, 0)))
