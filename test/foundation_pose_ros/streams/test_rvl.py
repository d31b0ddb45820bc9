"""RVL against words written by hand, and against an encoder of its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation_pose_ros.streams.rvl import decode

from .rvl_encoder import encoded


def test_words_written_by_hand() -> None:
    # Two zeros, three values 1000, 1001, 999, then a zero: lengths 2 and 3, differences 1000, 1, -2, length 1.
    pieces = [2, 3, 0b1000, 0b1010, 0b1111, 3, 2, 3, 1, 0]
    assert encoded([0, 0, 1000, 1001, 999, 0]) == np.array([0x238AF323, 0x10000000], "<u4").tobytes()
    assert pieces[:8] == [int(c, 16) for c in "238af323"]
    read = decode(np.array([0x238AF323, 0x10000000], "<u4").tobytes(), 6)
    assert read is not None and read.tolist() == [0, 0, 1000, 1001, 999, 0]


@given(st.lists(st.one_of(st.just(0), st.integers(0, 65535)), min_size=1, max_size=80))
def test_what_was_encoded_is_read(values: list[int]) -> None:
    read = decode(encoded(values), len(values))
    assert read is not None and read.tolist() == values


@given(st.binary(max_size=40), st.integers(1, 60))
def test_garbage_is_read_or_refused_but_never_read_beyond(data: bytes, pixels: int) -> None:
    read = decode(data, pixels)
    assert read is None or read.shape == (pixels,)


@pytest.mark.parametrize("cut", [4, 8])
def test_data_that_end_early_are_refused(cut: int) -> None:
    whole = encoded(list(range(1, 60)))
    assert decode(whole[:-cut], 59) is None
