"""Boxes end at the image, and of boxes around one thing the likeliest is kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation_pose_ros.prompts.region import Region, best_of_each, clipped

SHAPE = (48, 80, 3)
ANY = st.floats(allow_nan=True, allow_infinity=True, width=32)


@given(st.tuples(ANY, ANY, ANY, ANY))
def test_whatever_a_box_says_its_region_is_inside(box: tuple[float, float, float, float]) -> None:
    region = clipped("mug", box, SHAPE)
    if region is not None:
        assert 0 <= region.left < region.right <= 80 and 0 <= region.top < region.bottom <= 48
        assert region.filled(SHAPE).sum() == (region.right - region.left) * (region.bottom - region.top)


def test_a_box_keeps_what_lies_inside() -> None:
    assert clipped("mug", (-10.0, 5.4, 20.2, 900.0), SHAPE, 0.5) == Region("mug", 0, 5, 20, 48, 0.5)


@pytest.mark.parametrize("box", [(80, 0, 120, 48), (10, 10, 12, 40), (30, 10, 20, 40), (float("nan"), 0, 9, 9)])
def test_a_box_with_nothing_inside_is_no_region(box: tuple[float, ...]) -> None:
    assert clipped("mug", box, SHAPE) is None


def test_the_likeliest_of_each_thing_is_kept() -> None:
    first, again, other = (
        Region("a", 0, 0, 20, 20, 0.4),
        Region("a", 1, 0, 21, 20, 0.6),
        Region("a", 40, 0, 60, 20, 0.5),
    )
    assert best_of_each([first, again, other], 5) == (again, other)
    assert best_of_each([first, again, other], 1) == (again,)
    assert best_of_each([], 5) == ()
    assert np.array_equal(first.filled(SHAPE), first.filled(SHAPE[:2]))
