"""Covariances are symmetric and positive, grow where nothing is known, and move to the mesh's own origin."""

import numpy as np

from foundation_pose_ros import se3
from foundation_pose_ros.covariance import (
    FLOOR_M,
    FLOOR_RAD,
    RESIDUALS_REPEAT,
    covariance_about_centre,
    covariance_about_origin,
)
from foundation_pose_ros.refinement.refiner import Refinement

POSE = np.eye(4, dtype=np.float32)


def refinement(information: np.ndarray, T: np.ndarray = POSE, variance_m2: float = 1e-6) -> Refinement:
    return Refinement(T[None], information[None], np.array([variance_m2]))


def test_well_observed_poses_have_the_covariance_of_least_squares_and_a_floor():
    """The floor is what calibration and mesh leave open; residuals that repeat each other count less."""
    information = np.diag([1e2, 2e2, 4e2, 1.0, 2.0, 4.0])
    covariance = covariance_about_origin(refinement(information, variance_m2=1e-7), 0, np.zeros(3), 0.4)
    floor = np.repeat([FLOOR_M**2, FLOOR_RAD**2], 3)
    np.testing.assert_allclose(np.diag(covariance) - floor, 1e-7 * RESIDUALS_REPEAT / np.diag(information), rtol=1e-3)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-15)


def test_however_well_observed_a_pose_is_never_surer_than_the_floor():
    covariance = covariance_about_origin(refinement(np.eye(6) * 1e12), 0, np.zeros(3), 0.1)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), [FLOOR_M] * 3 + [FLOOR_RAD] * 3, rtol=1e-3)


def test_nothing_known_is_a_quarter_of_the_diameter_and_a_radian():
    covariance = covariance_about_origin(refinement(np.zeros((6, 6))), 0, np.zeros(3), 0.2)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), [0.05] * 3 + [1.0] * 3, rtol=1e-3)


def test_an_origin_beside_the_object_moves_with_every_turn():
    """Sampled: poses drawn about the centre, looked at from the origin."""
    information = np.diag([1e6, 2e6, 1e6, 50.0, 80.0, 20.0])
    centre = np.array([0.3, -0.1, 0.2])
    covariance = covariance_about_origin(refinement(information), 0, centre, 0.1)
    rng = np.random.default_rng(0)
    about_centre = covariance_about_centre(information, 1e-6, 0.1)
    twists = rng.multivariate_normal(np.zeros(6), about_centre, 40000)
    moved = se3.apply_twist(np.tile(np.eye(4), (len(twists), 1, 1)), twists, centre)
    seen = np.concatenate([moved[:, :3, 3], twists[:, 3:]], axis=1)
    np.testing.assert_allclose(np.cov(seen.T), covariance, atol=0.05 * np.abs(covariance).max())
    assert np.linalg.eigvalsh(covariance).min() > 0
    np.testing.assert_array_equal(covariance, covariance.T)
