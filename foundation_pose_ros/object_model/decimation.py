"""Meshes of fewer faces."""

import numpy as np

from ..arrays import Points
from ..runtime import late_open3d as o3d


def decimated(vertices: Points, triangles: np.ndarray, faces: int) -> tuple[np.ndarray, np.ndarray]:
    """Reduce faces by quadric decimation (Garland and Heckbert 1997); a mesh with no more than `faces` stays."""
    if len(triangles) <= faces:
        return vertices, triangles
    mesh = o3d.geometry.TriangleMesh(
        o3d.utility.Vector3dVector(vertices), o3d.utility.Vector3iVector(triangles.astype(np.int32))
    )
    mesh = mesh.simplify_quadric_decimation(faces)
    mesh.remove_degenerate_triangles()
    mesh.remove_unreferenced_vertices()
    return np.asarray(mesh.vertices), np.asarray(mesh.triangles)
