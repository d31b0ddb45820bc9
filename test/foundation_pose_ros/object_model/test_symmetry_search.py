"""Symmetries found from shape and texture of objects whose symmetries are known."""

import numpy as np
import open3d as o3d
import pytest
import trimesh
from PIL import Image
from scipy.spatial.transform import Rotation
from trimesh.visual import TextureVisuals
from trimesh.visual.material import SimpleMaterial

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.object_model.symmetry import Symmetries
from foundation_pose_ros.se3 import rotation_angle_rad, transform_points
from foundation_pose_ros.synthetic.meshes import make_mesh


def half_turn(axis: str) -> np.ndarray:
    T = np.eye(4)
    T[:3, :3] = Rotation.from_euler(axis, 180, degrees=True).as_matrix()
    return T


def is_group(transforms: np.ndarray, tolerance_deg: float = 3.0) -> bool:
    """Whether every product of two of them is one of them, rotation for rotation."""
    R = transforms[:, :3, :3]
    products = (R[:, None] @ R[None]).reshape(-1, 1, 3, 3)
    return bool(np.rad2deg(rotation_angle_rad(products, R[None]).min(axis=1).max()) < tolerance_deg)


def has_turn(symmetries: Symmetries, T: np.ndarray, tolerance_deg: float = 3.0) -> bool:
    angles = rotation_angle_rad(symmetries.transforms()[:, :3, :3], T[:3, :3])
    return bool(np.rad2deg(angles.min()) < tolerance_deg)


def model_of(mesh: trimesh.Trimesh) -> ObjectModel:
    return ObjectModel.from_mesh(mesh)


def printed_box(extents: tuple[float, float, float], sides: list[tuple[int, int, int]]) -> trimesh.Trimesh:
    """A box with one flat colour on each of its sides, in the order of trimesh's face normals sorted by axis."""
    box = trimesh.creation.box(extents).subdivide().subdivide().subdivide()
    side = np.argmax(np.abs(box.face_normals), axis=1) * 2 + (box.face_normals.sum(axis=1) > 0)
    box.visual = trimesh.visual.ColorVisuals(box, face_colors=np.array([(*colour, 255) for colour in sides])[side])
    return box


def test_an_oblong_box_has_three_half_turns():
    found = model_of(trimesh.creation.box((0.06, 0.09, 0.14))).symmetries
    assert found.order == 4
    assert all(has_turn(found, half_turn(axis)) for axis in "xyz")


def test_a_square_prism_has_eight_turns():
    found = model_of(trimesh.creation.box((0.06, 0.06, 0.14))).symmetries
    assert found.order == 8
    assert is_group(found.transforms())


def test_a_cube_has_twenty_four_turns():
    found = model_of(trimesh.creation.box((0.06, 0.06, 0.06))).symmetries
    assert found.order == 24
    assert is_group(found.transforms())


def test_symmetries_are_in_the_meshes_own_frame():
    box = trimesh.creation.box((0.06, 0.09, 0.14))
    box.apply_transform(trimesh.transformations.rotation_matrix(0.7, (1, 2, 3)))
    box.apply_translation((0.3, -0.2, 0.1))
    model = model_of(box)
    assert model.symmetries.order == 4
    corners = model.vertices[:, None]
    for turn in model.symmetries.discrete:
        moved = transform_points(turn, model.vertices)
        assert np.linalg.norm(moved - corners, axis=-1).min(axis=0).max() < 0.02 * model.diameter_m


RED, GREEN, BLUE, WHITE = (200, 40, 40), (40, 160, 60), (40, 70, 190), (235, 235, 230)


def test_a_print_takes_symmetries_away_that_the_shape_has():
    model = model_of(printed_box((0.06, 0.09, 0.14), [RED, GREEN, BLUE, WHITE, RED, GREEN]))
    assert model.symmetries.order == 1
    assert model.shape_symmetries.order == 4


def test_a_print_that_is_alike_on_opposite_sides_leaves_the_half_turns():
    model = model_of(printed_box((0.06, 0.09, 0.14), [RED, RED, BLUE, BLUE, GREEN, GREEN]))
    assert model.symmetries.order == 4


def test_a_print_can_leave_one_half_turn():
    # Both ends along z differ: only the half turn about z remains.
    model = model_of(printed_box((0.06, 0.09, 0.14), [RED, RED, BLUE, BLUE, GREEN, WHITE]))
    assert model.symmetries.order == 2
    assert has_turn(model.symmetries, half_turn("z"))


def test_a_cylinder_turns_about_its_axis_and_end_over_end():
    found = model_of(trimesh.creation.cylinder(radius=0.03, height=0.12, sections=96)).symmetries
    assert len(found.axes) == 1
    assert abs(np.asarray(found.axes[0].direction)[2]) == pytest.approx(1, abs=1e-3)
    assert has_turn(found, half_turn("x"))
    assert has_turn(found, half_turn("y"))


def test_a_cone_turns_about_its_axis_only():
    found = model_of(trimesh.creation.cone(radius=0.04, height=0.1, sections=96)).symmetries
    assert len(found.axes) == 1
    assert np.abs(found.axes[0].direction)[2] == pytest.approx(1, abs=1e-3)
    assert not has_turn(found, half_turn("x"), tolerance_deg=20)


def test_a_labelled_cylinder_does_not_turn_although_its_shape_does():
    model = model_of(labelled_cylinder())
    assert model.symmetries.order == 1
    assert model.shape_symmetries.order == np.inf


def labelled_cylinder() -> trimesh.Trimesh:
    """White, with a red band over a third of its girth and a blue one at its top end."""
    angle, z = np.linspace(0, 2 * np.pi, 97), np.linspace(-0.06, 0.06, 9)
    vertices = np.stack(
        [*(0.03 * np.array([np.cos(angle), np.sin(angle)])[:, None] * np.ones((9, 1))), np.tile(z[:, None], 97)],
        axis=-1,
    )
    uv = np.stack(np.broadcast_arrays(angle / (2 * np.pi), np.linspace(0, 1, 9)[:, None]), axis=-1)
    index = np.arange(9 * 97).reshape(9, 97)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]))
    image = np.full((60, 180, 3), WHITE, np.uint8)
    image[:, :60], image[:15] = RED, BLUE
    material = SimpleMaterial(image=Image.fromarray(image))
    return trimesh.Trimesh(
        vertices.reshape(-1, 3),
        np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)]),
        visual=TextureVisuals(uv=uv.reshape(-1, 2), material=material),
        process=False,
    )


def test_a_mug_has_none():
    model = model_of(make_mesh("mug"))
    assert model.symmetries.order == 1
    assert model.shape_symmetries.order == 1


def test_a_printed_carton_has_none_but_its_shape_has():
    model = model_of(make_mesh("cracker_box"))
    assert model.symmetries.order == 1
    assert model.shape_symmetries.order == 4


@pytest.mark.parametrize("name", ["mug", "cracker_box", "sticker_cube", "bottle"])
def test_every_symmetry_found_leaves_the_surface_where_it_was(name):
    model = model_of(make_mesh(name))
    surface = o3d.t.geometry.RaycastingScene()
    surface.add_triangles(o3d.core.Tensor.from_numpy(model.vertices), o3d.core.Tensor.from_numpy(model.faces))
    moved = transform_points(model.shape_symmetries.transforms(step_deg=60), model.surface_points(300))
    distance_m = surface.compute_distance(o3d.core.Tensor.from_numpy(moved.astype(np.float32))).numpy()  # (S, 300)
    assert distance_m.mean(axis=1).max() < 0.006 * model.diameter_m


def test_a_sphere_turns_every_way():
    found = model_of(trimesh.creation.icosphere(subdivisions=4, radius=0.05)).symmetries
    assert found.is_sphere
    assert np.linalg.norm(found.axes[0].point_m) < 0.001


def test_an_axis_is_found_where_all_moments_of_inertia_are_equal():
    # h^3 + 3 h^2 - 6 h - 3 = 0 for a closed cylinder's surface of radius 1: every axis is a principal one.
    cylinder = trimesh.creation.cylinder(radius=0.03, height=0.03 * 1.66966, sections=96)
    found = model_of(cylinder).symmetries
    assert len(found.axes) == 1
    assert abs(found.axes[0].direction[2]) == pytest.approx(1, abs=2e-3)


def test_declared_symmetries_replace_the_search():
    declared = Symmetries.from_config({"discrete": [{"axis": [0, 0, 1], "angle": 180}]})
    box = trimesh.creation.box((0.06, 0.09, 0.14))
    assert ObjectModel.from_mesh(box, symmetries=declared).symmetries is declared
    assert ObjectModel.from_mesh(box, symmetries=Symmetries.none()).symmetries.order == 1
