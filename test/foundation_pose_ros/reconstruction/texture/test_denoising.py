"""A sensor's noise averaged away: what is dark comes out as it is, edges stay, clean pictures aren't touched."""

import numpy as np
import pytest

from foundation_pose_ros.reconstruction.texture.denoising import denoised_light
from foundation_pose_ros.srgb import decode_srgb
from foundation_pose_ros.synthetic.sensor import PERFECT_COLOUR, WEBCAM, ColourSensor

BLACK, SCRATCH, BRIGHT = 0.006, 0.04, 0.4


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    """Linear light: a black half with a scratch two pixels wide, beside a bright half in which brightness changes."""
    light = np.full((120, 160, 3), BLACK, np.float32)
    light[60:62, 10:70] = SCRATCH
    light[:, 80:] = BRIGHT * np.linspace(0.5, 1, 120)[:, None, None]
    return light


def seen(scene: np.ndarray, sensor: ColourSensor, seed: int) -> np.ndarray:
    return sensor.measure(scene.copy(), np.random.default_rng(seed))


def test_noise_of_what_is_black_falls_to_a_third_and_less_and_its_colour_stays(scene: np.ndarray) -> None:
    pictures = [seen(scene, WEBCAM, seed) for seed in range(4)]
    black = np.s_[5:55, 5:75]
    before, after = decode_srgb(pictures[0])[black], denoised_light(pictures)[0][black]
    assert after.std() < 0.33 * before.std()
    np.testing.assert_allclose(after.mean(axis=(0, 1)), BLACK, atol=0.1 * BLACK)


def test_a_scratch_and_an_edge_keep_their_contrast(scene: np.ndarray) -> None:
    pictures = [seen(scene, WEBCAM, seed) for seed in range(4)]
    before, after = decode_srgb(pictures[0]), denoised_light(pictures)[0]
    scratch, black = np.s_[60:62, 15:65], np.s_[50:56, 15:65]
    assert after[scratch].mean() - after[black].mean() > 0.85 * (before[scratch].mean() - before[black].mean())
    across = after[:, 82].mean() - after[:, 77].mean()
    assert across > 0.97 * (before[:, 82].mean() - before[:, 77].mean())


def test_a_picture_without_noise_stays_as_it_is(scene: np.ndarray) -> None:
    picture = seen(scene, PERFECT_COLOUR, 0)
    np.testing.assert_allclose(denoised_light([picture])[0], decode_srgb(picture), atol=0.002)


def test_a_small_or_single_coloured_picture_goes_through() -> None:
    picture = np.full((12, 12, 3), 30, np.uint8)
    np.testing.assert_allclose(denoised_light([picture])[0], decode_srgb(picture), atol=1e-4)
