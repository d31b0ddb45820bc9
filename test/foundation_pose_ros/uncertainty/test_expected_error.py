"""Stated limits hold the shares of normal errors that they are said to; turns of symmetric objects are no error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation_pose_ros.uncertainty.expected_error import ErrorModel, normal_limits

PLAIN = ErrorModel((1.0, 1.0), (1.0, 1.0))


@given(st.tuples(*[st.floats(0.1, 3.0)] * 3))
@settings(max_examples=25, deadline=None)
def test_normal_errors_are_within_the_limits_as_often_as_is_said(sigmas):
    errors = np.random.default_rng(0).normal(size=(4000, 3)) * sigmas
    low, high = normal_limits(np.diag(np.square(sigmas))[None])[0]
    lengths = np.linalg.norm(errors, axis=1)
    assert (lengths < low).mean() == pytest.approx(0.68, abs=0.03)
    assert (lengths < high).mean() == pytest.approx(0.95, abs=0.015)


def test_limits_are_millimetres_and_degrees_and_grow_by_their_factors():
    covariance = np.diag([1e-6, 0, 0, np.deg2rad(2.0) ** 2, 0, 0])
    none = np.zeros((0, 3))
    translation_mm, rotation_deg = PLAIN.limits(covariance, none)
    assert translation_mm == pytest.approx((0.994, 1.96), abs=0.01)
    assert rotation_deg == pytest.approx((1.989, 3.92), abs=0.01)
    _, twice_deg = ErrorModel((2.0, 3.0), (2.0, 3.0)).limits(covariance, none)
    assert twice_deg == pytest.approx((2 * 1.989, 3 * 3.92), abs=0.03)


def test_a_turn_about_an_axis_of_symmetry_is_no_error():
    covariance = np.diag([1e-6] * 3 + [1e-4, 1e-4, 1.0])
    axis = np.array([[0.0, 0.0, 1.0]])
    assert PLAIN.limits(covariance, axis)[1][1] < 2.0 < 90 < PLAIN.limits(covariance, np.zeros((0, 3)))[1][1]
    ball = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    assert PLAIN.limits(np.diag([1e-6] * 3 + [0, 1e-12, 1.0]), ball)[1][1] < 0.01
