"""Poses carried on to the stamp of a newer image."""

import numpy as np
import pytest

from foundation_pose_ros import se3
from foundation_pose_ros.overlay import PosePredictor, PredictionSettings

STEP_NS = 33_333_333
CENTRE_OBJ = np.array([0.02, 0.0, 0.05])
# Across the view and towards the camera, turning.
VELOCITY = np.array([0.3, -0.1, -0.05, 0.5, 1.5, -0.8])
START = se3.from_rotation_translation(np.eye(3), np.array([-0.1, 0.05, 0.7]))


def true_pose(stamp_ns: int) -> np.ndarray:
    return se3.apply_twist(START, VELOCITY * stamp_ns * 1e-9, CENTRE_OBJ)


def moving(frames: int = 6, settings: PredictionSettings | None = None) -> PosePredictor:
    predictor = PosePredictor(CENTRE_OBJ, settings)
    for k in range(frames):
        predictor.add(k * STEP_NS, true_pose(k * STEP_NS))
    return predictor


def off_px(T: np.ndarray, stamp_ns: int) -> float:
    """How far a point of the surface is from its true place in an image of 600 px focal length, on average."""
    points = CENTRE_OBJ + 0.05 * np.random.default_rng(0).uniform(-1, 1, (50, 3))
    drawn, true = (se3.transform_points(pose, points) for pose in (T, true_pose(stamp_ns)))
    return float(600 * np.linalg.norm(drawn[:, :2] / drawn[:, 2:] - true[:, :2] / true[:, 2:], axis=1).mean())


def test_constant_motion_is_carried_on_to_the_pixel():
    newest_ns = 7 * STEP_NS  # two images after the last pose
    assert off_px(true_pose(5 * STEP_NS), newest_ns) > 15
    assert off_px(moving().at(newest_ns), newest_ns) < 0.2


def test_noise_of_poses_is_not_blown_up():
    rng = np.random.default_rng(3)
    predictor, off = PosePredictor(CENTRE_OBJ), []
    for k in range(60):
        noise = np.concatenate([rng.normal(0, 0.0005, 3), rng.normal(0, 0.003, 3)])
        predictor.add(k * STEP_NS, se3.apply_twist(true_pose(k * STEP_NS), noise, CENTRE_OBJ))
        off.append(off_px(predictor.at((k + 1) * STEP_NS), (k + 1) * STEP_NS))
    assert np.mean(off[3:]) < 1.5


def test_prediction_ends():
    predictor = moving(settings=PredictionSettings(longest_s=0.1))
    last_ns = 5 * STEP_NS
    assert predictor.at(last_ns + 10**9) == pytest.approx(predictor.at(last_ns + 10**8), abs=1e-6)
    assert np.linalg.norm(predictor.at(last_ns + 10**9)[:3, 3] - true_pose(last_ns + 10**8)[:3, 3]) < 1e-4


def test_a_jump_is_not_motion():
    predictor = moving()
    elsewhere = se3.from_rotation_translation(np.eye(3), np.array([0.3, 0.0, 0.9]))
    predictor.add(6 * STEP_NS, elsewhere)
    assert np.array_equal(predictor.at(8 * STEP_NS), elsewhere)


def test_one_pose_stays_where_it_is_and_none_is_none():
    predictor = PosePredictor(CENTRE_OBJ)
    assert predictor.at(0) is None and predictor.stamp_ns is None
    predictor.add(0, START)
    assert np.array_equal(predictor.at(2 * STEP_NS), START)


def test_time_that_goes_back_begins_anew():
    predictor = moving()
    predictor.add(-(10**9), START)
    assert predictor.stamp_ns == -(10**9) and np.array_equal(predictor.at(-(10**9) + STEP_NS), START)


def test_a_second_message_about_an_image_replaces_the_first():
    predictor = moving()
    predictor.add(5 * STEP_NS, true_pose(5 * STEP_NS))
    assert off_px(predictor.at(6 * STEP_NS), 6 * STEP_NS) < 0.2


def test_an_image_before_the_last_pose_is_met_as_well():
    assert off_px(moving().at(4 * STEP_NS), 4 * STEP_NS) < 0.2
