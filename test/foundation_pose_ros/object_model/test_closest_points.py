"""Closest points are those that Open3D finds, on smooth, flat and broken meshes."""

import numpy as np
import open3d as o3d
import pytest
import trimesh

from foundation_pose_ros.object_model.closest_points import ClosestPoints

MESHES = {
    "sphere": lambda: trimesh.creation.icosphere(subdivisions=4, radius=0.1),
    "box of twelve": lambda: trimesh.creation.box((0.1, 0.2, 0.05)),
    "one triangle": lambda: trimesh.Trimesh([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]], [[0, 1, 2]], process=False),
    "large and small": lambda: trimesh.util.concatenate(
        [trimesh.creation.box((0.3, 0.3, 0.01)), trimesh.creation.icosphere(subdivisions=3, radius=0.02)]
    ),
    "soup": lambda: trimesh.Trimesh(
        np.random.default_rng(1).uniform(-0.1, 0.1, (300, 3)), np.arange(300).reshape(100, 3), process=False
    ),
}


@pytest.mark.parametrize("name", MESHES)
def test_they_are_as_close_as_those_of_open3d(name: str) -> None:
    mesh = MESHES[name]()
    vertices, faces = np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.uint32)
    points = np.random.default_rng(0).uniform(-0.2, 0.2, (500, 3)).astype(np.float32)
    found = ClosestPoints(vertices, faces).query(points)
    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(o3d.core.Tensor.from_numpy(vertices), o3d.core.Tensor.from_numpy(faces))
    wanted = scene.compute_closest_points(o3d.core.Tensor.from_numpy(points))["points"].numpy()
    np.testing.assert_allclose(
        np.linalg.norm(found.points - points, axis=1), np.linalg.norm(wanted - points, axis=1), atol=1e-6
    )
    np.testing.assert_allclose(found.points, wanted, atol=1e-4)


def test_faces_and_weights_give_the_points() -> None:
    mesh = MESHES["large and small"]()
    found = ClosestPoints(mesh.vertices, mesh.faces).query(np.random.default_rng(0).uniform(-0.2, 0.2, (200, 3)))
    corners = mesh.vertices[mesh.faces[found.faces]]
    weights = np.column_stack([1 - found.uv.sum(axis=1), found.uv])
    assert weights.min() > -1e-6
    np.testing.assert_allclose(np.einsum("nc,ncd->nd", weights, corners), found.points, atol=1e-7)


def test_a_face_without_area_is_an_edge() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0]], float)
    found = ClosestPoints(vertices, np.array([[0, 1, 2]])).query([[1.5, 1, 0], [-1, 0, 0], [3, 0, 1]])
    np.testing.assert_allclose(found.points, [[1.5, 0, 0], [0, 0, 0], [2, 0, 0]], atol=1e-12)
