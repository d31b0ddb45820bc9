"""Bodies rest on the table and keep apart."""

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.synthetic.layout import Item, apart, footprint, on_table, resting_rotation, stable_rotations

SIDES_M = (0.06, 0.09, 0.14)
BOX = ObjectModel.from_mesh(trimesh.creation.box(SIDES_M), name="crate")
SQUARE = np.array([[0, 0], [0.1, 0], [0.1, 0.1], [0, 0.1]], np.float32)


def test_a_box_rests_on_each_of_its_six_sides_and_on_the_wide_ones_most():
    rotations, weights = stable_rotations(BOX)
    down = -rotations[:, 2, :]  # the table's "down" in the object's frame
    assert sorted(map(tuple, down.round(3) + 0.0)) == sorted(map(tuple, [*np.eye(3), *-np.eye(3)]))
    assert weights.sum() == pytest.approx(1)
    by_axis = {int(axis): weights[np.abs(down[:, axis]) > 0.9].sum() for axis in range(3)}
    assert by_axis[0] > by_axis[1] > by_axis[2]


def test_what_would_topple_is_no_place_to_rest():
    # A sheared prism whose centre of mass is beside its two slanted ends.
    mesh = trimesh.creation.box((0.04, 0.04, 0.2))
    mesh.vertices[:, 0] += 0.8 * mesh.vertices[:, 2]
    rotations, _ = stable_rotations(ObjectModel.from_mesh(mesh, name="leaning"))
    down = -rotations[:, 2, :]
    assert len(down) == 4
    assert np.abs(down[:, 2]).max() < 0.9


@pytest.mark.parametrize("seed", range(4))
def test_a_body_is_put_on_the_table_above_its_place(seed):
    R = resting_rotation(Item("crate", BOX, 0.2), np.random.default_rng(seed))
    T = on_table(BOX, R, np.array([0.3, -0.2]))
    vertices = BOX.vertices @ T[:3, :3].T + T[:3, 3]
    assert vertices[:, 2].min() == pytest.approx(0, abs=1e-6)
    assert vertices[:, 2].max() in [pytest.approx(side, abs=1e-6) for side in SIDES_M]
    assert (vertices.min(axis=0) + vertices.max(axis=0))[:2] / 2 == pytest.approx([0.3, -0.2], abs=1e-6)
    outline = footprint(BOX, T)
    assert outline.mean(axis=0) == pytest.approx([0.3, -0.2], abs=1e-6)


@given(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_squares_are_apart_where_a_gap_is_left_along_x_or_y(x, y):
    gap_m = max(abs(x), abs(y)) - 0.1
    if abs(gap_m - 0.006) > 1e-4:
        assert apart(SQUARE, [SQUARE + np.float32([x, y])]) == (gap_m > 0.006)


def test_corners_may_come_closer_than_boxes_around_them():
    diamond = np.float32([[0, -0.05], [0.05, 0], [0, 0.05], [-0.05, 0]])
    assert apart(diamond, [diamond + np.float32([0.06, 0.06])])
    assert not apart(diamond, [diamond + np.float32([0.045, 0.045])])


def test_a_body_is_apart_only_when_it_is_so_from_all():
    far, near = SQUARE + np.float32(1), SQUARE + np.float32(0.05)
    assert apart(SQUARE, [far, far])
    assert not apart(SQUARE, [far, near])
    assert apart(SQUARE, [])
