"""Ray casting with NVIDIA Warp (Macklin 2022): on CUDA without nvdiffrast's licence, and on the CPU."""

# mypy: ignore-errors

import torch
import warp as wp
from torch import Tensor

from ..object_model.model import ObjectModel
from .torch_mesh import Hits
from .torch_renderer import MEMORY_BUDGET, TorchRenderer

# Its banner goes to standard output, among the results of commands.
wp.config.log_level = wp.LOG_WARNING
wp.init()
_FARTHEST_M = wp.constant(1.0e4)


class WarpRenderer(TorchRenderer):
    """A bounding volume hierarchy of the mesh, built once on the device; the kernel is compiled at its first use."""

    def __init__(self, model: ObjectModel, device: str = "cpu", memory_bytes: int = MEMORY_BUDGET) -> None:
        super().__init__(model, torch.device(device), memory_bytes)
        self._device = wp.device_from_torch(self.device)
        self._mesh = wp.Mesh(
            wp.from_torch(self.surface.vertices, dtype=wp.vec3),  # type: ignore[arg-type]
            wp.from_torch(self.surface.faces.flatten(), dtype=wp.int32),  # type: ignore[arg-type]
        )

    def hits(self, T_cam_obj: Tensor, K: Tensor, size: tuple[int, int]) -> Hits:
        """Find what pixels see, as `TorchRenderer` says."""
        shape = (len(T_cam_obj), *size)
        face = torch.empty(shape, dtype=torch.int32, device=self.device)
        barycentric = torch.empty((*shape, 2), device=self.device)
        depth_m = torch.empty(shape, device=self.device)
        wp.launch(
            _cast_rays,
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


@wp.kernel
def _cast_rays(
    mesh: wp.uint64,
    R_cam_obj: wp.array(dtype=wp.mat33),
    t_cam_obj: wp.array(dtype=wp.vec3),
    K: wp.array(dtype=wp.mat33),
    face: wp.array(dtype=wp.int32, ndim=3),
    barycentric: wp.array(dtype=wp.vec2, ndim=3),
    depth_m: wp.array(dtype=wp.float32, ndim=3),
):
    """Cast one ray per pixel, taken into the object's frame; with z = 1 in the camera its length counts depth."""
    pose, row, column = wp.tid()
    k = K[pose]
    ray = wp.vec3((float(column) - k[0, 2]) / k[0, 0], (float(row) - k[1, 2]) / k[1, 1], 1.0)
    R_obj_cam = wp.transpose(R_cam_obj[pose])
    hit = wp.mesh_query_ray(mesh, -(R_obj_cam * t_cam_obj[pose]), R_obj_cam * ray, _FARTHEST_M)
    if hit.result:
        face[pose, row, column] = hit.face
        # Warp counts its weights from the first corner, the others here from the second.
        barycentric[pose, row, column] = wp.vec2(hit.v, 1.0 - hit.u - hit.v)
        depth_m[pose, row, column] = hit.t
    else:
        face[pose, row, column] = -1
        barycentric[pose, row, column] = wp.vec2(0.0, 0.0)
        depth_m[pose, row, column] = 0.0
