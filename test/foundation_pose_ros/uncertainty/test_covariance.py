"""Covariances are symmetric and positive, grow where nothing is known, and move to the mesh's own origin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation_pose_ros import se3
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.refinement.refiner import Refinement
from foundation_pose_ros.uncertainty.covariance import CovarianceModel, about_origin, doubted

POSE = np.eye(4, dtype=np.float32)
POSE[2, 3] = 0.5
MODEL = CovarianceModel(repeat=6.0, shift_per_m=1e-3, rim_m=5e-4)


def refinement(
    information: np.ndarray, T: np.ndarray = POSE, variance_m2: float = 1e-6, points: np.ndarray | None = None
) -> Refinement:
    points_information = np.zeros((6, 6)) if points is None else points
    return Refinement(T[None], information[None], np.array([variance_m2]), points_information[None])


def test_well_observed_poses_have_the_covariance_of_least_squares_and_what_no_residual_shows():
    """Residuals that repeat each other count less; a shift grows with distance, a turn with smallness."""
    information = np.diag([1e2, 2e2, 4e2, 1.0, 2.0, 4.0])
    covariance = MODEL.about_centre(refinement(information, variance_m2=1e-7), 0.4, 0.5)[0]
    unseen = np.repeat([(1e-3 * 0.5) ** 2, (5e-4 / 0.2) ** 2], 3)
    np.testing.assert_allclose(np.diag(covariance) - unseen, 1e-7 * MODEL.repeat / np.diag(information), rtol=1e-3)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-15)


def test_however_well_observed_a_pose_is_never_surer_than_camera_and_mesh_allow():
    for distance_m, diameter_m in ((0.5, 0.1), (1.5, 0.1), (0.5, 0.4)):
        covariance = MODEL.about_centre(refinement(np.eye(6) * 1e12), diameter_m, distance_m)[0]
        expected = [1e-3 * distance_m] * 3 + [2 * 5e-4 / diameter_m] * 3
        np.testing.assert_allclose(np.sqrt(np.diag(covariance)), expected, rtol=1e-3)


def test_nothing_known_is_a_quarter_of_the_diameter_and_a_radian():
    covariance = MODEL.about_centre(refinement(np.zeros((6, 6))), 0.2, 0.5)[0]
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), [0.05] * 3 + [1.0] * 3, rtol=1e-3)


def test_points_know_what_depth_leaves_open_by_their_own_residuals():
    """A turn that depth doesn't see, seen by points to half a degree: however loud depth is."""
    depth, points = np.diag([1e2, 1e2, 1e2, 1.0, 1.0, 0.0]), np.diag([0, 0, 0, 0, 0, np.deg2rad(0.5) ** -2])
    for variance_m2 in (1e-8, 1e-6):
        covariance = MODEL.of_residuals(refinement(depth, variance_m2=variance_m2, points=points), 0.1)[0]
        assert np.sqrt(covariance[5, 5]) == pytest.approx(np.deg2rad(0.5), rel=1e-3)


def test_many_at_once_are_as_one_by_one():
    rng = np.random.default_rng(1)
    halves = rng.normal(size=(4, 6, 6))
    information = 100 * halves @ np.swapaxes(halves, 1, 2)
    variance_m2, diameter_m, distance_m = rng.uniform(1e-6, 3e-6, 4), rng.uniform(0.1, 0.3, 4), rng.uniform(0.4, 1, 4)
    refined = Refinement(np.tile(POSE, (4, 1, 1)), information, variance_m2, 1e4 * information[::-1])
    together = MODEL.about_centre(refined, diameter_m, distance_m)
    for k in range(4):
        one = refinement(information[k], POSE, variance_m2[k], refined.points_information[k])
        np.testing.assert_allclose(together[k], MODEL.about_centre(one, diameter_m[k], distance_m[k])[0])


def test_an_origin_beside_the_object_moves_with_every_turn():
    """Sampled: poses drawn about the centre, looked at from the origin."""
    information = np.diag([1e6, 2e6, 1e6, 50.0, 80.0, 20.0])
    centre = np.array([0.3, -0.1, 0.2])
    about_centre = MODEL.about_centre(refinement(information), 0.1, 0.5)[0]
    covariance = about_origin(about_centre, centre)
    rng = np.random.default_rng(0)
    twists = rng.multivariate_normal(np.zeros(6), about_centre, 40000)
    moved = se3.apply_twist(np.tile(np.eye(4), (len(twists), 1, 1)), twists, centre)
    seen = np.concatenate([moved[:, :3, 3], twists[:, 3:]], axis=1)
    np.testing.assert_allclose(np.cov(seen.T), covariance, atol=0.05 * np.abs(covariance).max())
    assert np.linalg.eigvalsh(covariance).min() > 0
    np.testing.assert_array_equal(covariance, covariance.T)


@given(st.floats(0, 1), st.floats(0.02, 0.5))
def test_a_doubted_pose_is_as_uncertain_as_its_score_says(score, diameter_m):
    known, offset = np.diag([1e-6] * 3 + [1e-4] * 3), np.array([0.0, 0.0, 0.3])
    covariance = doubted(PoseResult("mug", POSE, score, known, centre_obj=offset, diameter_m=diameter_m))
    np.testing.assert_allclose(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance - score * known).min() > -1e-9
    turned, moved = 1 - score, (1 - score) * (diameter_m / 4) ** 2
    assert covariance[5, 5] == pytest.approx(turned + score * 1e-4)
    assert covariance[2, 2] == pytest.approx(moved + score * 1e-6)
    # The mesh's origin is 0.3 m off the middle that the object may be turned about.
    assert covariance[0, 0] == pytest.approx(moved + turned * 0.09 + score * 1e-6)
