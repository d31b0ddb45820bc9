"""Points are followed as OpenCV follows them, to where a warp has put them, and no farther than pictures reach."""

import cv2
import numpy as np
import pytest

from foundation_pose_ros.observation.lucas_kanade import there_and_back

SIZE, RIM = 160, 40
WARP = np.array([[1.0, 0.02, -2.3], [-0.02, 1.0, 1.7]])


def opencv(before, after, pixels, expected, levels):
    given = {"winSize": (13, 13), "criteria": (3, 12, 0.03), "minEigThreshold": 2e-3, "flags": 4}
    found, there, _ = cv2.calcOpticalFlowPyrLK(before, after, pixels, expected.copy(), maxLevel=levels, **given)
    back, here, _ = cv2.calcOpticalFlowPyrLK(after, before, found, pixels.copy(), maxLevel=0, **given)
    return found, back, (there[:, 0] > 0) & (here[:, 0] > 0)


def warped(pixels: np.ndarray) -> np.ndarray:
    """Where the warp, about the larger picture's first pixel, puts pixels (M, 2) of the inner one."""
    return (pixels + RIM) @ WARP[:, :2].T + WARP[:, 2] - RIM


@pytest.fixture
def pictures(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Smooth noise, and the same warped; what comes in from beyond the first one's border is noise as well."""
    whole = cv2.GaussianBlur(rng.uniform(0, 255, (SIZE + 2 * RIM,) * 2).astype(np.float32), (0, 0), 2.0)
    whole = ((whole - whole.mean()) / whole.std() * 40 + 128).clip(0, 255)
    after = cv2.warpAffine(whole, WARP, whole.shape, flags=cv2.INTER_CUBIC).clip(0, 255)
    inner = slice(RIM, RIM + SIZE)
    return whole[inner, inner].astype(np.uint8), after[inner, inner].astype(np.uint8)


@pytest.fixture
def pixels(pictures: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return cv2.goodFeaturesToTrack(pictures[0], 80, 0.02, 5, blockSize=5).reshape(-1, 2)


@pytest.mark.parametrize(("levels", "off_px"), [(0, 1.0), (1, 2.0), (2, 4.0), (3, 8.0)])
def test_it_follows_as_opencv_does(pictures, pixels, rng: np.random.Generator, levels: int, off_px: float) -> None:
    expected = (warped(pixels) + rng.uniform(-off_px, off_px, pixels.shape)).astype(np.float32)
    theirs, ours = (follow(*pictures, pixels, expected, levels) for follow in (opencv, there_and_back))
    assert np.mean(theirs[2] == ours[2]) > 0.95
    both = theirs[2] & ours[2]
    assert both.mean() > 0.8
    # Where one stops a step sooner they differ by up to a step.
    for one, other in zip(theirs[:2], ours[:2], strict=True):
        assert np.quantile(np.abs(one - other)[both].max(axis=1), 0.75) < 0.002


def test_points_are_found_where_the_warp_has_put_them(pictures, pixels) -> None:
    found, back, seen = there_and_back(*pictures, pixels, pixels, 2)
    inside = (np.abs(warped(pixels) - SIZE / 2) < SIZE / 2 - 12).all(axis=1)
    assert seen[inside].mean() > 0.9
    near = seen & inside
    assert np.median(np.linalg.norm(found - warped(pixels), axis=1)[near]) < 0.1
    assert np.median(np.linalg.norm(back - pixels, axis=1)[near]) < 0.1


def test_plain_surface_has_no_points(pixels) -> None:
    plain = np.full((SIZE, SIZE), 128, np.uint8)
    assert not there_and_back(plain, plain, pixels, pixels, 3)[2].any()


@pytest.mark.parametrize("place", [-1e9, -100.0, SIZE + 100.0, 1e9, np.inf, -np.inf, np.nan])
def test_what_is_expected_beyond_the_picture_is_not_seen(pictures, pixels, place: float) -> None:
    expected = np.full_like(pixels, place)
    for levels in (0, 3):
        assert not there_and_back(*pictures, pixels, expected, levels)[2].any()


def test_windows_may_reach_out_of_the_picture(pictures) -> None:
    corners = np.array([[0, 0], [SIZE - 1, 0], [0, SIZE - 1], [SIZE - 1, SIZE - 1]], np.float32)
    found, _, _ = there_and_back(pictures[0], pictures[0], corners, corners, 3)
    np.testing.assert_allclose(found, corners, atol=0.1)
