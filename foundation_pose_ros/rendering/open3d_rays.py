"""Rays through Open3D's Embree: wherever Open3D runs, and the reference for the packets."""

import numpy as np
import open3d as o3d

from ..arrays import Intrinsics, Points, Poses
from .renderer import RayHits

# Rays per cast: their buffers and results (some 60 bytes a ray) stay in the second-level cache.
_CHUNK_RAYS = 1 << 16
# Rays that are worth waking one more thread for: half a millisecond of work.
_THREAD_RAYS = 1 << 13


class Open3DCaster:
    """Of a mesh: vertices (V, 3) float32 and faces (F, 3). Each pose moves the rays instead of the mesh.

    Rays have z = 1 in the camera, so the distance that Embree returns is the depth itself.
    """

    def __init__(self, vertices: Points, faces: np.ndarray, threads: int) -> None:
        self._threads = threads
        self._scene = o3d.t.geometry.RaycastingScene(nthreads=threads)
        self._scene.add_triangles(o3d.core.Tensor.from_numpy(vertices), o3d.core.Tensor.from_numpy(faces))
        self._scene.cast_rays(o3d.core.Tensor.from_numpy(np.zeros((1, 6), np.float32)))  # builds the tree now

    def cast(
        self, T_cam_obj: Poses, K: Intrinsics, size: tuple[int, int], normals: bool = False, faces: bool = False
    ) -> RayHits:
        """Cast rays, as `Caster` says."""
        rays_cam = pixel_rays(K, size)  # (h*w, 3) or (B, h*w, 3)
        found = RayHits.missing((len(T_cam_obj), *size), normals, faces)
        step = max(1, _CHUNK_RAYS // (size[0] * size[1]))
        for start in range(0, len(T_cam_obj), step):
            part = slice(start, min(start + step, len(T_cam_obj)))
            rays = rays_cam if rays_cam.ndim == 2 else rays_cam[part]
            self._fill(found, part, T_cam_obj[part], rays)
        return found

    def _fill(self, found: RayHits, part: slice, T_cam_obj: Poses, rays_cam: np.ndarray) -> None:
        shape = found.depth_m[part].shape
        rays = rays_in_object(T_cam_obj, rays_cam)
        threads = int(np.clip(rays[..., 0].size // _THREAD_RAYS, 1, self._threads))
        hits = self._scene.cast_rays(o3d.core.Tensor.from_numpy(rays), nthreads=threads)
        distance = hits["t_hit"].numpy()
        hit = np.isfinite(distance)
        found.depth_m[part] = np.where(hit, distance, 0).reshape(shape)
        if found.normals_cam is not None:
            normals_cam = _facing_normals(hits["primitive_normals"].numpy(), T_cam_obj, rays_cam, hit)
            found.normals_cam[part] = normals_cam.reshape(*shape, 3)
        if found.face is not None and found.barycentric is not None:
            found.face[part] = np.where(hit, hits["primitive_ids"].numpy().astype(np.int32), -1).reshape(shape)
            found.barycentric[part] = hits["primitive_uvs"].numpy().reshape(*shape, 2)


def rays_in_object(T_cam_obj: Poses, rays_cam: np.ndarray) -> np.ndarray:
    """Return rays (B, N, 6), origin and direction in the object's frame, of poses (B, 4, 4) and camera rays."""
    R = T_cam_obj[:, :3, :3]  # (B, 3, 3)
    rays = np.empty((len(T_cam_obj), rays_cam.shape[-2], 6), np.float32)
    rays[..., :3] = -(T_cam_obj[:, None, :3, 3] @ R)  # the camera's centre in the object's frame
    np.matmul(rays_cam, R, out=rays[..., 3:])  # R^T d for row vectors
    return rays


def pixel_rays(K: Intrinsics, size: tuple[int, int]) -> np.ndarray:
    """Return rays (h*w, 3) with z = 1 through all pixels of a camera K (3, 3), or (B, h*w, 3) for K (B, 3, 3)."""
    height, width = size
    x = (np.arange(width, dtype=np.float32) - K[..., 0, 2, None]) / K[..., 0, 0, None]  # (..., w)
    y = (np.arange(height, dtype=np.float32) - K[..., 1, 2, None]) / K[..., 1, 1, None]  # (..., h)
    rays = np.ones((*K.shape[:-2], height, width, 3), np.float32)
    rays[..., 0] = x[..., None, :]
    rays[..., 1] = y[..., :, None]
    return rays.reshape(*K.shape[:-2], height * width, 3)


def _facing_normals(normals_obj: np.ndarray, T_cam_obj: Poses, rays_cam: np.ndarray, hit: np.ndarray) -> np.ndarray:
    """Rotate face normals (b, n, 3) to the camera and turn them towards it; 0 where nothing was hit."""
    normals_cam = normals_obj @ np.swapaxes(T_cam_obj[:, :3, :3], 1, 2)
    away = np.einsum("...i,...i->...", normals_cam, rays_cam) > 0
    return np.where(hit[..., None], np.where(away[..., None], -normals_cam, normals_cam), 0)
