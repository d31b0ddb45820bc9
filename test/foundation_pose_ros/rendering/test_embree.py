"""Renderings against what geometry says a sphere and a box look like."""

import multiprocessing

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation
from trimesh.visual import ColorVisuals

from foundation_pose_ros import Camera, ObjectModel
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.rendering.embree_packets import PacketCaster
from foundation_pose_ros.rendering.open3d_rays import Open3DCaster
from foundation_pose_ros.se3 import from_rotation_translation
from foundation_pose_ros.synthetic.meshes import make_mesh

CAMERA = Camera(210.0, 230.0, 81.3, 58.6, 160, 120)
SIZE = (CAMERA.height, CAMERA.width)
RADIUS_M, EXTENTS_M = 0.05, np.array([0.06, 0.09, 0.14])


def rays() -> np.ndarray:
    return CAMERA.rays(np.arange(CAMERA.width)[None], np.arange(CAMERA.height)[:, None]).astype(float)  # (h, w, 3)


def sphere_depth(centre_m: np.ndarray) -> np.ndarray:
    """Depth (h, w) at which each ray with z = 1 meets a sphere, NaN where it doesn't."""
    d = rays()
    a, b, c = (d * d).sum(-1), d @ centre_m, centre_m @ centre_m - RADIUS_M**2
    with np.errstate(invalid="ignore"):
        return (b - np.sqrt(b**2 - a * c)) / a


def box_hits(T_cam_obj: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Depth (h, w) at which each ray meets a box, NaN where it doesn't, and that side's normal (h, w, 3), by slabs."""
    R, t = T_cam_obj[:3, :3].astype(float), T_cam_obj[:3, 3].astype(float)
    d, start = rays() @ R, -t @ R
    near, far = np.sort([(side * EXTENTS_M / 2 - start) / d for side in (-1, 1)], axis=0)
    entry, leave = near.max(-1), far.min(-1)
    axis = near.argmax(-1)
    normal_obj = np.eye(3)[axis] * -np.sign(np.take_along_axis(d, axis[..., None], -1))
    return np.where(entry <= leave, entry, np.nan), normal_obj @ R.T


def ball() -> ObjectModel:
    return ObjectModel.from_mesh(trimesh.creation.icosphere(subdivisions=5, radius=RADIUS_M))


def six_coloured_box() -> tuple[ObjectModel, np.ndarray]:
    """A box with a colour on each side, and the colours (3, 2, 3) in 0..1 by axis and by sign - +."""
    mesh = trimesh.creation.box(EXTENTS_M)
    colours = np.random.default_rng(3).integers(20, 236, (3, 2, 4))
    axis = np.abs(mesh.face_normals).argmax(axis=1)
    positive = (mesh.face_normals.sum(axis=1) > 0).astype(int)
    mesh.visual = ColorVisuals(mesh, face_colors=colours[axis, positive].astype(np.uint8))
    return ObjectModel.from_mesh(mesh), colours[..., :3] / 255.0


def poses(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    R = Rotation.random(count, rng=rng).as_matrix()
    return from_rotation_translation(R, rng.uniform([-0.08, -0.05, 0.4], [0.08, 0.05, 0.7], (count, 3)))


def test_depth_and_normals_of_a_sphere():
    T = poses(1)
    rendering = EmbreeRenderer(ball()).render(T, CAMERA.K, SIZE, normals=True)
    expected_m = sphere_depth(T[0, :3, 3].astype(float))
    hit, inside = rendering.depth_m[0] > 0, np.isfinite(expected_m)
    # The mesh lies inside the sphere by at most a thousandth of the radius: its border may lose a pixel here and there.
    assert not (hit & ~inside).any()
    assert (inside & ~hit).sum() < 0.02 * inside.sum()
    points = rendering.depth_m[0][..., None] * rays()
    assert np.linalg.norm(points[hit] - T[0, :3, 3], axis=1) == pytest.approx(RADIUS_M, rel=2e-3)
    normals = rendering.normals_cam[0]
    outwards = (points[hit] - T[0, :3, 3]) / RADIUS_M
    assert np.einsum("ni,ni->n", normals[hit], outwards).min() > np.cos(np.deg2rad(3))
    assert not normals[~hit].any()


@pytest.mark.parametrize("seed", range(4))
def test_silhouette_depth_and_normals_of_a_box(seed):
    T = poses(1, seed)
    rendering = EmbreeRenderer(ObjectModel.from_mesh(trimesh.creation.box(EXTENTS_M))).render(T, CAMERA.K, SIZE, True)
    expected_m, expected_normal = box_hits(T[0])
    hit, inside = rendering.depth_m[0] > 0, np.isfinite(expected_m)
    assert (hit != inside).sum() <= 3  # rays that graze an edge
    both = hit & inside
    assert both.sum() > 300
    assert np.abs(rendering.depth_m[0] - expected_m)[both].max() < 1e-5
    agrees = np.abs(rendering.normals_cam[0] - expected_normal)[both].max(axis=1) < 1e-5
    assert (~agrees).sum() <= 3


def test_colours_are_those_of_the_sides_that_are_seen():
    model, colours = six_coloured_box()
    T = poses(6)
    rendering = EmbreeRenderer(model).render(T, CAMERA.K, SIZE, colour=True)
    assert rendering.normals_cam is None
    seen = set()
    for k in range(6):
        depth_m, normal = box_hits(T[k])
        both = (rendering.depth_m[k] > 0) & np.isfinite(depth_m)
        normal_obj = normal[both] @ T[k, :3, :3]
        axis = np.abs(normal_obj).argmax(axis=1)
        sign = (normal_obj.sum(axis=1) > 0).astype(int)
        off = np.abs(rendering.rgb[k][both] - colours[axis, sign]).max(axis=1) > 1e-3
        assert off.sum() <= 3
        assert not rendering.rgb[k][rendering.depth_m[k] == 0].any()
        seen |= set(zip(axis.tolist(), sign.tolist(), strict=True))
    assert len(seen) == 6


def test_colours_of_vertices_blend_over_the_faces():
    mesh = trimesh.creation.box(EXTENTS_M)
    rgba = np.full((8, 4), 255)
    rgba[:, :3] = np.round(255 * (mesh.vertices / EXTENTS_M + 0.5))
    mesh.visual = ColorVisuals(mesh, vertex_colors=rgba.astype(np.uint8))
    T = poses(1)
    rendering = EmbreeRenderer(ObjectModel.from_mesh(mesh)).render(T, CAMERA.K, SIZE, colour=True)
    hit = rendering.depth_m[0] > 0
    points_obj = (rendering.depth_m[0][..., None] * rays() - T[0, :3, 3])[hit] @ T[0, :3, :3]
    # Colour is position: what is linear over the box is so over each of its triangles.
    assert rendering.rgb[0][hit] == pytest.approx(points_obj / EXTENTS_M + 0.5, abs=1e-3)


def test_a_batch_is_what_single_renderings_are_however_it_is_cut():
    model, _ = six_coloured_box()
    renderer = EmbreeRenderer(model)
    T = poses(9)  # 9 x 19200 rays: more than one cast takes
    together = renderer.render(T, CAMERA.K, SIZE, normals=True, colour=True)
    assert together.depth_m.shape == (9, *SIZE)
    assert together.depth_m.dtype == together.rgb.dtype == together.normals_cam.dtype == np.float32
    for k in range(9):
        alone = renderer.render(T[k : k + 1], CAMERA.K, SIZE, normals=True, colour=True)
        assert np.array_equal(alone.depth_m[0], together.depth_m[k])
        assert np.array_equal(alone.normals_cam[0], together.normals_cam[k])
        assert alone.rgb[0] == pytest.approx(together.rgb[k], abs=1e-6)


def test_each_pose_may_have_a_camera_of_its_own():
    renderer = EmbreeRenderer(ball())
    T = poses(3)
    K = np.stack([CAMERA.K, CAMERA.K, CAMERA.K])
    K[1, 0, 2] += 7
    K[2, :2] *= 0.5
    together = renderer.render(T, K, (60, 80))
    for k in range(3):
        assert np.array_equal(renderer.render(T[k : k + 1], K[k], (60, 80)).depth_m[0], together.depth_m[k])
    shifted = renderer.render(T[1:2], CAMERA.K, (60, 80)).depth_m[0]
    assert together.depth_m[1][:, 7:] == pytest.approx(shifted[:, :-7], abs=1e-5)


def test_a_crop_is_a_cut_from_the_whole_picture():
    renderer = EmbreeRenderer(ball())
    T = poses(1)
    K = CAMERA.K.copy()
    K[:2, 2] -= (40, 30)
    crop = renderer.render(T, K, (50, 60)).depth_m[0]
    assert crop == pytest.approx(renderer.render(T, CAMERA.K, SIZE).depth_m[0, 30:80, 40:100], abs=1e-5)


def test_what_is_behind_the_camera_or_beside_the_image_is_not_seen():
    T = from_rotation_translation(np.eye(3), np.array([[0, 0, -0.5], [3, 0, 0.5]]))
    rendering = EmbreeRenderer(ball()).render(T, CAMERA.K, SIZE, normals=True, colour=True)
    assert not rendering.depth_m.any()
    assert not rendering.normals_cam.any()
    assert rendering.rgb is None


def test_a_sheet_is_seen_from_both_sides_with_its_normal_towards_the_camera():
    sheet = trimesh.Trimesh([[-0.1, -0.1, 0], [0.1, -0.1, 0], [0.1, 0.1, 0], [-0.1, 0.1, 0]], [[0, 1, 2], [0, 2, 3]])
    turn = np.stack([np.eye(3), Rotation.from_euler("x", 180, degrees=True).as_matrix()])
    T = from_rotation_translation(turn, np.array([0, 0, 0.5]))
    rendering = EmbreeRenderer(ObjectModel.from_mesh(sheet)).render(T, CAMERA.K, SIZE, normals=True)
    assert rendering.depth_m[:, 58, 81] == pytest.approx(0.5)
    assert rendering.normals_cam[:, 58, 81] == pytest.approx(np.tile([0, 0, -1], (2, 1)), abs=1e-6)


@pytest.mark.parametrize("size", [(52, 66), (3, 5)])  # not in multiples of a packet's side
def test_packets_hit_what_open3d_hits(size):
    model, _ = six_coloured_box()
    mesh = trimesh.util.concatenate([make_mesh("mug"), trimesh.creation.annulus(0.05, 0.06, 0.02)])
    for shape in (model, ObjectModel.from_mesh(mesh)):
        T = poses(5, seed=6)
        K = np.stack(
            [np.array([[f, 0, size[1] / 2], [0, 1.1 * f, size[0] / 2], [0, 0, 1]]) for f in range(150, 200, 10)]
        )
        given = T, K.astype(np.float32), size, True, True
        expected = Open3DCaster(shape.vertices, shape.faces, 1).cast(*given)
        one, two = (PacketCaster(shape.vertices, shape.faces, threads).cast(*given) for threads in (1, 2))
        assert all((getattr(one, name) == getattr(two, name)).all() for name in vars(one))
        hit = (expected.face >= 0) & (one.face >= 0)
        assert hit.any() and ((expected.face >= 0) != (one.face >= 0)).mean() < 2e-3  # rays that graze the outline
        off_m = np.abs(one.depth_m - expected.depth_m)[hit]
        assert np.median(off_m) < 1e-6 and (off_m > 1e-5).mean() < 2e-3
        same = hit & (one.face == expected.face)
        assert same.sum() > 0.99 * hit.sum()
        assert one.normals_cam[same] == pytest.approx(expected.normals_cam[same], abs=1e-4)
        assert one.barycentric[same] == pytest.approx(expected.barycentric[same], abs=1e-3)
        missed = one.face < 0
        assert not one.depth_m[missed].any() and not one.normals_cam[missed].any() and not one.barycentric[missed].any()


def test_a_process_that_was_forked_casts_as_well():
    caster = PacketCaster(*(getattr(ball(), name) for name in ("vertices", "faces")), threads=2)
    T = poses(16)
    expected = caster.cast(T, CAMERA.K.astype(np.float32), SIZE).depth_m  # with threads of this process
    with multiprocessing.get_context("fork").Pool(1) as pool:
        found = pool.apply_async(_cast_in_child, (T,)).get(timeout=60)
    np.testing.assert_array_equal(found, expected)


def _cast_in_child(T: np.ndarray) -> np.ndarray:
    caster = PacketCaster(*(getattr(ball(), name) for name in ("vertices", "faces")), threads=2)
    return caster.cast(T, CAMERA.K.astype(np.float32), SIZE).depth_m
