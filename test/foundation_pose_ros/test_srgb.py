"""Colours stand for the light that the standard says, exactly or by table."""

import numpy as np
import pytest

from foundation_pose_ros.srgb import DARK, decode_srgb, encode_srgb, linear_from_srgb, log_colours, srgb_from_linear

BYTES = np.arange(256, dtype=np.uint8)


def test_values_are_the_standards():
    light = np.array([0, 0.0031308, 0.2140, 0.5, 1.0], np.float32)
    assert 255 * srgb_from_linear(light) == pytest.approx([0, 10.31, 127.48, 187.52, 255], abs=0.02)
    assert encode_srgb(light).tolist() == [0, 10, 127, 188, 255]


def test_each_direction_undoes_the_other():
    values = np.linspace(0, 1, 1001)
    assert srgb_from_linear(linear_from_srgb(values)) == pytest.approx(values, abs=1e-6)
    assert linear_from_srgb(srgb_from_linear(values)) == pytest.approx(values, abs=1e-6)


def test_what_lies_beyond_black_and_white_is_cut():
    beyond = np.array([-0.5, 7.0], np.float32)
    for function in (linear_from_srgb, srgb_from_linear, decode_srgb):
        assert function(beyond) == pytest.approx([0, 1], abs=1e-6)
    assert encode_srgb(beyond).tolist() == [0, 255]


def test_tables_say_what_the_formula_says():
    assert decode_srgb(BYTES) == pytest.approx(linear_from_srgb(BYTES / 255), abs=1e-6)
    between = np.linspace(0, 1, 5000, dtype=np.float32)
    assert decode_srgb(between) == pytest.approx(linear_from_srgb(between), abs=0.0003)


def test_bytes_come_back_but_for_dark_tones_that_lie_closer_than_a_4096th():
    off = np.abs(encode_srgb(decode_srgb(BYTES)).astype(int) - BYTES)
    assert off.max() <= 3
    assert off[32:].max() <= 1


def test_pictures_keep_shape_and_precision():
    picture = np.zeros((4, 5, 3), np.uint8)
    assert decode_srgb(picture).shape == (4, 5, 3)
    assert decode_srgb(picture).dtype == linear_from_srgb(np.ones(3, np.float32)).dtype == np.float32
    assert encode_srgb(np.ones((4, 5, 3), np.float32)).dtype == np.uint8


def test_log_colours_are_shifted_by_light_and_of_gray_have_no_chroma():
    rng = np.random.default_rng(0)
    colours = rng.uniform(0.4, 0.8, (20, 3))
    shift = log_colours(colours * (1.2, 0.9, 1.0)) - log_colours(colours)
    assert np.ptp(shift, axis=0).max() < 0.03
    np.testing.assert_allclose(shift.mean(axis=0), np.log([1.2 / 0.9, 1 / 0.9, (1.2 * 0.9) ** (1 / 3)]), atol=0.04)
    np.testing.assert_allclose(log_colours(np.full(3, 0.3)), [0, 0, np.log(0.3 + DARK)])
