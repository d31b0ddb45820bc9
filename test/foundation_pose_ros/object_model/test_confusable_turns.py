"""The axis of what is round but for a part, and the turns that a view may not tell from a pose."""

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.object_model.confusable_turns import confusable_turns, round_axis
from foundation_pose_ros.synthetic.meshes import make_mesh

NONE = np.eye(4)[None]


def surface(mesh: trimesh.Trimesh, noise_rad: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    points, faces = trimesh.sample.sample_surface(mesh, 1500, seed=0)
    normals = mesh.face_normals[faces] + rng.normal(0, noise_rad, (1500, 3))
    return points, normals / np.linalg.norm(normals, axis=1, keepdims=True)


@given(st.tuples(*[st.floats(-3, 3)] * 3), st.tuples(*[st.floats(-0.5, 0.5)] * 3))
@settings(max_examples=15, deadline=None)
def test_a_mugs_axis_is_found_however_it_lies_and_though_its_surface_is_rough(euler, place_m):
    mesh, R = make_mesh("mug", 0), Rotation.from_euler("xyz", euler).as_matrix()
    points, normals = surface(mesh, noise_rad=0.05)
    axis = round_axis(points @ R.T + np.array(place_m), normals @ R.T, 0.13)
    assert axis is not None
    assert abs(np.dot(axis.direction, R[:, 2])) > np.cos(np.deg2rad(2))
    off = np.array(axis.point_m) - np.array(place_m)  # the mug's own axis goes through its origin
    assert np.linalg.norm(off - (off @ R[:, 2]) * R[:, 2]) < 0.004


@pytest.mark.parametrize("name", ["book", "bracket", "cracker_box", "sticker_cube"])
def test_what_has_corners_has_none(name):
    mesh = make_mesh(name, 0)
    assert round_axis(*surface(mesh), ObjectModel.from_mesh(mesh).diameter_m) is None


def test_turns_of_a_mug_go_all_around_its_axis_and_to_half_turns():
    turns = confusable_turns(ObjectModel.from_mesh(make_mesh("mug", 0)), NONE)
    assert len(turns[0].angles_deg) == 24 and turns[0].step_deg == 15
    assert 0.0 in turns[0].angles_deg
    # Across it: along the handle and aside of it.
    for one, across in zip(turns[1:], np.eye(3)[:2], strict=True):
        assert one.angles_deg == pytest.approx([180.0], abs=1.0) and one.step_deg == 0
        assert abs(np.dot(one.axis.direction, turns[0].axis.direction)) < 1e-3
        assert abs(np.dot(one.axis.direction, across)) > np.cos(np.deg2rad(15))


def test_symmetries_are_no_turns_that_confuse():
    mesh = make_mesh("soda_can", 0)
    can = ObjectModel.from_mesh(trimesh.Trimesh(mesh.vertices, mesh.faces))
    assert can.symmetries.axes
    for one in confusable_turns(can, NONE):
        assert one.step_deg == 0
        assert abs(np.dot(one.axis.direction, can.symmetries.axes[0].direction)) < 0.2


@pytest.mark.parametrize(("sides_m", "axes"), [((0.05, 0.06, 0.12), [2]), ((0.05, 0.06, 0.07), [0, 1, 2])])
def test_a_box_may_lie_on_a_side_that_is_about_as_wide(sides_m, axes):
    R = Rotation.from_euler("xyz", (0.3, -0.7, 1.1)).as_matrix()
    mesh = trimesh.creation.box(sides_m, np.block([[R, np.full((3, 1), 0.02)], [np.zeros((1, 3)), 1.0]])).subdivide()
    found = confusable_turns(ObjectModel.from_mesh(trimesh.Trimesh(mesh.vertices, mesh.faces)), NONE)
    quarters = [one for one in found if one.angles_deg == pytest.approx([90.0], abs=2.0)]
    along = {int(np.argmax(np.abs(R.T @ one.axis.direction))) for one in quarters}
    assert sorted(along) == axes
    for one in quarters:  # about the box's middle
        middle = np.full(3, 0.02)
        assert one.transforms[0, :3, :3] @ middle + one.transforms[0, :3, 3] == pytest.approx(middle, abs=0.002)
