"""The light of a frame beside that of an earlier one: what changes it, and what only looks as if."""

import numpy as np
import pytest

from foundation_pose_ros import Camera, Frame
from foundation_pose_ros.observation.light import Light
from foundation_pose_ros.synthetic.sensor import smooth_noise

CAMERA = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)


@pytest.fixture
def rgb() -> np.ndarray:
    """A picture of patches, none of them black or clipped."""
    rng = np.random.default_rng(5)
    patches = rng.uniform(40, 110, (15, 20, 3)).repeat(16, axis=0).repeat(16, axis=1)
    return (patches + 6 * smooth_noise((240, 320), 2.0, rng)[..., None]).clip(20, 120).astype(np.uint8)


def frame(rgb: np.ndarray) -> Frame:
    return Frame(rgb, np.zeros(rgb.shape[:2], np.float32), CAMERA)


def shifted(rgb: np.ndarray, pixels: int) -> np.ndarray:
    """As a camera that turns a little sees it."""
    return np.roll(rgb, pixels, axis=1)


@pytest.mark.parametrize("factors", [(2.0, 2.0, 2.0), (0.4, 0.4, 0.4), (0.7, 0.6, 0.5), (1.2, 1.1, 1.0)])
def test_what_changes_all_colours_is_undone_also_while_the_camera_moves(factors, rgb):
    other = (shifted(rgb, 3) * np.array(factors)).clip(0, 255).astype(np.uint8)
    light = Light.of(frame(other), Light.of(frame(rgb)))
    assert light.changed
    np.testing.assert_allclose(light.balance * np.array(factors), 1, atol=0.04)
    table = light.table()
    undone = np.stack([table[k][other[..., k]] for k in range(3)], axis=-1)
    assert np.abs(undone - shifted(rgb, 3).astype(float))[undone.min(axis=2) >= 0].mean() < 4


def test_what_was_undone_is_the_light_that_the_next_frame_is_compared_with(rgb):
    dark = (rgb * 0.5).astype(np.uint8)
    first = Light.of(frame(rgb))
    second = Light.of(frame(dark), first)
    third = Light.of(frame(dark), second)
    np.testing.assert_allclose(third.balance, second.balance, rtol=0.03)
    assert not Light.of(frame(rgb), third).changed


def test_a_frame_alone_is_its_own_light(rgb):
    light = Light.of(frame(rgb))
    assert not light.changed
    np.testing.assert_array_equal(light.table(), np.tile(np.arange(256), (3, 1)))


@pytest.mark.parametrize("pixels", [0, 2, 40])
def test_a_camera_that_moves_changes_no_light(pixels, rgb):
    assert not Light.of(frame(shifted(rgb, pixels)), Light.of(frame(rgb))).changed


def test_a_thing_that_comes_into_the_picture_changes_no_light(rgb):
    held = rgb.copy()
    held[:, :110] = 15
    assert not Light.of(frame(held), Light.of(frame(rgb))).changed


def test_in_the_dark_nothing_is_told(rgb):
    assert not Light.of(frame((rgb * 0.03).astype(np.uint8)), Light.of(frame(rgb))).changed


def test_clipped_values_may_have_been_any(rgb):
    bright = (rgb * 3.0).clip(0, 255).astype(np.uint8)
    light = Light.of(frame(bright), Light.of(frame(rgb)))
    np.testing.assert_array_equal(light.table()[:, 255], -1)
    assert (light.table()[:, :200] >= 0).all()
