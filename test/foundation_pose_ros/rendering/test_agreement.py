"""Every renderer shows what Embree shows, in arrays and in tensors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation
from trimesh.visual import ColorVisuals

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.rendering.torch_embree import EmbreeTensorRenderer
from foundation_pose_ros.rendering.torch_nvdiffrast import NvdiffrastRenderer, clip_positions
from foundation_pose_ros.rendering.torch_renderer import ALBEDO, Shading
from foundation_pose_ros.synthetic.meshes import make_mesh

K = np.array([[190.0, 0, 31.3], [0, 205.0, 26.8], [0, 0, 1]], np.float32)
SIZE = (52, 68)  # not in multiples of eight
EXTENTS_M = np.array([0.06, 0.09, 0.12])

Make = Callable[..., Any]


@pytest.fixture(params=["embree", "warp", "nvdiffrast"])
def make(request: pytest.FixtureRequest) -> Make:
    """The class of a renderer with tensors, on the CPU."""
    if request.param == "warp":
        pytest.importorskip("warp", reason="warp-lang isn't installed here")
        from foundation_pose_ros.rendering.torch_warp import WarpRenderer

        return WarpRenderer
    if request.param == "nvdiffrast":
        request.getfixturevalue("nvdiffrast_in_numpy")
        return lambda model, **options: NvdiffrastRenderer(model, "cpu", **options)
    return EmbreeTensorRenderer


def textured() -> ObjectModel:
    return ObjectModel.from_mesh(make_mesh("sticker_cube"))


def coloured_by_vertex() -> ObjectModel:
    """Colour is position: what is linear over the box is so over each of its triangles."""
    mesh = trimesh.creation.box(EXTENTS_M)
    rgba = np.full((8, 4), 255)
    rgba[:, :3] = np.round(255 * (mesh.vertices / EXTENTS_M + 0.5))
    mesh.visual = ColorVisuals(mesh, vertex_colors=rgba.astype(np.uint8))
    return ObjectModel.from_mesh(mesh)


def plain() -> ObjectModel:
    return ObjectModel.from_mesh(trimesh.creation.cone(0.05, 0.1, sections=24))


def poses(model: ObjectModel, count: int) -> np.ndarray:
    rng = np.random.default_rng(4)
    R = Rotation.random(count, rng=rng).as_matrix()
    t = rng.uniform([-0.03, -0.02, 0.38], [0.03, 0.02, 0.42], (count, 3))
    return se3.from_rotation_translation(R, t - R @ model.centre_m)


@pytest.mark.parametrize("build", [textured, coloured_by_vertex, plain])
def test_arrays_are_those_of_embree(make, build):
    model = build()
    T = poses(model, 4)
    expected = EmbreeRenderer(model).render(T, K, SIZE, normals=True, colour=True)
    found = make(model).render(T, K, SIZE, normals=True, colour=True)
    both = (expected.depth_m > 0) & (found.depth_m > 0)
    assert both.sum() > 1500
    assert ((expected.depth_m > 0) != (found.depth_m > 0)).sum() <= 4  # rays that graze the outline
    near = np.abs(found.depth_m - expected.depth_m) < 2e-5
    assert (~near)[both].sum() <= 4  # or an edge behind which there is more
    off = np.abs(found.normals_cam - expected.normals_cam).max(axis=-1) > 1e-3
    assert off[both].sum() <= 12  # on the edge between two faces
    assert not found.normals_cam[found.depth_m == 0].any()
    if build is plain:
        assert found.rgb is None
        return
    differences = np.abs(found.rgb - expected.rgb)[both & near & ~off]
    assert differences.max() < 0.01
    assert not found.rgb[found.depth_m == 0].any()


def test_tensors_hold_the_points_that_the_arrays_depth_means(make):
    model = coloured_by_vertex()
    T = poses(model, 3)
    rendering = make(model).render_tensors(torch.from_numpy(T), torch.from_numpy(K), SIZE, ALBEDO)
    expected_m = EmbreeRenderer(model).render(T, K, SIZE).depth_m
    seen = (rendering.depth_m.numpy() > 0) & (expected_m > 0)
    points = rendering.xyz_cam.numpy().transpose(0, 2, 3, 1)
    v, u = np.mgrid[: SIZE[0], : SIZE[1]]
    rays = np.stack([(u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1], np.ones(SIZE)], axis=-1)
    assert points[seen] == pytest.approx((rays * expected_m[..., None])[seen], abs=1e-4)
    assert not points[rendering.depth_m.numpy() == 0].any()
    # Colour is place on the object, so that it checks points and colours against each other.
    points_obj = se3.transform_points(se3.inverse(T), points.reshape(3, -1, 3)).reshape(points.shape)
    rgb = rendering.rgb.numpy().transpose(0, 2, 3, 1)
    assert rgb[seen] == pytest.approx((points_obj / EXTENTS_M + 0.5)[seen], abs=3e-3)


def test_light_along_the_optical_axis_dims_what_is_turned_away(make):
    """Seen squarely, all of the diffuse part; at 60 degrees, half of it; a mesh without colour is grey."""
    sheet = trimesh.Trimesh([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], [[0, 2, 1], [0, 3, 2]])
    sheet.apply_scale(0.2)
    R = Rotation.from_rotvec([[0, 0, 0], [60, 0, 0]], degrees=True).as_matrix()
    T = torch.from_numpy(se3.from_rotation_translation(R, np.array([0, 0, 0.4])))
    shading = Shading(ambient=0.6, diffuse=0.4, missing=0.5)
    rgb = make(ObjectModel.from_mesh(sheet)).render_tensors(T, torch.from_numpy(K), SIZE, shading).rgb
    assert rgb[0, :, 26, 31].numpy() == pytest.approx(0.5 * (0.6 + 0.4), abs=1e-5)
    assert rgb[1, :, 26, 31].numpy() == pytest.approx(0.5 * (0.6 + 0.2), abs=1e-5)


def test_seams_of_the_texture_stay_edges_and_other_corners_are_rounded():
    """Light on a box of one piece blends over its edges; where the texture is cut apart, each side has its own."""
    joined = EmbreeTensorRenderer(coloured_by_vertex()).surface
    assert joined.corner_normals.norm(dim=-1).numpy() == pytest.approx(1, abs=1e-5)
    assert (joined.corner_normals * joined.face_normals[:, None]).sum(-1).max() < 0.9
    cube = EmbreeTensorRenderer(textured()).surface
    on_side = cube.face_normals.abs().max(dim=1).values > 0.9999
    assert on_side.sum() > 1000
    off = (cube.corner_normals * cube.face_normals[:, None]).sum(-1)[on_side].min()
    assert off > np.cos(np.deg2rad(20))


def test_chunks_under_the_budget_are_what_one_chunk_is(make):
    model = textured()
    T, cameras = poses(model, 5), np.repeat(K[None], 5, axis=0)
    cameras[3, 0, 2] += 6
    together = make(model).render_tensors(torch.from_numpy(T), torch.from_numpy(cameras), SIZE)
    renderer = make(model, memory_bytes=2 * make(model).bytes_per_pose(SIZE) + 1)
    cut = renderer.render_tensors(torch.from_numpy(T), torch.from_numpy(cameras), SIZE)
    assert [part.stop - part.start for part in renderer._chunks(5, SIZE)] == [2, 2, 1]
    assert torch.equal(together.xyz_cam, cut.xyz_cam)
    assert torch.allclose(together.rgb, cut.rgb, atol=1e-6)
    shifted = make(model).render_tensors(torch.from_numpy(T[3:4]), torch.from_numpy(K), SIZE)
    assert torch.allclose(cut.depth_m[3, :, 6:], shifted.depth_m[0, :, :-6], atol=1e-5)


def test_nvdiffrast_makes_one_context_and_keeps_chunks_small(nvdiffrast_in_numpy):
    model = textured()
    T = torch.from_numpy(poses(model, 5))
    renderer = NvdiffrastRenderer(model, "cpu")
    renderer = NvdiffrastRenderer(model, "cpu", memory_bytes=2 * renderer.bytes_per_pose(SIZE))
    renderer.render_tensors(T, torch.from_numpy(K), SIZE)
    renderer.render_tensors(T[:1], torch.from_numpy(K), SIZE)
    assert nvdiffrast_in_numpy == {"contexts": 2, "images": 6, "most": 2}


def test_clip_space_is_the_image_with_pixel_centres_at_integers():
    rng = np.random.default_rng(1)
    points = torch.from_numpy(rng.uniform([-0.1, -0.1, 0.3], [0.1, 0.1, 0.9], (50, 3)))
    skewed = torch.from_numpy(K.astype(float))[None].clone()
    skewed[0, 0, 1] = 1.5
    clip = clip_positions(points, torch.eye(4, dtype=torch.float64)[None], skewed, SIZE)[0]
    image = (points @ skewed[0].T).numpy()
    pixels = image[:, :2] / image[:, 2:]
    ndc = (clip[:, :3] / clip[:, 3:]).numpy()
    assert (ndc[:, 0] + 1) / 2 * SIZE[1] - 0.5 == pytest.approx(pixels[:, 0], abs=1e-9)
    assert (ndc[:, 1] + 1) / 2 * SIZE[0] - 0.5 == pytest.approx(pixels[:, 1], abs=1e-9)
    assert (np.diff(ndc[np.argsort(image[:, 2]), 2]) > 0).all()
    assert np.abs(ndc[:, 2]).max() <= 1
