"""Shapes are closed, wound outwards and of the size that geometry gives them; prints are upright."""

import numpy as np
import pytest
import trimesh

from foundation_pose_ros.synthetic.shapes import (
    BOX_SIDES,
    Shape,
    bent_plate,
    box_side_size_m,
    joined,
    revolved,
    rounded_box,
    tube,
)

WHOLE = (0.0, 0.0, 1.0, 1.0)


def closed(shape: Shape) -> trimesh.Trimesh:
    """The shape with vertices of one place joined, checked to be closed and wound consistently."""
    mesh = trimesh.Trimesh(shape.vertices, shape.faces)
    mesh.merge_vertices(digits_vertex=7)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    return mesh


def ball(radius_m: float) -> Shape:
    polar = np.linspace(-np.pi / 2, np.pi / 2, 61)
    profile = radius_m * np.stack([np.cos(polar), np.sin(polar)], axis=1)
    profile[[0, -1], 0] = 0
    return revolved(profile, np.linspace(0, 1, 61))


def test_a_rounded_box_loses_only_its_edges():
    extents_m, r = np.array([0.16, 0.06, 0.21]), 0.01
    mesh = closed(rounded_box(tuple(extents_m), r, dict.fromkeys(BOX_SIDES, WHOLE)))
    assert mesh.extents == pytest.approx(extents_m)
    a, b, c = extents_m - 2 * r
    exact = a * b * c + 2 * r * (a * b + b * c + c * a) + np.pi * r**2 * (a + b + c) + 4 / 3 * np.pi * r**3
    assert mesh.volume == pytest.approx(exact, rel=0.002)


@pytest.mark.parametrize("side", BOX_SIDES)
def test_prints_of_a_box_are_upright_and_not_mirrored(side):
    shape = rounded_box((0.16, 0.06, 0.21), 0.001, dict.fromkeys(BOX_SIDES, WHOLE))
    normal, up = (np.array(axis, float) for axis in BOX_SIDES[side])
    faces = trimesh.Trimesh(shape.vertices, shape.faces, process=False).face_normals @ normal > 0.999
    corners, uv = shape.vertices[shape.faces[faces]], shape.uv[shape.faces[faces]]
    across = np.cross(up, normal)  # rightwards, for someone who looks at this side
    width, height = box_side_size_m(side, (0.16, 0.06, 0.21))
    assert corners @ across == pytest.approx((uv[..., 0] - 0.5) * width, abs=1e-6)
    assert corners @ up == pytest.approx((uv[..., 1] - 0.5) * height, abs=1e-6)


def test_a_revolved_half_circle_is_a_ball():
    mesh = closed(ball(0.05))
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * 0.05**3, rel=0.005)
    assert np.linalg.norm(mesh.vertices, axis=1) == pytest.approx(np.full(len(mesh.vertices), 0.05))


def test_the_print_of_a_body_of_revolution_runs_once_around_counter_clockwise():
    shape = ball(0.05)
    off_axis = np.linalg.norm(shape.vertices[:, :2], axis=1) > 1e-6
    angle = np.arctan2(shape.vertices[off_axis, 1], shape.vertices[off_axis, 0])
    turns = shape.uv[off_axis, 0] - angle / (2 * np.pi)
    assert turns == pytest.approx(np.round(turns), abs=1e-6)
    assert (shape.uv[:, 0].min(), shape.uv[:, 0].max()) == (0, 1)


def test_a_straight_tube_is_an_elliptic_cylinder():
    path_m = np.linspace([0, 0, 0], [0.2, 0, 0], 20)
    mesh = closed(tube(path_m, np.array([0.0, 1.0, 0.0]), (0.004, 0.007), (0.5, 0.5)))
    assert mesh.volume == pytest.approx(np.pi * 0.004 * 0.007 * 0.2, rel=0.02)
    assert mesh.extents == pytest.approx([0.2, 0.014, 0.008], rel=0.01)


def test_a_bent_plate_is_sheet_less_its_holes():
    legs, width, thickness, bend, hole = (0.07, 0.055), 0.05, 0.003, 0.006, 0.0035
    holes = [(0.018, -0.013), (0.018, 0.013), (0.105, 0.0)]
    mesh = closed(bent_plate(legs, width, thickness, bend, hole, holes, (0.5, 0.5)))
    whole = closed(bent_plate(legs, width, thickness, bend, hole, [], (0.5, 0.5)))
    assert whole.volume == pytest.approx(sum(legs) * width * thickness, rel=0.02)
    assert whole.volume - mesh.volume == pytest.approx(3 * np.pi * hole**2 * thickness, rel=0.05)
    assert mesh.euler_number == 2 - 2 * 3  # three handles


def test_joined_shapes_keep_their_own_faces():
    whole = joined(ball(0.05), ball(0.02))
    parts = trimesh.Trimesh(whole.vertices, whole.faces).split()
    assert sorted(part.extents[0] for part in parts) == pytest.approx([0.04, 0.1])
