"""Reliability against shares counted by hand."""

import numpy as np
import pytest

from foundation_pose_ros.evaluation.reliability import Bin, calibration_error, reliability_diagram


def test_said_and_was_are_means_of_their_bin():
    scores, right = np.array([0.91, 0.97, 0.99, 0.12, 1.0]), np.array([True, True, False, False, True])
    low, high = reliability_diagram(scores, right)
    assert low == Bin(1, pytest.approx(0.12), 0.0)
    assert high == Bin(4, pytest.approx((0.91 + 0.97 + 0.99 + 1.0) / 4), 0.75)
    assert calibration_error([low, high]) == pytest.approx((0.12 + 4 * (0.9675 - 0.75)) / 5)


def test_scores_that_are_right_as_often_as_they_say_have_no_error(rng):
    scores = rng.random(20_000)
    diagram = reliability_diagram(scores, rng.random(20_000) < scores)
    assert len(diagram) == 10
    assert calibration_error(diagram) < 0.015


def test_nothing_has_no_error():
    assert np.isnan(calibration_error([]))
