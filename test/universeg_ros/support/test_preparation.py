"""Any image becomes what the network takes, and what it puts out comes back at the image's size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.errors import InputRefused
from universeg_ros.support.preparation import Preparation, to_gray

SIDES = st.integers(2, 300)


def ramp(height: int, width: int) -> np.ndarray:
    return (np.mgrid[:height, :width][1] * 255 / max(1, width - 1)).astype(np.uint8)


@given(SIDES, SIDES, st.sampled_from(["stretch", "keep"]), st.sampled_from([8, 64, 128]))
def test_any_size_fits_and_comes_back(height: int, width: int, aspect: str, size: int) -> None:
    preparation = Preparation(size, aspect)  # type: ignore[arg-type]
    prepared = preparation.image(ramp(height, width))
    assert prepared.shape == (size, size) and prepared.dtype == np.float32
    assert prepared.min() >= 0 and prepared.max() <= 1
    back = preparation.back(np.stack([prepared, prepared]), (height, width))
    assert back.shape == (2, height, width)


@pytest.mark.parametrize("aspect", ["stretch", "keep"])
@pytest.mark.parametrize("shape", [(480, 640), (200, 90), (128, 128), (40, 50)])
def test_a_mask_there_and_back_is_the_same_mask(aspect: str, shape: tuple[int, int]) -> None:
    preparation = Preparation(128, aspect)  # type: ignore[arg-type]
    ys, xs = np.mgrid[: shape[0], : shape[1]]
    mask = np.hypot(ys - 0.4 * shape[0], xs - 0.6 * shape[1]) < 0.25 * min(shape)
    back = preparation.back(preparation.mask(mask), shape) >= 0.5
    overlap = 2 * (back & mask).sum() / (back.sum() + mask.sum())
    assert overlap > 0.97


def test_keeping_the_aspect_keeps_a_disc_round() -> None:
    ys, xs = np.mgrid[:100, :200]
    disc = np.hypot(ys - 50, xs - 100) < 40
    for aspect, ratio in (("keep", 1.0), ("stretch", 0.5)):
        prepared = Preparation(128, aspect).mask(disc) > 0  # type: ignore[arg-type]
        height, width = prepared.any(axis=1).sum(), prepared.any(axis=0).sum()
        assert width / height == pytest.approx(ratio, rel=0.05)


def test_window_cuts_what_is_outside() -> None:
    hounsfield = np.array([[-1000.0, -100.0], [100.0, 3000.0]], np.float32)
    prepared = Preparation(8, window=(-100.0, 100.0)).normalised(hounsfield)
    assert np.array_equal(prepared, [[0, 0], [1, 1]])


def test_all_encodings_of_one_picture_agree(rng: np.random.Generator) -> None:
    rgb = rng.integers(0, 256, (20, 30, 3), np.uint8)
    luma = (rgb @ np.array([0.299, 0.587, 0.114])).astype(np.float32)
    rgba = np.dstack([rgb, np.full((20, 30), 7, np.uint8)])
    for image, encoding in (
        (rgb, None),
        (rgb, "rgb8"),
        (rgb[..., ::-1].copy(), "bgr8"),
        (rgba, None),
        (rgba[..., [2, 1, 0, 3]].copy(), "bgra8"),
    ):
        assert np.abs(to_gray(image, encoding) - luma).max() < 1, encoding
    gray = rng.integers(0, 60000, (20, 30), np.uint16)
    same = Preparation(8).image(gray, "mono16")
    assert np.allclose(same, Preparation(8).image(gray.astype(np.float32)), atol=1e-5)


def test_depth_that_is_not_measured_counts_as_far() -> None:
    metres = np.array([[0.5, 0.0], [np.nan, 2.0]], np.float32)
    millimetres = np.array([[500, 0], [0, 2000]], np.uint16)
    expected = [[0, 1], [1, 1]]
    assert np.array_equal(Preparation(8).normalised(metres, "32FC1"), expected)
    assert np.array_equal(Preparation(8).normalised(millimetres, "16UC1"), expected)


@pytest.mark.parametrize(
    ("image", "encoding", "reason"),
    [
        (np.full((4, 4), 9, np.uint8), None, "flat_image"),
        (np.zeros((4, 4), np.uint16), "16UC1", "no_depth"),
        (np.array([[0, np.nan]], np.float32), None, "not_finite"),
        (np.zeros((4, 4, 2), np.uint8), None, "bad_image"),
        (np.zeros((0, 4), np.uint8), None, "bad_image"),
        (np.zeros((4, 4), np.uint8), "rgb8", "bad_image"),
        (np.zeros((4, 4, 3), np.uint8), "mono8", "bad_image"),
        (np.zeros((4, 4, 3), np.int32), None, "bad_image"),
    ],
)
def test_images_that_say_nothing_are_refused(image: np.ndarray, encoding: str | None, reason: str) -> None:
    with pytest.raises(InputRefused) as refusal:
        Preparation(8).image(image, encoding)  # type: ignore[arg-type]
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    "settings", [{"size": 12}, {"size": 0}, {"aspect": "crop"}, {"window": (1.0, 1.0)}, {"gray": "green"}], ids=str
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(InputRefused):
        Preparation(**settings)  # type: ignore[arg-type]
