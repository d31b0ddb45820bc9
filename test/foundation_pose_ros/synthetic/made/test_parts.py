"""Closed parts: as large as they are said to be, outwards, their prints as wide as what they are printed on."""

import numpy as np
import pytest
import trimesh

from foundation_pose_ros.synthetic.made.parts import band, loft, placed, plain_mesh, rod
from foundation_pose_ros.synthetic.shapes import Shape


def mesh_of(shape: Shape) -> trimesh.Trimesh:
    mesh = plain_mesh(shape)
    assert mesh.is_watertight and mesh.is_winding_consistent
    return mesh


def test_a_loft_of_ellipses_is_a_cylinder_and_of_high_power_a_box():
    assert mesh_of(loft([0, 2], 1.0, 0.5)).volume == pytest.approx(np.pi, rel=0.01)
    assert mesh_of(loft([0, 2], 1.0, 0.5, power=40)).volume == pytest.approx(4, rel=0.02)


def test_a_rod_lies_where_it_is_placed():
    mesh = mesh_of(placed(rod(0.1, 0, 1), (0, 0, 3), "y", 90))
    np.testing.assert_allclose(mesh.bounds, [[0, -0.1, 2.9], [1, 0.1, 3.1]], atol=1e-3)


def test_a_ring_has_a_hole_and_an_open_band_ends():
    angle = np.linspace(0, 2 * np.pi, 65)
    angle[-1] = 0
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    ring, half = mesh_of(band(circle, 2 * circle, 0.5)), mesh_of(band(circle[:33], 2 * circle[:33], 0.5))
    assert ring.volume == pytest.approx(1.5 * np.pi, rel=0.01)
    assert half.volume == pytest.approx(0.5 * ring.volume)
    assert ring.euler_number == 0 and half.euler_number == 2


def test_a_print_is_nowhere_squeezed_together():
    shape = loft([0, 1], 1.0, 1.0, power=14)
    bottom = shape.uv[:, 1] == 0
    level = np.flatnonzero(bottom & (np.abs(shape.vertices[:, :2]).max(axis=1) > 0.5))
    step = np.linalg.norm(np.diff(shape.vertices[level], axis=0), axis=1)
    np.testing.assert_allclose(np.diff(shape.uv[level, 0]), step / step.sum(), atol=1e-9)
