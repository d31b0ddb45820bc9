"""Colours looked up on a surface: interpolation, orientation, and what becomes of detail finer than a pixel."""

import numpy as np
import pytest

from foundation_pose_ros.object_model.appearance import CornerColours, Texture

# A square of 0.1 m made of two triangles, the texture stretched over it.
CORNERS_M = 0.1 * np.array([[[0, 0, 0], [1, 0, 0], [1, 1, 0]], [[0, 0, 0], [1, 1, 0], [0, 1, 0]]], float)
UV = CORNERS_M[..., :2] / 0.1


def look_up(texture: Texture, u: np.ndarray, v: np.ndarray, footprint_m: float = 1e-6) -> np.ndarray:
    """Colours (N, 3) in 0..255 at texture coordinates within the square."""
    lower = v <= u
    barycentric = np.where(lower[:, None], np.stack([u - v, v], axis=1), np.stack([u, v - u], axis=1))
    return 255 * texture.sample(np.where(lower, 0, 1), barycentric.astype(np.float32), footprint_m)


def test_corner_colours_are_interpolated():
    rgb = np.array([[[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0.5, 0.5, 0.5]] * 3], float)
    barycentric = np.array([[0, 0], [1, 0], [0, 1], [1 / 3, 1 / 3], [0.2, 0.7]], np.float32)
    colours = CornerColours(rgb)
    expected = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1 / 3] * 3, [0.1, 0.2, 0.7]]
    assert colours.sample(np.zeros(5, int), barycentric, 0.01) == pytest.approx(np.array(expected), abs=1e-6)
    assert colours.sample(np.ones(5, int), barycentric, 0.01) == pytest.approx(np.full((5, 3), 0.5), abs=1e-6)


def test_every_texel_is_found_at_its_own_place(rng):
    image = rng.integers(0, 256, (16, 24, 3), np.uint8)
    rows, columns = np.mgrid[:16, :24].reshape(2, -1)
    found = look_up(Texture(image, UV, CORNERS_M), (columns + 0.5) / 24, 1 - (rows + 0.5) / 16)
    assert found == pytest.approx(image[rows, columns], abs=1.5)


def test_between_texels_colours_blend():
    image = np.zeros((8, 8, 3), np.uint8)
    image[:, 4:] = 200
    between = look_up(Texture(image, UV, CORNERS_M), np.array([3.75, 4.0, 4.25]) / 8, np.full(3, 0.3))
    assert between[:, 0] == pytest.approx([50, 100, 150], abs=6)


def test_detail_finer_than_a_pixel_is_averaged_away():
    checks = (255 * (np.indices((256, 256)).sum(axis=0) % 2)).astype(np.uint8)
    texture = Texture(np.repeat(checks[..., None], 3, axis=2), UV, CORNERS_M)
    at = np.random.default_rng(0).uniform(0.1, 0.9, (2, 500))
    texel_m = 0.1 / 256
    assert look_up(texture, *at, footprint_m=texel_m).std() > 30
    assert look_up(texture, *at, footprint_m=8 * texel_m) == pytest.approx(np.full((500, 3), 127.5), abs=2)


def test_averaging_keeps_what_is_coarser_than_a_pixel():
    image = np.zeros((256, 256, 3), np.uint8)
    image[:, 128:] = 200
    found = look_up(Texture(image, UV, CORNERS_M), np.array([0.25, 0.75]), np.full(2, 0.3), footprint_m=0.1 / 32)
    assert found[:, 0] == pytest.approx([0, 200], abs=1)


def test_what_no_face_uses_does_not_bleed_into_averages():
    # Only the left half of the image is on the square; beyond a texel's margin the rest is of another colour.
    image = np.full((128, 128, 3), (0, 255, 0), np.uint8)
    image[:, :66] = (200, 0, 0)
    texture = Texture(image, UV * (0.5, 1), CORNERS_M)
    at = np.random.default_rng(0).uniform(0, 1, (2, 200))
    assert look_up(texture, *at, footprint_m=0.05) == pytest.approx(np.tile([200.0, 0, 0], (200, 1)), abs=4)


def test_coordinates_beyond_the_image_repeat_it(rng):
    image = rng.integers(0, 256, (16, 16, 3), np.uint8)
    at = rng.uniform(0, 1, (2, 100))
    once, shifted = Texture(image, UV, CORNERS_M), Texture(image, UV + np.array([2, -3]), CORNERS_M)
    assert look_up(shifted, *at) == pytest.approx(look_up(once, *at), abs=3)


def test_huge_textures_are_halved_and_look_alike():
    ramp = np.linspace(0, 255, 8192).astype(np.uint8)
    texture = Texture(np.tile(ramp[None, :, None], (16, 1, 3)), UV, CORNERS_M)
    u = np.linspace(0.05, 0.95, 40)
    assert look_up(texture, u, np.full(40, 0.5))[:, 0] == pytest.approx(255 * u, abs=2)


def test_what_hits_nothing_is_black_and_images_keep_their_shape(rng):
    image = rng.integers(1, 256, (16, 16, 3), np.uint8)
    faces = rng.integers(-1, 2, (2, 5, 7))
    barycentric = rng.uniform(0, 0.5, (2, 5, 7, 2)).astype(np.float32)
    for looks in (Texture(image, UV, CORNERS_M), CornerColours(rng.uniform(0.1, 1, (2, 3, 3)))):
        rgb = looks.sample(faces, barycentric, 1e-6)
        assert rgb.shape == (2, 5, 7, 3)
        np.testing.assert_array_equal(rgb.any(axis=-1), faces >= 0)
