"""A contest counts what a sensor can tell: millimetres all over a face don't add up, nor do slivers of outline."""

import numpy as np
import pytest

from foundation_pose_ros.selection.contest import support, telling, votes
from foundation_pose_ros.selection.depth_agreement import ObservedPixels

SIZE, TOLERANCE_M = 32, 0.003


def lead(observed_m: np.ndarray, first_m: np.ndarray, second_m: np.ndarray) -> float:
    """By how much more speaks for the first of two renderings (n, n), in the light of their common mask."""
    rendered_m = np.stack([first_m, second_m]).reshape(2, -1).astype(np.float32)
    seen_m = observed_m.ravel().astype(np.float32)
    sure = np.ones(seen_m.size, np.float32)
    pixels = ObservedPixels(seen_m, TOLERANCE_M * sure, sure, sure > 0)
    mask = observed_m.ravel() < 0.9
    supports = support(pixels, mask, mask, rendered_m, pixels.tolerance_m)
    return float(votes(supports, telling(pixels, rendered_m, pixels.tolerance_m))[0])


def face(width: int, depth_m: float, behind_m: float = 0.0) -> np.ndarray:
    """A face so many cells wide, before nothing or before a wall."""
    shown = np.full((SIZE, SIZE), behind_m)
    shown[6:26, 6 : 6 + width] = depth_m
    return shown


@pytest.mark.parametrize(("apart", "least", "most"), [(0.5, 0.0, 0.1), (1.0, 0.1, 0.9), (3.0, 0.9, 1.0)])
def test_a_face_tells_two_poses_apart_as_far_as_a_sensor_could(apart, least, most):
    true_m, other_m = face(20, 0.6), face(20, 0.6 + apart * TOLERANCE_M)
    found = lead(face(20, 0.6, 1.0), true_m, other_m)
    assert least <= found <= most
    assert lead(face(20, 0.6, 1.0), other_m, true_m) == pytest.approx(-found)


def test_an_outline_tells_them_apart_from_two_cells_on():
    observed_m = face(20, 0.6, 1.0)
    assert lead(observed_m, face(20, 0.6), face(19, 0.6)) == 0
    assert lead(observed_m, face(20, 0.6), face(16, 0.6)) > 0.5


def test_so_does_a_rim_before_the_far_side_of_the_same_thing():
    def mug(rim: int) -> np.ndarray:
        shown = face(20, 0.6)
        shown[6:rim, 6:26] = 0.68
        return shown

    observed_m = np.where(mug(14) > 0, mug(14), 1.0)
    assert lead(observed_m, mug(14), mug(15)) == 0
    assert lead(observed_m, mug(14), mug(18)) > 0.5
