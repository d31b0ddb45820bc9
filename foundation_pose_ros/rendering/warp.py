"""Ray casting with NVIDIA Warp (Macklin 2022): on CUDA without nvdiffrast's licence, and on the CPU."""

import torch
import warp as wp
from torch import Tensor

from ..object_model import ObjectModel
from .hit_renderer import MEMORY_BUDGET, HitRenderer
from .surface import Hits
from .warp_kernel import cast_rays

# Its banner goes to standard output, among the results of commands.
wp.config.log_level = wp.LOG_WARNING
wp.init()


class WarpRenderer(HitRenderer):
    """A bounding volume hierarchy of the mesh, built once on the device; the kernel is compiled at its first use."""

    def __init__(self, model: ObjectModel, device: str = "cpu", memory_bytes: int = MEMORY_BUDGET) -> None:
        super().__init__(model, torch.device(device), memory_bytes)
        self._device = wp.device_from_torch(self.device)
        self._mesh = wp.Mesh(
            wp.from_torch(self.surface.vertices, dtype=wp.vec3),  # type: ignore[arg-type]
            wp.from_torch(self.surface.faces.flatten(), dtype=wp.int32),  # type: ignore[arg-type]
        )

    def hits(self, T_cam_obj: Tensor, K: Tensor, size: tuple[int, int]) -> Hits:
        shape = (len(T_cam_obj), *size)
        face = torch.empty(shape, dtype=torch.int32, device=self.device)
        barycentric = torch.empty((*shape, 2), device=self.device)
        depth_m = torch.empty(shape, device=self.device)
        wp.launch(
            cast_rays,
            dim=shape,
            inputs=[
                self._mesh.id,
                wp.from_torch(T_cam_obj[:, :3, :3].contiguous(), dtype=wp.mat33),
                wp.from_torch(T_cam_obj[:, :3, 3].contiguous(), dtype=wp.vec3),
                wp.from_torch(K, dtype=wp.mat33),
            ],
            outputs=[wp.from_torch(face), wp.from_torch(barycentric, dtype=wp.vec2), wp.from_torch(depth_m)],
            device=self._device,
            # Torch's own stream: what was written there before is seen, and nobody has to wait.
            stream=wp.stream_from_torch() if self.device.type == "cuda" else None,
        )
        return Hits(face, barycentric, depth_m)
