"""Models from files of every kind, their units, and what is refused."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from trimesh.visual import ColorVisuals, TextureVisuals
from trimesh.visual.material import SimpleMaterial

from foundation_pose_ros import InputRefused, ObjectModel

EXTENTS_M = (0.06, 0.09, 0.14)
DIAGONAL_M = float(np.linalg.norm(EXTENTS_M))
TRIANGLE = "v 0 0 0\nv 0.1 0 0\nv 0 0.1 0\n"


@pytest.fixture(autouse=True)
def _no_warning_is_let_through():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def box(scale: float = 1.0) -> trimesh.Trimesh:
    return trimesh.creation.box(np.multiply(EXTENTS_M, scale))


def painted(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Each vertex in a colour of its own."""
    rgba = np.random.default_rng(0).integers(0, 256, (len(mesh.vertices), 4))
    rgba[:, 3] = 255
    mesh.visual = ColorVisuals(mesh, vertex_colors=rgba.astype(np.uint8))
    return mesh


def printed(mesh: trimesh.Trimesh, rgb: tuple[int, int, int] = (200, 40, 40)) -> trimesh.Trimesh:
    """One texture whose upper half has a colour and whose lower half is white; u, v are x, y within the box."""
    image = np.full((64, 64, 3), 255, np.uint8)
    image[:32] = rgb
    low, high = mesh.bounds
    uv = ((mesh.vertices - low) / (high - low))[:, :2]
    mesh.visual = TextureVisuals(uv=uv, material=SimpleMaterial(image=Image.fromarray(image), diffuse=(255, 255, 255)))
    return mesh


def colour_at(model: ObjectModel, point_m: np.ndarray) -> np.ndarray:
    """The model's colour, 0..255, at the point of its surface nearest to this one."""
    nearest, _, faces = trimesh.proximity.closest_point_naive(model.mesh, [point_m])
    barycentric = trimesh.triangles.points_to_barycentric(model.vertices[model.faces[faces]].astype(float), nearest)
    assert model.appearance is not None
    return 255 * model.appearance.sample(faces, barycentric[:, 1:], footprint_m=1e-5)[0]


@pytest.mark.parametrize("suffix", ["obj", "ply", "stl", "glb", "off"])
def test_a_box_is_read_from_every_format(suffix, tmp_path):
    path = tmp_path / f"carton.{suffix}"
    box().export(path)
    model = ObjectModel.from_mesh(path)
    assert model.name == "carton"
    assert model.vertices.dtype == np.float32
    assert model.faces.dtype == np.uint32
    assert model.faces.shape == (12, 3)
    assert model.extents_m == pytest.approx(EXTENTS_M)
    assert model.centre_m == pytest.approx([0, 0, 0], abs=1e-7)
    assert model.diameter_m == pytest.approx(DIAGONAL_M)
    assert model.mesh.is_watertight
    assert model.mesh.volume == pytest.approx(np.prod(EXTENTS_M))
    assert not model.has_colour


@pytest.mark.parametrize("suffix", ["obj", "ply", "glb"])
def test_colours_of_vertices_are_read(suffix, tmp_path):
    mesh = painted(box())
    mesh.export(tmp_path / f"box.{suffix}")
    model = ObjectModel.from_mesh(tmp_path / f"box.{suffix}")
    for corner, rgba in zip(mesh.vertices, mesh.visual.vertex_colors, strict=True):
        assert colour_at(model, corner) == pytest.approx(rgba[:3], abs=1)


def test_colours_of_faces_stay_within_their_faces():
    mesh = box()
    rgba = np.random.default_rng(0).integers(0, 256, (12, 4)).astype(np.uint8)
    mesh.visual = ColorVisuals(mesh, face_colors=rgba)
    model = ObjectModel.from_mesh(mesh)
    corners = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    assert model.appearance is not None
    for face in range(12):
        rgb = 255 * model.appearance.sample(np.full(3, face), corners, footprint_m=1e-5)
        assert rgb == pytest.approx(np.tile(rgba[face, :3], (3, 1)), abs=0.01)


@pytest.mark.parametrize("suffix", ["obj", "glb"])
def test_textures_are_read_the_right_way_up(suffix, tmp_path):
    printed(box()).export(tmp_path / f"box.{suffix}")
    model = ObjectModel.from_mesh(tmp_path / f"box.{suffix}")
    # v grows along y: the upper half of the image is on the half with positive y.
    assert colour_at(model, np.array([0.01, 0.02, 0.07])) == pytest.approx([200, 40, 40], abs=2)
    assert colour_at(model, np.array([0.01, -0.02, 0.07])) == pytest.approx([255, 255, 255], abs=2)


def test_a_scene_is_one_object_with_all_its_parts_in_place():
    scene = trimesh.Scene()
    scene.add_geometry(printed(box(0.5), (200, 40, 40)))
    beside = trimesh.transformations.translation_matrix([0.1, 0, 0])
    scene.add_geometry(printed(box(0.5), (40, 70, 190)), transform=beside)
    scene.add_geometry(trimesh.PointCloud(np.ones((4, 3))))
    model = ObjectModel.from_mesh(scene, name="pair")
    assert model.name == "pair"
    assert model.faces.shape == (24, 3)
    assert model.extents_m == pytest.approx([0.13, 0.045, 0.07])
    assert colour_at(model, np.array([0, 0.01, 0.035])) == pytest.approx([200, 40, 40], abs=3)
    assert colour_at(model, np.array([0.1, 0.01, 0.035])) == pytest.approx([40, 70, 190], abs=3)
    assert colour_at(model, np.array([0.1, -0.01, 0.035])) == pytest.approx([255, 255, 255], abs=3)


@pytest.mark.parametrize("material", ["", "newmtl plain\nKd 0.8 0.1 0.1\n"])
def test_one_plain_colour_counts_as_none(material, tmp_path):
    (tmp_path / "plain.mtl").write_text(material)
    text = f"mtllib plain.mtl\n{TRIANGLE}vt 0 0\nvt 1 0\nvt 0 1\nusemtl plain\nf 1/1 2/2 3/3\n"
    (tmp_path / "plain.obj").write_text(text)
    assert not ObjectModel.from_mesh(tmp_path / "plain.obj").has_colour


@pytest.mark.parametrize(("second", "coloured"), [("Ka 0.1 0.1 0.1", False), ("Kd 0.8 0.1 0.1", True)])
def test_materials_of_one_colour_are_one_plain_colour(second, coloured, tmp_path):
    """Without Kd all have the reader's own, and are joined in an image with gaps between them."""
    (tmp_path / "two.mtl").write_text(f"newmtl one\nKa 0.4 0.4 0.4\n\nnewmtl two\n{second}\n")
    corners = f"mtllib two.mtl\n{TRIANGLE}v 0 0 0.1\nvt 0 0\nvt 1 0\nvt 0 1\n"
    (tmp_path / "two.obj").write_text(f"{corners}usemtl one\nf 1/1 2/2 3/3\nusemtl two\nf 1/1 2/2 4/3\n")
    assert ObjectModel.from_mesh(tmp_path / "two.obj").has_colour == coloured


def test_vertices_all_of_one_colour_count_as_uncoloured():
    mesh = box()
    mesh.visual = ColorVisuals(mesh, vertex_colors=np.tile(np.array([9, 99, 199, 255], np.uint8), (8, 1)))
    assert not ObjectModel.from_mesh(mesh).has_colour


def test_how_well_the_surface_is_known_goes_through_a_file(tmp_path):
    mesh = printed(box(1000), (200, 40, 40))
    mesh.vertex_attributes["_sigma_m"] = np.array([1, 2, -1, 3, 4, 5, 6, 7], np.float32)
    mesh.export(tmp_path / "box.glb")
    model = ObjectModel.from_mesh(tmp_path / "box.glb", unit="mm")
    assert model.sigma_m is not None and model.face_sigma_m is not None
    # In the order of the file's vertices, which a corner of the box tells.
    for vertex, sigma in zip(mesh.vertices / 1000, (1, 2, np.inf, 3, 4, 5, 6, 7), strict=True):
        at = np.linalg.norm(model.vertices - vertex, axis=1) < 1e-5
        assert model.sigma_m[at] == pytest.approx(sigma / 1000)
    assert np.isinf(model.face_sigma_m).sum() == (model.faces == np.flatnonzero(np.isinf(model.sigma_m))).any(1).sum()
    assert ObjectModel.from_mesh(box()).sigma_m is None


def test_the_mesh_that_is_handed_in_stays_as_it_was():
    mesh = painted(box(1000))
    before = mesh.vertices.copy(), mesh.visual.vertex_colors.copy()
    ObjectModel.from_mesh(mesh, unit="mm")
    assert np.array_equal(mesh.vertices, before[0])
    assert np.array_equal(mesh.visual.vertex_colors, before[1])


# Units


@pytest.mark.parametrize(
    ("unit", "per_m"),
    [("m", 1), ("dm", 10), ("cm", 100), ("mm", 1000), ("in", 1 / 0.0254), ("auto", 1), ("auto", 1000)],
)
def test_every_unit_becomes_metres(unit, per_m):
    model = ObjectModel.from_mesh(box(per_m), unit=unit)
    assert model.extents_m == pytest.approx(EXTENTS_M, rel=1e-6)
    assert model.unit_m == pytest.approx(1 / per_m)


@pytest.mark.parametrize(
    ("scale", "unit", "fix"),
    [
        (1000, "m", r"would be 177 m across.*set unit to mm \(then 0\.177 m\), or to auto"),
        (1, "mm", r"would be 0\.177 mm across.*set unit to m \(then 0\.177 m\), or to auto"),
        (1e6, "auto", "set its unit"),
        (1, "yards", "use m, dm, cm, mm, in or auto"),
    ],
)
def test_a_size_that_no_object_has_is_refused_with_the_unit_to_set(scale, unit, fix):
    with pytest.raises(InputRefused, match=fix) as refusal:
        ObjectModel.from_mesh(box(scale), unit=unit)
    assert refusal.value.reason == "mesh_unit"


# Refused


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_texture_coordinates_that_are_no_numbers_are_refused(bad):
    mesh = printed(box(), (200, 40, 40))
    mesh.visual.uv[3] = bad
    with pytest.raises(InputRefused, match="unwrap it again") as refusal:
        ObjectModel.from_mesh(mesh)
    assert refusal.value.reason == "mesh_not_finite"


@pytest.mark.parametrize(
    ("file", "content", "reason", "fix"),
    [
        ("empty.obj", "", "mesh_empty", "export a triangle mesh"),
        ("empty.stl", "solid a\nendsolid a\n", "mesh_empty", "export a triangle mesh"),
        ("nan.obj", TRIANGLE + "v nan 0 0\nf 1 2 3\nf 1 2 4\n", "mesh_not_finite", "repair it"),
        ("infinite.obj", TRIANGLE + "v inf 0 0\nf 1 2 3\nf 1 2 4\n", "mesh_not_finite", "repair it"),
        ("slivers.obj", "v 0 0 0\nv 0.1 0 0\nv 0.05 0 0\nf 1 2 3\n", "mesh_empty", "slivers"),
        ("torn.obj", TRIANGLE + "f 1 2 9\n", "mesh_unreadable", "export it as OBJ, PLY, STL or GLB"),
        ("broken.glb", "glTF?", "mesh_unreadable", "export it as OBJ, PLY, STL or GLB"),
        ("drawing.foo", "?", "mesh_unreadable", "export it as OBJ, PLY, STL or GLB"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name_with_the_fix(file, content, reason, fix, tmp_path):
    (tmp_path / file).write_text(content)
    with pytest.raises(InputRefused, match=fix) as refusal:
        ObjectModel.from_mesh(tmp_path / file)
    assert refusal.value.reason == reason
    assert file in str(refusal.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputRefused, match=r"mug\.obj does not exist: check the path") as refusal:
        ObjectModel.from_mesh(str(tmp_path / "mug.obj"))
    assert refusal.value.reason == "mesh_missing"


def test_points_without_faces_are_refused(tmp_path):
    trimesh.PointCloud(np.random.default_rng(0).random((9, 3))).export(tmp_path / "points.ply")
    with pytest.raises(InputRefused, match="export a triangle mesh, not points"):
        ObjectModel.from_mesh(tmp_path / "points.ply")


def test_faces_with_vertices_that_are_not_there_are_refused():
    with pytest.raises(InputRefused, match="faces with vertices that aren't there") as refusal:
        ObjectModel.from_mesh(trimesh.Trimesh(np.eye(3) / 10, [[0, 1, 3]], process=False))
    assert refusal.value.reason == "mesh_broken"


def test_normals_that_are_not_numbers_do_no_harm(tmp_path):
    (tmp_path / "scan.obj").write_text(f"{TRIANGLE}vn nan nan nan\nf 1//1 2//1 3//1\n")
    assert ObjectModel.from_mesh(tmp_path / "scan.obj").diameter_m == pytest.approx(0.1 * np.sqrt(2))


def test_vertices_that_no_face_uses_do_not_count(tmp_path):
    (tmp_path / "stray.obj").write_text(f"v 9 9 9\nv nan 0 0\n{TRIANGLE}f 3 4 5\n")
    model = ObjectModel.from_mesh(tmp_path / "stray.obj")
    assert model.vertices.shape == (3, 3)
    assert model.diameter_m == pytest.approx(0.1 * np.sqrt(2))


# Derived


def test_the_diameter_of_a_round_mesh_with_many_vertices_is_exact_to_a_thousandth():
    ball = trimesh.creation.icosphere(subdivisions=5, radius=0.05)
    assert len(ball.vertices) > 4000
    assert ObjectModel.from_mesh(ball).diameter_m == pytest.approx(0.1, rel=1e-3)


def test_the_diameter_of_a_flat_mesh_is_known():
    flat = trimesh.Trimesh([[0, 0, 0], [0.3, 0, 0], [0.3, 0.4, 0], [0, 0.4, 0], [0.1, 0.1, 0]], [[0, 1, 2], [0, 2, 3]])
    assert ObjectModel.from_mesh(flat).diameter_m == pytest.approx(0.5)


def test_samples_lie_on_the_surface_evenly_and_say_where():
    model = ObjectModel.from_mesh(box())
    points, faces, barycentric = model.surface_samples(6000)
    corners = model.vertices[model.faces[faces]]
    weights = np.concatenate([1 - barycentric.sum(axis=1, keepdims=True), barycentric], axis=1)
    assert weights.min() >= -1e-6
    assert np.einsum("nc,nci->ni", weights, corners) == pytest.approx(points, abs=1e-6)
    assert np.abs(np.abs(points) / (np.array(EXTENTS_M) / 2) - 1).min(axis=1).max() < 1e-4
    share = np.bincount(faces, minlength=12) / 6000
    assert share == pytest.approx(model.mesh.area_faces / model.mesh.area, abs=2 / 6000)
    # Either half of each face has half of its points, to three standard deviations.
    across = np.bincount(faces, weights=barycentric[:, 0] + barycentric[:, 1] > np.sqrt(0.5), minlength=12)
    assert np.abs(across / np.bincount(faces) - 0.5).max() < 3 * 0.5 / np.sqrt(np.bincount(faces).min())
    assert np.array_equal(points, model.surface_points(6000))


def test_models_of_real_scans_are_read_without_a_warning(data_folder: Path):
    meshes = sorted(data_folder.glob("pose/*/mesh/*/*.obj"))
    if not meshes:
        pytest.skip(f"no meshes in {data_folder}/pose")
    for path in meshes:
        model = ObjectModel.from_mesh(path, unit="auto")
        assert np.isfinite(model.vertices).all()
        assert 0.02 < model.diameter_m < 1
