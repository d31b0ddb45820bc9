"""A lens is sharp at its focus, and spreads what is nearer or farther over discs of the size that optics say."""

import numpy as np
import pytest

from foundation_pose_ros import Camera
from foundation_pose_ros.synthetic.lens import PINHOLE, OpenLens

CAMERA = Camera(600.0, 600.0, 59.5, 39.5, 120, 80)
LENS = OpenLens(aperture_m=0.02, focus_m=0.5)


def dot(depth_m: float) -> tuple[np.ndarray, np.ndarray]:
    """A point of light on a dark plane that faces the camera."""
    light = np.zeros((80, 120, 3), np.float32)
    light[40, 60] = 1.0
    return light, np.full((80, 120), depth_m, np.float32)


def test_a_pinhole_leaves_a_picture_as_it_is():
    light, depth_m = dot(0.4)
    assert PINHOLE.blurred(light, depth_m, CAMERA) is light


def test_what_is_in_focus_is_sharp():
    light, depth_m = dot(0.5)
    np.testing.assert_allclose(LENS.blurred(light, depth_m, CAMERA), light, atol=1e-6)


@pytest.mark.parametrize("depth_m", [0.3, 0.4, 1.0, 0.0])
def test_a_point_becomes_a_disc_of_the_size_that_optics_say(depth_m):
    light, image_m = dot(depth_m)
    found = LENS.blurred(light, image_m, CAMERA)
    # Similar triangles: the cone through the opening, cut at the focus, as the camera sees it there.
    away_m = depth_m if depth_m > 0 else 1e6
    diameter_m = 0.02 * abs(away_m - 0.5) / away_m
    radius_px = 600 * diameter_m / 0.5 / 2
    assert np.abs(LENS.radius_px(image_m, CAMERA)).max() == pytest.approx(radius_px, rel=1e-3)
    assert found.sum() == pytest.approx(light.sum(), rel=1e-3)
    rows, columns = np.nonzero(found[..., 0] > 0.5 * found[..., 0].max())
    reach = np.hypot(rows - 40, columns - 60).max()
    assert reach == pytest.approx(radius_px, abs=1)


def test_what_is_near_smears_over_what_is_far_and_not_the_other_way_round():
    light, depth_m = np.zeros((80, 120, 3), np.float32), np.full((80, 120), 0.5, np.float32)
    light[:, :60] = 1.0  # sharp and bright, beside something dark and near
    depth_m[:, 60:] = 0.3
    found = LENS.blurred(light, depth_m, CAMERA)
    assert found[40, 57, 0] < 0.95, "the near edge is over it"
    depth_m[:, 60:] = 1.0
    found = LENS.blurred(light, depth_m, CAMERA)
    np.testing.assert_allclose(found[:, :60], light[:, :60], atol=0.02)
    assert found[40, 70:].max() < 0.1
