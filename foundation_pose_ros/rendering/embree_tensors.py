"""Embree for the networks: the reference of renderers that give tensors."""

import open3d as o3d
import torch
from torch import Tensor

from ..object_model import ObjectModel
from .embree import EmbreeRenderer, pixel_rays, rays_in_object
from .hit_renderer import HitRenderer
from .surface import Hits

# Rays and results of a chunk stay in the cache.
_MEMORY_BYTES = 1 << 25


class EmbreeTensorRenderer(HitRenderer):
    """Ray casting on the CPU into tensors."""

    def __init__(self, model: ObjectModel, threads: int = 2, memory_bytes: int = _MEMORY_BYTES) -> None:
        super().__init__(model, torch.device("cpu"), memory_bytes)
        self._scene = EmbreeRenderer(model, threads).scene
        self._threads = threads

    def hits(self, T_cam_obj: Tensor, K: Tensor, size: tuple[int, int]) -> Hits:
        rays = rays_in_object(T_cam_obj.numpy(), pixel_rays(K.numpy(), size))
        found = self._scene.cast_rays(o3d.core.Tensor.from_numpy(rays), nthreads=self._threads)
        depth_m = torch.from_numpy(found["t_hit"].numpy())
        hit = torch.isfinite(depth_m)
        face = torch.from_numpy(found["primitive_ids"].numpy().astype("int32"))
        shape = (len(T_cam_obj), *size)
        return Hits(
            face.where(hit, -1).reshape(shape),
            torch.from_numpy(found["primitive_uvs"].numpy()).reshape(*shape, 2),
            depth_m.where(hit, 0).reshape(shape),
        )
