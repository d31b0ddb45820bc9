"""Every metric against values worked out by hand, and against the properties that define it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from foundation_pose_ros.evaluation import metrics
from foundation_pose_ros.evaluation.metrics import ReliabilityBin, calibration_error, reliability_diagram

SQUARE = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]], np.float64) * 0.1


def pose(rotvec_deg=(0, 0, 0), t=(0, 0, 0)) -> np.ndarray:
    T = np.eye(4)
    T[:3, :3] = Rotation.from_rotvec(rotvec_deg, degrees=True).as_matrix()
    T[:3, 3] = t
    return T


def quarter_turns() -> np.ndarray:
    return np.stack([pose((0, 0, angle)) for angle in (0, 90, 180, 270)])


def test_add_of_a_shift_is_its_length():
    assert metrics.add_m(pose(t=(0.003, 0.004, 1)), pose(t=(0, 0, 1)), SQUARE) == pytest.approx(0.005, abs=1e-12)


def test_add_of_a_quarter_turn_is_the_chord():
    # Every corner of a square of half diagonal 0.1 m moves along a chord of 0.1 * sqrt(2).
    assert metrics.add_m(pose((0, 0, 90)), pose(), SQUARE) == pytest.approx(0.1 * np.sqrt(2), abs=1e-12)


def test_add_averages_over_points():
    # A half turn about z through the first point: that one stays, the opposite one goes from -0.1 to 0.3 m, and the two
    # others, 0.1 * sqrt(2) from the axis, move by twice that.
    T = pose(t=(0.1, 0, 0)) @ pose((0, 0, 180)) @ pose(t=(-0.1, 0, 0))
    assert metrics.add_m(T, pose(), SQUARE) == pytest.approx((0 + 0.4 + 2 * 0.2 * np.sqrt(2)) / 4, abs=1e-12)


def test_adds_of_a_quarter_turn_of_a_square_is_zero_and_of_an_eighth_the_chord_of_45_degrees():
    assert metrics.adds_m(pose((0, 0, 90)), pose(), SQUARE) == pytest.approx(0, abs=1e-12)
    chord = 2 * 0.1 * np.sin(np.radians(45) / 2)
    assert metrics.adds_m(pose((0, 0, 45)), pose(), SQUARE) == pytest.approx(chord, abs=1e-12)


def test_adds_searches_from_truth_to_estimate():
    # Points 0 and 1 on a line; the estimate is 1 further on. Truth 0 -> estimate 1: 1 m. Truth 1 -> estimate 1: 0 m.
    points = np.array([[0, 0, 0], [1.0, 0, 0]])
    assert metrics.adds_m(pose(t=(1, 0, 0)), pose(), points) == pytest.approx(0.5)
    # Uneven: truth {0, 1, 3}, estimate {2, 3, 5}: distances 2, 1, 0. The other way round it would be 1, 0, 2.
    points = np.array([[0, 0, 0], [1.0, 0, 0], [3, 0, 0]])
    assert metrics.adds_m(pose(t=(2, 0, 0)), pose(), points) == pytest.approx(1.0)


def test_add_over_symmetries_takes_the_nearest_equivalent_truth():
    T_estimate = pose((0, 0, 90), t=(0, 0, 0.002))
    assert metrics.add_m(T_estimate, pose(), SQUARE, quarter_turns()) == pytest.approx(0.002, abs=1e-12)
    assert metrics.add_m(T_estimate, pose(), SQUARE, quarter_turns()[:1]) > 0.14


@pytest.mark.parametrize(
    ("rotvec_a_deg", "rotvec_b_deg", "angle_deg"),
    [((0, 30, 0), (0, -15, 0), 45), ((180, 0, 0), (0, 0, 0), 180), ((0, 0, 1e-4), (0, 0, 0), 1e-4)],
)
def test_pose_error_is_distance_of_origins_and_angle_between_rotations(rotvec_a_deg, rotvec_b_deg, angle_deg):
    translation_m, rotation_deg = metrics.pose_error(pose(rotvec_a_deg, t=(1, 2, 2)), pose(rotvec_b_deg))
    assert translation_m == pytest.approx(3)
    assert rotation_deg == pytest.approx(angle_deg, rel=1e-6)


def test_pose_error_uses_one_symmetry_for_both_errors():
    # The symmetry also shifts the origin by 20 mm. Equivalent truths: (0 deg, 0 mm) and (180 deg, 20 mm along x).
    symmetries = np.stack([pose(), pose((0, 0, 180), t=(0.02, 0, 0))])
    # Half way in translation, turned: the turned truth is 10 mm and 0 degrees off, the other 10 mm and 180 degrees.
    translation_m, rotation_deg = metrics.pose_error(pose((0, 0, 180), t=(0.01, 0, 0)), pose(), symmetries)
    assert (translation_m, rotation_deg) == (pytest.approx(0.01), pytest.approx(0, abs=1e-6))


@pytest.mark.parametrize(("mm", "deg", "within"), [(5, 3, True), (5.01, 0, False), (0, 3.01, False), (4.9, 2.9, True)])
def test_5mm_3deg(mm, deg, within):
    assert metrics.within_5mm_3deg(mm / 1000, deg) is within


def test_recall_is_below_each_objects_own_threshold_and_a_miss_never_counts():
    errors = np.array([0.009, 0.011, 0.019, np.inf])
    thresholds = np.array([0.01, 0.01, 0.02, 0.02])
    assert metrics.recall(errors, thresholds) == 0.5
    assert metrics.recall(np.array([0.01]), 0.01) == 0.0
    assert np.isnan(metrics.recall(np.array([]), 0.01))


def test_auc_is_the_exact_area_under_the_step_curve():
    # Steps at 2 and 6 cm: 0 until 2, 1/2 until 6, 1 until 10: (4 * 1/2 + 4) / 10. The miss of a third lowers it to 2/3.
    assert metrics.auc(np.array([0.02, 0.06])) == pytest.approx(0.6)
    assert metrics.auc(np.array([0.06, np.inf, 0.02])) == pytest.approx(0.4)
    assert metrics.auc(np.array([0.0])) == 1.0
    assert metrics.auc(np.array([0.1, 0.2])) == 0.0
    assert np.isnan(metrics.auc(np.array([])))


def ycb_video_toolbox_auc(errors_m: np.ndarray) -> float:
    """The published sum: each step from the last error to the next takes the accuracy at its far end."""
    within = np.sort(errors_m[errors_m <= 0.1])
    steps = np.diff(np.concatenate([[0.0], within, [0.1]]))
    accuracy = np.minimum(np.arange(1, len(within) + 2), len(within)) / len(errors_m)
    return float((steps * accuracy).sum() / 0.1)


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=50))
def test_auc_differs_from_the_ycb_video_toolbox_by_its_known_bias(errors):
    errors = np.array(errors)
    within = errors[errors <= 0.1]
    bias = (within.max() / (len(errors) * 0.1)) if len(within) else 0.0
    assert ycb_video_toolbox_auc(errors) - metrics.auc(errors) == pytest.approx(bias, abs=1e-9)


small = st.floats(-1, 1, allow_subnormal=False)
poses = st.builds(
    lambda rotvec, t: pose(np.array(rotvec) * 180, t), st.tuples(small, small, small), st.tuples(small, small, small)
)
clouds = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).uniform(-0.1, 0.1, (40, 3)))


@settings(deadline=None, max_examples=50)
@given(poses, poses, poses, clouds)
def test_errors_do_not_change_when_the_camera_moves(T_move, T_a, T_b, points):
    assert metrics.add_m(T_move @ T_a, T_move @ T_b, points) == pytest.approx(metrics.add_m(T_a, T_b, points), abs=1e-9)
    assert metrics.adds_m(T_move @ T_a, T_move @ T_b, points) == pytest.approx(
        metrics.adds_m(T_a, T_b, points), abs=1e-9
    )
    moved, still = metrics.pose_error(T_move @ T_a, T_move @ T_b), metrics.pose_error(T_a, T_b)
    assert moved == pytest.approx(still, abs=1e-5)


@settings(deadline=None, max_examples=50)
@given(poses, poses, clouds)
def test_adds_is_at_most_add_over_symmetries_which_is_at_most_add(T_a, T_b, points):
    add = metrics.add_m(T_a, T_b, points)
    over_symmetries = metrics.add_m(T_a, T_b, points, quarter_turns())
    assert over_symmetries <= add + 1e-12
    assert metrics.adds_m(T_a, T_b, points) <= add + 1e-12
    assert metrics.add_m(T_a, T_a, points) == pytest.approx(0, abs=1e-12)


@settings(deadline=None, max_examples=50)
@given(poses, st.integers(0, 3), clouds)
def test_an_object_turned_by_its_own_symmetry_has_no_error(T, turn, points):
    symmetries = quarter_turns()
    T_turned = T @ symmetries[turn]
    assert metrics.add_m(T_turned, T, points, symmetries) == pytest.approx(0, abs=1e-9)
    assert metrics.pose_error(T_turned, T, symmetries) == pytest.approx((0, 0), abs=1e-5)
    four_fold = np.concatenate([points @ S[:3, :3].T for S in symmetries])
    assert metrics.adds_m(T_turned, T, four_fold) == pytest.approx(0, abs=1e-9)


def test_said_and_was_are_means_of_their_bin():
    scores, right = np.array([0.91, 0.97, 0.99, 0.12, 1.0]), np.array([True, True, False, False, True])
    low, high = reliability_diagram(scores, right)
    assert low == ReliabilityBin(1, pytest.approx(0.12), 0.0)
    assert high == ReliabilityBin(4, pytest.approx((0.91 + 0.97 + 0.99 + 1.0) / 4), 0.75)
    assert calibration_error([low, high]) == pytest.approx((0.12 + 4 * (0.9675 - 0.75)) / 5)


def test_scores_that_are_right_as_often_as_they_say_have_no_error(rng):
    scores = rng.random(20_000)
    diagram = reliability_diagram(scores, rng.random(20_000) < scores)
    assert len(diagram) == 10
    assert calibration_error(diagram) < 0.015


def test_nothing_has_no_error():
    assert np.isnan(calibration_error([]))
