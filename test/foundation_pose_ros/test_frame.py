"""A frame refuses what can't belong together, in words that carry the fix, and cleans its depth."""

import numpy as np
import pytest

from foundation_pose_ros import Camera, Frame, InputRefused
from foundation_pose_ros.frame import period_over

CAMERA = Camera(100.0, 100.0, 7.5, 5.5, 16, 12)


def colour(height: int = 12, width: int = 16) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


def depth(height: int = 12, width: int = 16, value: float = 1.0) -> np.ndarray:
    return np.full((height, width), value, np.float32)


def test_stamp_and_frame_are_kept():
    frame = Frame(colour(), depth(), CAMERA, 123, "camera_color_optical_frame")
    assert (frame.stamp_ns, frame.frame_id) == (123, "camera_color_optical_frame")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -0.001, -5.0])
def test_what_is_no_depth_becomes_zero(bad):
    depth_m = depth()
    depth_m[3, 4] = bad
    frame = Frame(colour(), depth_m, CAMERA)
    assert frame.depth_m[3, 4] == 0
    assert np.count_nonzero(frame.depth_m) == 12 * 16 - 1


def test_the_callers_array_stays_as_it_was():
    depth_m = depth()
    depth_m[3, 4] = np.nan
    Frame(colour(), depth_m, CAMERA)
    assert np.isnan(depth_m[3, 4])


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_depth_of_other_precision_becomes_float32(dtype):
    frame = Frame(colour(), depth(value=1.25).astype(dtype), CAMERA)
    assert frame.depth_m.dtype == np.float32
    assert (frame.depth_m == 1.25).all()


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.uint8])
def test_depth_in_millimetres_is_refused_with_the_conversion(dtype):
    with pytest.raises(InputRefused, match="/ 1000") as refusal:
        Frame(colour(), np.full((12, 16), 200, dtype), CAMERA)
    assert refusal.value.reason == "bad_encoding"


@pytest.mark.parametrize("shape", [(12,), (12, 16, 1), (1, 12, 16)])
def test_depth_of_another_shape_is_refused(shape):
    with pytest.raises(InputRefused, match="depth is") as refusal:
        Frame(colour(), np.zeros(shape, np.float32), CAMERA)
    assert refusal.value.reason == "bad_encoding"


@pytest.mark.parametrize(
    "rgb",
    [
        np.zeros((12, 16), np.uint8),
        np.zeros((12, 16, 4), np.uint8),
        np.zeros((12, 16, 3), np.float32),
        np.zeros((12, 16, 3), np.uint16),
    ],
)
def test_colour_that_is_not_8_bit_rgb_is_refused(rgb):
    with pytest.raises(InputRefused, match="uint8") as refusal:
        Frame(rgb, depth(), CAMERA)
    assert refusal.value.reason == "bad_encoding"


def test_depth_that_is_not_aligned_is_refused_with_the_drivers_switch():
    with pytest.raises(InputRefused, match=r"depth is 8x6 but colour is 16x12.*align_depth") as refusal:
        Frame(colour(), depth(6, 8), CAMERA)
    assert refusal.value.reason == "size_mismatch"


def test_camera_info_of_another_stream_is_refused():
    with pytest.raises(InputRefused, match=r"camera info is for 16x12 but the images are 8x6") as refusal:
        Frame(colour(6, 8), depth(6, 8), CAMERA)
    assert refusal.value.reason == "size_mismatch"


@pytest.mark.parametrize(
    ("rgb", "depth_m", "camera", "reason"),
    [
        (None, depth(), CAMERA, "bad_encoding"),
        (colour().tolist(), depth(), CAMERA, "bad_encoding"),
        (colour(), None, CAMERA, "bad_encoding"),
        (colour(), depth(), None, "bad_intrinsics"),
        (colour(), depth(), CAMERA.K, "bad_intrinsics"),
    ],
)
def test_what_is_no_image_or_camera_at_all_is_refused(rgb, depth_m, camera, reason):
    with pytest.raises(InputRefused) as refusal:
        Frame(rgb, depth_m, camera)
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    ("since_ns", "now_ns", "over"),
    [(None, 0, True), (100, 100, False), (100, 149, False), (100, 150, True), (100, 99, True)],
)
def test_a_period_is_over_when_it_has_passed_never_began_or_time_went_back(since_ns, now_ns, over):
    assert period_over(since_ns, now_ns, 50e-9) is over
