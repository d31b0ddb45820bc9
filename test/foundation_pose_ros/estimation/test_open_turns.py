"""How many wrong turns are left for the right ones, and over which angles."""

import numpy as np
import pytest

from foundation_pose_ros.estimation.open_turns import OpenTurns
from foundation_pose_ros.object_model.confusable_turns import ConfusableTurns
from foundation_pose_ros.object_model.surface_distance import SurfaceDistance
from foundation_pose_ros.object_model.symmetry import Axis, Symmetries, turn_about

STEP_DEG = 15.0
ANGLES_DEG = np.arange(-165.0, 181.0, STEP_DEG)
# The tip of a part is 70 mm from the axis of what measures 120 mm: it is off by 12 mm once it is turned by 9.8 degrees.
DIAMETER_M, RADIUS_M, RIGHT_DEG = 0.12, 0.07, 9.83
FAR = 1.0


@pytest.fixture(scope="module")
def open_turns() -> OpenTurns:
    axis = Axis((0.0, 0.0, 1.0), (0.01, 0.0, 0.0))
    transforms = turn_about(np.asarray(axis.direction), np.deg2rad(ANGLES_DEG), np.asarray(axis.point_m))
    points = np.array([[0.01 + RADIUS_M, 0, 0], [0.01, 0.03, 0.05], [0.01, -0.03, 0.05], [-0.02, 0, -0.05]])
    distance = SurfaceDistance(points, Symmetries.none())
    return OpenTurns(ConfusableTurns(axis, transforms, ANGLES_DEG, STEP_DEG), distance, DIAMETER_M)


def behind(*ranges_deg: tuple[float, float], elsewhere: float = FAR) -> np.ndarray:
    """As much speaks for turns of some ranges as for the pose, and clearly less for all others."""
    near = [np.abs(ANGLES_DEG - (low + high) / 2) <= (high - low) / 2 for low, high in ((0, 0), *ranges_deg)]
    return np.where(np.any(near, axis=0), 0.0, elsewhere)


def test_where_no_other_turn_is_left_a_rival_stands_for_itself(open_turns):
    found = open_turns(behind(), 0.0)
    assert (found.from_deg, found.to_deg, found.ways) == (0, 0, 1)


def test_a_range_counts_for_as_many_as_it_is_wide(open_turns):
    found = open_turns(behind((-45, 60)), 0.0)
    assert (found.from_deg, found.to_deg) == (-45, 60)
    # Each turn stands for what is nearest to it, half a step beyond the ends.
    assert found.ways == pytest.approx((105 + STEP_DEG - 2 * RIGHT_DEG) / (2 * RIGHT_DEG), rel=0.1)


def test_where_all_turns_are_left_they_reach_all_around(open_turns):
    found = open_turns(behind((-180, 180)), 0.0)
    assert (found.from_deg, found.to_deg) == (-180, 180)
    assert found.ways == pytest.approx(360 / (2 * RIGHT_DEG) - 1, rel=0.1)


@pytest.mark.parametrize(("ranges_deg", "reach_deg"), [(((135, 180), (-165, -150)), (0, 210)), (((15, 30),), (0, 30))])
def test_a_range_holds_the_pose_and_may_go_on_beyond_the_half_turn(open_turns, ranges_deg, reach_deg):
    found = open_turns(behind(*ranges_deg), 0.0)
    assert (found.from_deg, found.to_deg) == reach_deg


def test_noise_counts_for_nothing_and_what_is_told_a_little_for_less(open_turns):
    level = open_turns(behind((-45, 60)), 0.0).ways
    noisy = np.where(behind((-45, 60)) == 0, np.random.default_rng(0).uniform(-0.05, 0.05, len(ANGLES_DEG)), FAR)
    assert open_turns(noisy, 0.0).ways == pytest.approx(level)
    slightly = np.where(ANGLES_DEG == 0, 0, np.maximum(behind((-45, 60)), 0.1))
    assert 1 <= open_turns(slightly, 0.1).ways < 0.5 * level


def test_a_closer_look_that_told_the_best_of_them_told_all(open_turns):
    assert open_turns(behind((-45, 60)), 0.25).ways == 1
