"""Ray casting on the CPU with Open3D's Embree: the reference that other renderers are compared with."""

import numpy as np
import open3d as o3d

from ..object_model import ObjectModel
from .renderer import Rendering

# Rays per cast: their buffers and results (some 60 bytes a ray) stay in the second-level cache.
_CHUNK_RAYS = 1 << 16
# Rays that are worth waking one more thread for: half a millisecond of work.
_THREAD_RAYS = 1 << 13


class EmbreeRenderer:
    """One static scene in the object's frame; each hypothesis moves the rays instead of the mesh.

    Rays have z = 1 in the camera, so the distance that Embree returns is the depth itself.
    """

    def __init__(self, model: ObjectModel, threads: int = 2) -> None:
        self.model = model
        self._threads = threads
        self.scene = o3d.t.geometry.RaycastingScene(nthreads=threads)
        self.scene.add_triangles(o3d.core.Tensor.from_numpy(model.vertices), o3d.core.Tensor.from_numpy(model.faces))
        self.scene.cast_rays(
            o3d.core.Tensor.from_numpy(np.zeros((1, 6), np.float32))
        )  # builds the tree now, not at first use

    def render(
        self,
        T_cam_obj: np.ndarray,
        K: np.ndarray,
        size: tuple[int, int],
        normals: bool = False,
        colour: bool = False,
    ) -> Rendering:
        height, width = size
        batch = len(T_cam_obj)
        T_cam_obj = np.asarray(T_cam_obj, np.float32)
        rays_cam = pixel_rays(np.asarray(K, np.float32), size)  # (h*w, 3) or (B, h*w, 3)
        depth_m = np.empty((batch, height * width), np.float32)
        normals_cam = np.zeros((batch, height * width, 3), np.float32) if normals else None
        appearance = self.model.appearance if colour else None
        rgb = np.zeros((batch, height * width, 3), np.float32) if appearance is not None else None
        face_sigma_m = self.model.face_sigma_m
        sigma_m = np.zeros((batch, height * width), np.float32) if face_sigma_m is not None else None
        step = max(1, _CHUNK_RAYS // (height * width))
        for start in range(0, batch, step):
            part = slice(start, min(start + step, batch))
            hits = self._cast(T_cam_obj[part], rays_cam if rays_cam.ndim == 2 else rays_cam[part])
            distance = hits["t_hit"].numpy()
            hit = np.isfinite(distance)
            np.copyto(depth_m[part], np.where(hit, distance, 0))
            if normals_cam is not None:
                normals_cam[part] = _facing_normals(hits["primitive_normals"].numpy(), T_cam_obj[part], rays_cam, hit)
            if face_sigma_m is not None and sigma_m is not None:
                sigma_m[part][hit] = face_sigma_m[hits["primitive_ids"].numpy()[hit]]
            if appearance is not None and rgb is not None and hit.any():
                focal_px = float(np.max(np.asarray(K)[..., 0, 0]))
                rgb[part][hit] = appearance.sample(
                    hits["primitive_ids"].numpy()[hit],
                    hits["primitive_uvs"].numpy()[hit],
                    footprint_m=float(np.median(distance[hit])) / focal_px,
                )
        shape = (batch, height, width)
        return Rendering(
            depth_m.reshape(shape),
            normals_cam.reshape(*shape, 3) if normals_cam is not None else None,
            rgb.reshape(*shape, 3) if rgb is not None else None,
            sigma_m.reshape(shape) if sigma_m is not None else None,
        )

    def _cast(self, T_cam_obj: np.ndarray, rays_cam: np.ndarray) -> dict:
        rays = rays_in_object(T_cam_obj, rays_cam)
        threads = int(np.clip(rays[..., 0].size // _THREAD_RAYS, 1, self._threads))
        return self.scene.cast_rays(o3d.core.Tensor.from_numpy(rays), nthreads=threads)


def rays_in_object(T_cam_obj: np.ndarray, rays_cam: np.ndarray) -> np.ndarray:
    """Rays (B, N, 6), origin and direction in the object's frame, from poses (B, 4, 4) and rays in the camera."""
    R = T_cam_obj[:, :3, :3]  # (B, 3, 3)
    rays = np.empty((len(T_cam_obj), rays_cam.shape[-2], 6), np.float32)
    rays[..., :3] = -(T_cam_obj[:, None, :3, 3] @ R)  # the camera's centre in the object's frame
    np.matmul(rays_cam, R, out=rays[..., 3:])  # R^T d for row vectors
    return rays


def pixel_rays(K: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Rays (h*w, 3) with z = 1 through all pixels of a camera K (3, 3), or (B, h*w, 3) for K (B, 3, 3)."""
    height, width = size
    x = (np.arange(width, dtype=np.float32) - K[..., 0, 2, None]) / K[..., 0, 0, None]  # (..., w)
    y = (np.arange(height, dtype=np.float32) - K[..., 1, 2, None]) / K[..., 1, 1, None]  # (..., h)
    rays = np.ones((*K.shape[:-2], height, width, 3), np.float32)
    rays[..., 0] = x[..., None, :]
    rays[..., 1] = y[..., :, None]
    return rays.reshape(*K.shape[:-2], height * width, 3)


def _facing_normals(
    normals_obj: np.ndarray, T_cam_obj: np.ndarray, rays_cam: np.ndarray, hit: np.ndarray
) -> np.ndarray:
    """Rotate face normals (b, n, 3) to the camera and turn them towards it; 0 where nothing was hit."""
    normals_cam = normals_obj @ np.swapaxes(T_cam_obj[:, :3, :3], 1, 2)
    away = np.einsum("...i,...i->...", normals_cam, rays_cam) > 0
    return np.where(hit[..., None], np.where(away[..., None], -normals_cam, normals_cam), 0)
