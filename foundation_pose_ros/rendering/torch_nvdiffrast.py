"""Rasterising on CUDA with nvdiffrast (Laine et al. 2020), which is not free for commercial use."""

import importlib
from types import ModuleType

import torch
from torch import Tensor

from ..errors import InputRefused
from ..object_model.model import ObjectModel
from ..runtime.extras import install_command
from .torch_mesh import Hits, interpolated
from .torch_renderer import MEMORY_BUDGET, TorchRenderer

NEAR_M, FAR_M = 0.001, 100.0
# Releases before 0.3.2 take only such image sizes, in all of them tiles are that large.
_TILE_PX = 8
_BYTES_PER_VERTEX = 16


class NvdiffrastRenderer(TorchRenderer):
    """One rasteriser context and one upload of the mesh, for all calls."""

    def __init__(self, model: ObjectModel, device: str = "cuda", memory_bytes: int = MEMORY_BUDGET) -> None:
        """Raises InputRefused("renderer_missing") without nvdiffrast, and ("device") without CUDA."""
        self._rasteriser = _nvdiffrast()
        if not torch.cuda.is_available():
            raise InputRefused(
                "device", "nvdiffrast needs an NVIDIA GPU that PyTorch sees: use renderer warp or embree on the CPU"
            )
        super().__init__(model, torch.device(device), memory_bytes)
        self._context = self._rasteriser.RasterizeCudaContext(device=self.device)

    def bytes_per_pose(self, size: tuple[int, int]) -> int:
        return super().bytes_per_pose(size) + _BYTES_PER_VERTEX * len(self.surface.vertices)

    def hits(self, T_cam_obj: Tensor, K: Tensor, size: tuple[int, int]) -> Hits:
        raster = self.rasterised(clip_positions(self.surface.vertices, T_cam_obj, K, padded(size)), size)
        face = raster[..., 3].int() - 1  # (B, h, w)
        hit = face >= 0
        # It counts its weights from the first corner, the others here from the second.
        barycentric = torch.stack([raster[..., 1], 1 - raster[..., 0] - raster[..., 1]], dim=-1)
        depths = in_camera(self.surface.vertices, T_cam_obj)[..., 2]  # (B, V)
        pose = torch.arange(len(face), device=self.device)[:, None, None]
        corners = depths[pose[..., None], self.surface.faces[face.clamp(min=0)].long()]  # (B, h, w, 3)
        depth_m = interpolated(corners.reshape(-1, 3, 1), barycentric.reshape(-1, 2)).reshape(face.shape)
        return Hits(face, barycentric * hit[..., None], depth_m * hit)

    def rasterised(self, clip: Tensor, size: tuple[int, int]) -> Tensor:
        """Return nvdiffrast's own image (B, h, w, 4) of clip-space vertices (B, V, 4) of the padded size.

        Per pixel: weights of the first two corners, z / w, and the face's number + 1.
        """
        raster, _ = self._rasteriser.rasterize(self._context, clip, self.surface.faces, resolution=list(padded(size)))
        return raster[:, : size[0], : size[1]]


def clip_positions(vertices: Tensor, T_cam_obj: Tensor, K: Tensor, size: tuple[int, int]) -> Tensor:
    """Return homogeneous clip-space positions (B, V, 4) of vertices (V, 3) for poses (B, 4, 4), cameras (B, 3, 3).

    Pixel centres are at integers. The image's first row is at y = -1, where nvdiffrast puts its first row: nothing
    has to be flipped. Depth runs as OpenGL's, from -1 at NEAR_M to 1 at FAR_M.
    """
    x, y, z = in_camera(vertices, T_cam_obj).unbind(-1)  # (B, V)
    height, width = size
    u_z = K[:, 0, 0, None] * x + K[:, 0, 1, None] * y + (K[:, 0, 2, None] + 0.5) * z  # from the image's border, times z
    v_z = K[:, 1, 1, None] * y + (K[:, 1, 2, None] + 0.5) * z
    depth = ((FAR_M + NEAR_M) * z - 2 * FAR_M * NEAR_M) / (FAR_M - NEAR_M)
    return torch.stack([2 * u_z / width - z, 2 * v_z / height - z, depth, z], dim=-1).contiguous()


def in_camera(vertices: Tensor, T_cam_obj: Tensor) -> Tensor:
    """Return vertices (V, 3) in the cameras of poses (B, 4, 4), (B, V, 3), m.

    Number by number: the last bits of a matrix product depend on the processor and on how many poses it takes at once.
    """
    moved = T_cam_obj[:, None, :3, 3]
    for axis in range(3):
        moved = moved + vertices[:, axis, None] * T_cam_obj[:, None, :3, axis]
    return moved


def padded(size: tuple[int, int]) -> tuple[int, int]:
    """Return (h, w) rounded up to whole tiles."""
    return -(-size[0] // _TILE_PX) * _TILE_PX, -(-size[1] // _TILE_PX) * _TILE_PX


def _nvdiffrast() -> ModuleType:
    try:
        return importlib.import_module("nvdiffrast.torch")
    except ImportError as error:
        raise InputRefused(
            "renderer_missing",
            f"renderer nvdiffrast isn't installed ({error}). Its NVIDIA Source Code License allows research and "
            "evaluation only; if that suits you, and the CUDA toolkit's nvcc is there: "
            "pip install --no-build-isolation git+https://github.com/NVlabs/nvdiffrast. "
            f"Otherwise choose renderer warp: {install_command('warp')}",
        ) from None
