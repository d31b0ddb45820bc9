"""CameraInfo to intrinsics, against projections worked out by hand or by OpenCV."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.streams.camera_info import to_lens

K = np.array([[600.0, 0, 320], [0, 610, 240], [0, 0, 1]])


def camera_info(**changes: object) -> SimpleNamespace:
    P = np.hstack([K * [[0.9], [0.9], [1]], np.zeros((3, 1))])
    roi = SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0)
    info = {"k": K.ravel(), "p": P.ravel(), "d": [], "distortion_model": "plumb_bob", "width": 640, "height": 480}
    return SimpleNamespace(**{**info, "binning_x": 0, "binning_y": 0, "roi": roi, **changes})


def test_raw_images_use_k_and_rectified_ones_p() -> None:
    raw, rectified = to_lens(camera_info()).camera, to_lens(camera_info(), rectified=True).camera
    np.testing.assert_allclose(raw.K, K)
    np.testing.assert_allclose(rectified.K, K * [[0.9], [0.9], [1]], rtol=1e-6)
    assert (raw.width, raw.height) == (640, 480)


@given(
    x_offset=st.integers(0, 300),
    y_offset=st.integers(0, 200),
    binning=st.integers(1, 4),
    u=st.floats(0, 639),
    v=st.floats(0, 479),
)
def test_region_and_binning_move_pixels_as_the_message_says(
    x_offset: int, y_offset: int, binning: int, u: float, v: float
) -> None:
    roi = SimpleNamespace(x_offset=x_offset, y_offset=y_offset, width=320, height=240)
    camera = to_lens(camera_info(roi=roi, binning_x=binning, binning_y=binning)).camera
    assert (camera.width, camera.height) == (320 // binning, 240 // binning)
    ray = np.linalg.inv(K) @ [u, v, 1.0]
    np.testing.assert_allclose(camera.project(ray), [(u - x_offset) / binning, (v - y_offset) / binning], atol=1e-6)


@pytest.mark.parametrize(("rectified", "field"), [(False, "k"), (True, "p")])
def test_a_camera_without_calibration_is_refused(rectified: bool, field: str) -> None:
    info = camera_info(**{field: [0.0] * (9 if field == "k" else 12)})
    with pytest.raises(InputRefused, match="calibrate the camera") as refused:
        to_lens(info, rectified)
    assert refused.value.reason == "bad_intrinsics"


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -600.0])
def test_intrinsics_that_are_no_numbers_are_refused(bad: float) -> None:
    with pytest.raises(InputRefused) as refused:
        to_lens(camera_info(k=[bad, 0, 320, 0, 610, 240, 0, 0, 1]))
    assert refused.value.reason == "bad_intrinsics"


@pytest.mark.parametrize("d", [[], [0.0] * 5])
@pytest.mark.parametrize("policy", ["undistort", "refuse", "ignore"])
def test_zero_distortion_is_none(d: list[float], policy: str) -> None:
    lens = to_lens(camera_info(d=d), distortion=policy)
    image = np.zeros((480, 640), np.float32)
    assert lens.rectified(image, smooth=False) is image


def test_distortion_can_be_refused_or_ignored() -> None:
    info = camera_info(d=[0.1, 0, 0, 0, 0])
    with pytest.raises(InputRefused, match="image_is_rectified:=true") as refused:
        to_lens(info, distortion="refuse")
    assert refused.value.reason == "distorted"
    assert not to_lens(info, distortion="ignore").distortion
    assert not to_lens(info, rectified=True).distortion


@pytest.mark.parametrize(
    "changes",
    [
        {"distortion_model": "thin_prism"},
        {"d": [float("nan"), 0, 0, 0, 0]},
        {"d": [0.1, 0, 0]},
        {"d": [0.1, 0, 0], "distortion_model": "equidistant"},
        {"d": [0.1, 0, 0, 0, 0.2], "distortion_model": "equidistant"},
    ],
    ids=["model", "values", "too few", "too few of a fisheye", "too many of a fisheye"],
)
def test_distortion_that_cannot_be_undone_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InputRefused):
        to_lens(camera_info(**{"d": [0.1, 0, 0, 0, 0], **changes}))


@pytest.mark.parametrize(
    ("model", "d"),
    [("plumb_bob", [-0.25, 0.06, 0.001, -0.001, 0.0]), ("rational_polynomial", [0.3, -0.05, 0, 0, 0, 0.05, 0, 0])],
)
def test_undistorting_puts_a_dot_where_the_pinhole_sees_it(model: str, d: list[float]) -> None:
    point = np.array([[-0.25, 0.12, 1.0]])
    seen = cv2.projectPoints(point, np.zeros(3), np.zeros(3), K, np.array(d))[0].ravel()
    _assert_dot(to_lens(camera_info(distortion_model=model, d=d)), seen, point[0])


@pytest.mark.parametrize("filled_up", [[], [0.0, 0.0]])
def test_undistorting_a_fisheye(filled_up: list[float]) -> None:
    d = [0.05, -0.01, 0.002, 0.0]
    point = np.array([[[0.2, -0.18, 1.0]]])
    seen = cv2.fisheye.projectPoints(point, np.zeros(3), np.zeros(3), K, np.array(d))[0].ravel()
    _assert_dot(to_lens(camera_info(distortion_model="equidistant", d=d + filled_up)), seen, point.ravel())


def _assert_dot(lens, seen_px: np.ndarray, point_cam: np.ndarray) -> None:
    image = np.zeros((480, 640), np.uint8)
    cv2.circle(image, tuple(int(x) for x in np.round(seen_px * 16)), 16 * 4, 255, -1, shift=4)
    expected_px = lens.camera.project(point_cam)
    assert np.linalg.norm(expected_px - seen_px) > 2
    for smooth in (True, False):
        rows, columns = np.nonzero(lens.rectified(image, smooth) > 127)
        np.testing.assert_allclose([columns.mean(), rows.mean()], expected_px, atol=0.6)
