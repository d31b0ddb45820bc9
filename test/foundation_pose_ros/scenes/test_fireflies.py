"""What a path tracer's rare paths leave is taken away; what is bright because it is printed so stays."""

import numpy as np
import pytest

pytest.importorskip("pydantic", reason="descriptions need pydantic")
from foundation_pose_ros.scenes.mitsuba_scene import _without_fireflies


def test_a_lone_bright_pixel_goes_and_print_stays():
    expected = np.full((20, 30, 3), 0.2, np.float32)
    expected[5, 5:25] = 0.9  # a line of print, one pixel high
    noise = np.random.default_rng(0).normal(1, 0.05, expected.shape).astype(np.float32)
    light = expected * noise
    light[15, 10] = 40.0
    cleaned = _without_fireflies(light, expected)
    assert cleaned[15, 10].max() < 0.5
    light[15, 10] = cleaned[15, 10]
    np.testing.assert_array_equal(cleaned, light)
