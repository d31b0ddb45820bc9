"""Normals of known surfaces, edges where depth jumps, smoothing and filling that use measured pixels alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from foundation_pose_ros.depth import filled_from_nearest, in_front, noise_per_m2, normals_and_edges, smoothed


def test_points_beside_a_step_are_on_an_edge_and_have_no_normal():
    points = np.zeros((9, 9, 3), np.float32)
    points[..., 0], points[..., 1] = np.meshgrid(np.arange(9) * 0.002, np.arange(9) * 0.002)
    points[..., 2] = np.where(np.arange(9) < 5, 0.5, 0.6)
    normals, on_edge = normals_and_edges(points, 0.004)
    assert on_edge[4, 4] and on_edge[4, 5] and not on_edge[4, 2] and not on_edge[4, 7]
    assert not normals[4, 4].any() and normals[4, 2] == pytest.approx([0, 0, -1])


def test_a_slope_is_no_edge():
    points = np.zeros((9, 9, 3), np.float32)
    points[..., 0], points[..., 1] = np.meshgrid(np.arange(9) * 0.002, np.arange(9) * 0.002)
    points[..., 2] = 0.5 + points[..., 0]
    normals, on_edge = normals_and_edges(points, 0.004)
    assert not on_edge[1:-1, 1:-1].any()
    assert normals[4, 4] == pytest.approx([np.sqrt(0.5), 0, -np.sqrt(0.5)], abs=1e-5)


@pytest.mark.parametrize("cells", [12, 24, 96])
def test_a_tilted_face_is_a_face_on_any_grid(cells):
    """20 cm wide, tilted by 60 degrees, 0.6 m away: on a coarse grid neighbours are 3 cm apart in depth."""
    pitch = 0.3 / cells
    v, u = (np.mgrid[:cells, :cells] + 0.5) * pitch - 0.15
    rays = np.stack([u, v, np.ones_like(u)], axis=-1)
    normal = np.array([np.sin(np.pi / 3), 0, -np.cos(np.pi / 3)])
    points = rays * (-0.6 * np.cos(np.pi / 3) / (rays @ normal))[..., None]
    normals, on_edge = normals_and_edges(points.astype(np.float32), pitch)
    assert not on_edge[1:-1, 1:-1].any()
    # Averages over cells of unequal size tilt a coarse normal a little.
    assert np.rad2deg(np.arccos((normals[1:-1, 1:-1] @ normal).min())) < 6


def test_normals_of_a_sphere_point_away_from_its_centre():
    v, u = np.mgrid[-20:21, -20:21] / 600.0
    rays = np.stack([u, v, np.ones_like(u)], axis=-1)
    centre = np.array([0, 0, 0.5])
    along, square = rays @ centre, (rays * rays).sum(axis=-1)
    z = (along - np.sqrt(along**2 - square * (0.25 - 0.05**2))) / square  # first hit of a sphere of 5 cm
    points = (rays * z[..., None]).astype(np.float32)
    normals, on_edge = normals_and_edges(points, 1 / 600)
    inner = normals[2:-2, 2:-2]
    np.testing.assert_allclose((inner * (points[2:-2, 2:-2] - centre) / 0.05).sum(axis=-1), 1, atol=2e-3)
    assert not on_edge[1:-1, 1:-1].any()


@given(arrays(bool, (7, 9)), st.integers(0, 10**6))
def test_smoothing_never_mixes_in_what_was_not_measured(valid, seed):
    image = np.random.default_rng(seed).uniform(1, 2, (7, 9, 3)).astype(np.float32)
    result = smoothed(np.where(valid[..., None], image, 1e6), valid)[valid]
    assert ((result > 0.99) & (result < 2.01)).all()


@given(arrays(bool, (8, 6)), st.integers(0, 10**6))
def test_filling_takes_the_nearest_known_pixel(known, seed):
    depth_m = np.random.default_rng(seed).uniform(0.5, 2, (8, 6)).astype(np.float32)
    filled = filled_from_nearest(depth_m, known)
    if not known.any():
        assert not filled.any()
        return
    np.testing.assert_array_equal(filled[known], depth_m[known])
    at = np.argwhere(known)
    for row, column in np.argwhere(~known):
        distance = np.hypot(*(at - (row, column)).T)
        # OpenCV's 5 x 5 chamfer distance is exact to some percent.
        near = at[distance <= distance.min() * 1.05 + 1e-6]
        assert filled[row, column] in depth_m[tuple(near.T)]


def test_in_front_is_what_was_measured_before_a_surface_by_more_than_noise():
    measured_m = np.float32([0, 0.5, 0.97, 0.99, 1.0, 2.0])
    assert in_front(measured_m, np.float32(1)).tolist() == [False, True, True, False, False, False]
    assert in_front(measured_m, np.float32(1), gap_m=0).tolist() == [False, True, True, True, False, False]
    assert not in_front(measured_m, np.zeros(6, np.float32)).any()


def rough(sigma_m: float, seed: int = 0) -> np.ndarray:
    """A ball of 8 cm on a table that is seen aslant, a grid's cell being 3 mm; noise is that at a metre."""
    v, u = (np.indices((48, 48)) - 23.5) * 0.003
    table_m = 0.8 - 0.7 * v
    inside = 0.04**2 - u**2 - v**2
    depth_m = np.where(inside > 0, 0.77 - np.sqrt(np.maximum(inside, 0)), table_m)
    noise = np.random.default_rng(seed).normal(0, sigma_m, depth_m.shape)
    return (depth_m + noise * depth_m**2).astype(np.float32)


@pytest.mark.parametrize("sigma_m", [0.002, 0.005, 0.02])
def test_noise_is_seen_beside_bends_and_edges(sigma_m):
    assert noise_per_m2(rough(sigma_m)) == pytest.approx(sigma_m, rel=0.2)


def test_a_smooth_scene_has_next_to_no_noise():
    assert noise_per_m2(rough(0.0)) < 0.0003


def test_where_nothing_was_measured_no_noise_is_seen():
    depth_m = rough(0.01)
    depth_m[4:] = 0
    assert noise_per_m2(depth_m) == 0.0
    assert noise_per_m2(np.zeros((48, 48), np.float32)) == 0.0
