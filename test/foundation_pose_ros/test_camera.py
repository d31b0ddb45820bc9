"""Intrinsics are checked, and rays and pixels are each other's inverse."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation_pose_ros import Camera, InputRefused

CAMERA = Camera(600.0, 610.0, 319.5, 239.5, 640, 480)
CAMERAS = st.builds(
    Camera,
    fx=st.floats(50, 3000),
    fy=st.floats(50, 3000),
    cx=st.floats(-100, 2000),
    cy=st.floats(-100, 2000),
    width=st.integers(1, 4000),
    height=st.integers(1, 4000),
)


def test_K_goes_in_and_comes_out():
    K = np.array([[600, 0, 320.5], [0, 610, 240.5], [0, 0, 1]])
    camera = Camera.from_K(K, 640, 480)
    assert camera.K.dtype == np.float32
    assert np.array_equal(camera.K, K)
    assert (camera.width, camera.height) == (640, 480)


@pytest.mark.parametrize("shape", [(9,), (3, 4), (2, 2), (1, 3, 3)])
def test_what_is_no_3x3_matrix_is_refused(shape):
    with pytest.raises(InputRefused, match="3x3") as refusal:
        Camera.from_K(np.ones(shape), 640, 480)
    assert refusal.value.reason == "bad_intrinsics"


@pytest.mark.parametrize("field", ["fx", "fy"])
@pytest.mark.parametrize("value", [0.0, -600.0, np.nan, np.inf])
def test_a_focal_length_that_is_none_is_refused(field, value):
    with pytest.raises(InputRefused, match="calibrate the camera") as refusal:
        replace(CAMERA, **{field: value})
    assert refusal.value.reason == "bad_intrinsics"


@pytest.mark.parametrize("field", ["cx", "cy"])
@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_a_centre_that_is_not_finite_is_refused(field, value):
    with pytest.raises(InputRefused, match=field):
        replace(CAMERA, **{field: value})


@pytest.mark.parametrize("size", [(0, 480), (640, 0), (-1, 480)])
def test_an_empty_image_is_refused(size):
    with pytest.raises(InputRefused, match=f"{size[0]}x{size[1]}"):
        Camera(600, 600, 320, 240, *size)


def test_a_camera_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        CAMERA.fx = 1.0  # type: ignore[misc]


def test_the_ray_through_the_centre_is_the_optical_axis():
    assert CAMERA.rays(np.array(319.5), np.array(239.5)).tolist() == [0, 0, 1]


def test_x_is_right_and_y_is_down():
    right, below = CAMERA.rays(np.array([400, 319.5]), np.array([239.5, 300]))
    assert right[0] > 0 and below[1] > 0
    assert CAMERA.project(np.array([0.1, 0, 1]))[0] > CAMERA.cx
    assert CAMERA.project(np.array([0, 0.1, 1]))[1] > CAMERA.cy


def test_rays_of_a_grid_broadcast():
    rays = CAMERA.rays(np.arange(640)[None], np.arange(480)[:, None])
    assert (rays.shape, rays.dtype) == ((480, 640, 3), np.float32)
    assert rays[7, 11] == pytest.approx(CAMERA.rays(np.array(11), np.array(7)))
    assert (rays[..., 2] == 1).all()


@given(CAMERAS, st.floats(-500, 4500), st.floats(-500, 4500), st.floats(0.01, 100))
def test_a_point_on_a_pixels_ray_projects_to_the_pixel(camera, u, v, depth_m):
    pixel = camera.project(depth_m * camera.rays(u, v).astype(np.float64))
    assert pixel == pytest.approx([u, v], abs=2e-3)


def test_depth_is_along_the_axis_not_along_the_ray():
    points = 2.0 * CAMERA.rays(np.array([0, 320, 639]), np.array([0, 240, 479]))
    assert points[:, 2] == pytest.approx([2, 2, 2])


def test_points_that_are_not_in_front_have_no_pixel():
    pixels = CAMERA.project(np.array([[0.1, 0.1, -1], [0, 0, 0], [0, 0, 1]]))
    assert np.isnan(pixels[:2]).all()
    assert pixels[2] == pytest.approx([CAMERA.cx, CAMERA.cy])


CORNERS = np.array([[x, y, z] for x in (-0.1, 0.1) for y in (-0.1, 0.1) for z in (0.9, 1.0)])


def test_a_pixel_box_holds_all_points_and_a_margin():
    left, top, right, bottom = CAMERA.pixel_box(CORNERS)
    pixels = CAMERA.project(CORNERS)
    assert (pixels >= (left, top)).all() and (pixels <= (right - 1, bottom - 1)).all()
    assert (pixels.min(axis=0) - (left, top) < 1).all() and ((right - 1, bottom - 1) - pixels.max(axis=0) < 1).all()
    assert CAMERA.pixel_box(CORNERS, margin_px=3) == (left - 3, top - 3, right + 3, bottom + 3)


def test_a_pixel_box_is_cut_to_the_image_and_none_outside():
    reaching = CAMERA.pixel_box(CORNERS - (CAMERA.cx / CAMERA.fx, 0, 0))
    assert reaching[0] == 0 and reaching[2] < CAMERA.width / 2
    assert CAMERA.pixel_box(CORNERS + np.array([5, 0, 0])) is None
    assert CAMERA.pixel_box(CORNERS * (1, 1, -1)) is None
    assert CAMERA.pixel_box(CORNERS * np.nan) is None


def test_what_reaches_behind_the_camera_may_be_anywhere_in_the_image():
    assert CAMERA.pixel_box(CORNERS - (0, 0, 0.95)) == (0, 0, CAMERA.width, CAMERA.height)


def test_a_pixel_box_of_a_camera_with_odd_numbers_is_within_the_image():
    far = Camera(1e-6, 1e-6, 1e30, 1e30, 640, 480)
    assert far.pixel_box(CORNERS) is None
    wide = Camera(1e30, 1e30, 0.0, 0.0, 640, 480)
    assert wide.pixel_box(CORNERS) == (0, 0, 640, 480)
