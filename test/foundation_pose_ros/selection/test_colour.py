"""Colours compared as they are: through white balance, exposure, shading and noise, and with no say on plain things."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation_pose_ros.selection.colour import ColourComparison


def print_of_squares(seed: int, n: int = 32) -> np.ndarray:
    """(n, n, 3) of coloured squares."""
    rng = np.random.default_rng(seed)
    return np.kron(rng.uniform(0.1, 0.9, (8, 8, 3)), np.ones((n // 8, n // 8, 1))).astype(np.float32)


WEIGHT = np.ones((1, 32, 32), np.float32)


def correlation(observed: np.ndarray, rendered: np.ndarray, weight: np.ndarray = WEIGHT) -> float:
    return float(ColourComparison(observed.astype(np.float32)).correlation(rendered[None].copy(), weight)[0][0])


@given(st.floats(0.4, 1.1), st.floats(0.8, 1.25), st.floats(0.8, 1.25))
def test_exposure_and_white_balance_do_not_matter(exposure, red, blue):
    rendered = print_of_squares(0)
    observed = rendered * exposure * np.array([red, 1.0, blue]) * 0.8
    assert correlation(observed, rendered) > correlation(rendered * 0.8, rendered) - 0.15


def test_shading_does_not_matter():
    rendered = print_of_squares(1)
    shading = np.linspace(0.4, 1.0, 32)[:, None, None]
    assert correlation(rendered * shading, rendered) > 0.75


def test_other_prints_do_not_correlate():
    assert correlation(print_of_squares(2), print_of_squares(2)) > 0.85
    assert abs(correlation(print_of_squares(2), print_of_squares(3))) < 0.35


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_the_same_print_turned_does_not_correlate(turn):
    rendered = print_of_squares(4)
    assert correlation(np.rot90(rendered, turn), rendered) < 0.4


def test_plain_surfaces_have_no_say():
    """Shading on a plain object correlates with any other shading, and must not be taken for print."""
    rng = np.random.default_rng(0)
    plain = np.full((32, 32, 3), 0.5, np.float32)
    shaded = plain * np.linspace(0.8, 1.0, 32)[None, :, None] + rng.normal(0, 0.01, (32, 32, 3))
    assert abs(correlation(shaded, plain)) < 0.05
    assert abs(correlation(shaded, shaded.astype(np.float32))) < 0.2


def test_only_weighted_pixels_are_compared():
    rendered = print_of_squares(5)
    observed = rendered.copy()
    observed[:, 16:] = print_of_squares(6)[:, 16:]
    half = WEIGHT.copy()
    half[:, :, 15:] = 0
    assert correlation(observed, rendered, half) > correlation(observed, rendered) + 0.2


def test_too_few_pixels_say_nothing_and_no_number_is_lost():
    rendered = print_of_squares(7)
    assert correlation(rendered, rendered, np.zeros((1, 32, 32), np.float32)) == 0


def mostly_shared() -> np.ndarray:
    """(2, 32, 32, 3): two prints of one frame and colour, which differ in a small sign on either side."""
    rendered = np.repeat(print_of_squares(6)[None], 2, axis=0)
    rendered[:, 8:24, 8:24] = 0.7
    rendered[0, 12:20, 10:14] = rendered[1, 12:20, 18:22] = (0.2, 0.25, 0.5)
    return rendered


@pytest.mark.parametrize("true", [0, 1])
def test_what_two_renderings_share_does_not_drown_what_sets_them_apart(true):
    rendered = mostly_shared()
    shading = np.linspace(0.6, 1.0, 32)[:, None, None]
    observed = (rendered[true] * shading * (0.9, 1.0, 0.8)).astype(np.float32)
    comparison, weight = ColourComparison(observed), np.ones((2, 32, 32), np.float32)
    plain, apart = comparison.correlation(rendered, weight)[0], comparison.distinguishable(rendered, weight)
    assert apart[true] - apart[1 - true] > 0.2
    assert apart[true] - apart[1 - true] > 3 * (plain[true] - plain[1 - true])


def test_equal_renderings_are_not_told_apart():
    rendered = np.repeat(print_of_squares(7)[None], 3, axis=0)
    apart = ColourComparison(print_of_squares(8)).distinguishable(rendered, np.ones((3, 32, 32), np.float32))
    assert np.abs(apart).max() < 1e-3


def test_pixels_that_only_one_of_them_explains_say_nothing():
    rendered = mostly_shared()
    weight = np.ones((2, 32, 32), np.float32)
    weight[0, :, :16] = 0  # the sign of the first
    one = ColourComparison(rendered[0]).distinguishable(rendered, weight)
    rendered[0, :, :16] = 0.5
    assert ColourComparison(rendered[0]).distinguishable(rendered, weight) == pytest.approx(one, abs=0.05)


def test_a_rendering_near_the_mean_of_all_is_told_as_well():
    """Turns of a cube of six colours share faces with the true one, which is nearer to their mean than they are."""
    colours = {
        "green": (0.06, 0.36, 0.08),
        "orange": (0.9, 0.27, 0.0),
        "yellow": (0.85, 0.67, 0.06),
        "blue": (0.15, 0.33, 0.45),
        "white": (0.72, 0.75, 0.48),
        "red": (0.5, 0.0, 0.0),
    }
    turns = (
        "green orange yellow",
        "blue orange white",
        "blue red yellow",
        "blue yellow orange",
        "green red white",
        "green white orange",
    )
    faces = [np.repeat([colours[name] for name in turn.split()], (12, 10, 10), axis=0) for turn in turns]
    rendered = np.repeat(np.array(faces, np.float32)[:, None], 32, axis=1)  # (6, 32, 32, 3)
    light = np.repeat([0.6, 1.0, 0.3], (12, 10, 10))[:, None] * (1.0, 1.1, 1.0)
    noise = np.random.default_rng(0).normal(0, 0.02, rendered[0].shape)
    observed = ((rendered[0] * light).clip(0, 1) + noise).astype(np.float32)
    apart = ColourComparison(observed).distinguishable(rendered, np.ones((6, 32, 32), np.float32))
    assert apart[0] > apart[1:].max() + 0.04


def test_of_two_the_one_that_looks_like_the_picture_is_preferred_by_as_much_as_the_other_is_not():
    rendered, weight = mostly_shared(), np.ones((2, 32, 32), np.float32)
    comparison = ColourComparison(rendered[0])
    preferred = comparison.preferred(rendered, weight)[0]
    assert preferred > 0.2
    assert comparison.preferred(rendered[::-1].copy(), weight)[0] == pytest.approx(-preferred, abs=1e-4)
    apart = comparison.distinguishable(rendered, weight)
    assert preferred == pytest.approx(apart[0] - apart[1], abs=1e-4)


def test_what_else_is_compared_does_not_change_what_is_preferred():
    """A third that explains little, as a turn that is plainly wrong, would leave few pixels that all explain."""
    rendered = np.concatenate([mostly_shared(), print_of_squares(9)[None]])
    weight = np.ones((3, 32, 32), np.float32)
    weight[2, :, :24] = 0  # both signs
    comparison = ColourComparison(rendered[0])
    alone = comparison.preferred(rendered[:2], weight[:2])[0]
    assert comparison.preferred(rendered, weight)[0] == pytest.approx(alone, abs=1e-5)
    apart = comparison.distinguishable(rendered, weight)
    assert alone > 2 * abs(apart[0] - apart[1])
