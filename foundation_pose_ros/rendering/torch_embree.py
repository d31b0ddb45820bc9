"""Embree for the networks: the reference of renderers that give tensors."""

import torch
from torch import Tensor

from ..object_model.model import ObjectModel
from .embree import make_caster
from .renderer import Caster
from .torch_mesh import Hits
from .torch_renderer import TorchRenderer

# Rays and results of a chunk stay in the cache.
_MEMORY_BYTES = 1 << 25


class EmbreeTensorRenderer(TorchRenderer):
    """Ray casting on the CPU into tensors. caster: of the same mesh, where there is one already."""

    def __init__(
        self,
        model: ObjectModel,
        threads: int = 2,
        memory_bytes: int = _MEMORY_BYTES,
        caster: Caster | None = None,
    ) -> None:
        super().__init__(model, torch.device("cpu"), memory_bytes)
        self._caster = caster or make_caster(model, threads)

    def hits(self, T_cam_obj: Tensor, K: Tensor, size: tuple[int, int]) -> Hits:
        found = self._caster.cast(T_cam_obj.numpy().astype("float32"), K.numpy().astype("float32"), size, faces=True)
        face, barycentric, depth_m = (torch.from_numpy(a) for a in (found.face, found.barycentric, found.depth_m))
        return Hits(face, barycentric, depth_m)
