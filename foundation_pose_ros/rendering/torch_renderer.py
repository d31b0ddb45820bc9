"""From what each pixel hits to images: the half that all renderers with tensors share."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ..arrays import Intrinsics, Poses
from ..object_model.model import ObjectModel
from .renderer import Renderer, Rendering
from .torch_mesh import DeviceSurface, Hits

# What one pixel takes while it is rendered, in bytes, counted: hit and ray 40, normals or colours at three corners with
# the face's indices 130, its results 36, and what a rasteriser keeps of it.
_BYTES_PER_PIXEL = 256
MEMORY_BUDGET = 1 << 30


@dataclass(frozen=True)
class Shading:
    """How light falls on a rendering: colour = ambient * albedo + diffuse * albedo * cosine, at most 1.

    The light travels along the optical axis; the cosine is that of the vertices' normals, interpolated over the face.
    missing: grey level of a mesh without colour. mipmapped: average away detail that is finer than a pixel. The
    defaults are those that FoundationPose's networks were trained with (Wen et al. 2024).
    """

    ambient: float = 0.8
    diffuse: float = 0.5
    missing: float = 128 / 255
    mipmapped: bool = False


ALBEDO = Shading(ambient=1.0, diffuse=0.0, mipmapped=True)
TRAINED_WITH = Shading()


@dataclass(frozen=True)
class TensorRendering:
    """B images of one object on the renderer's device, 0 where nothing was hit.

    xyz_cam (B, 3, h, w) float32: the surface points in metres, camera frame. rgb (B, 3, h, w) float32 in 0..1.
    """

    xyz_cam: Tensor
    rgb: Tensor

    @property
    def depth_m(self) -> Tensor:
        """Return (B, h, w) along the optical axis, 0 = nothing."""
        return self.xyz_cam[:, 2]


class TensorRenderer(Renderer, Protocol):
    """Renders one object in many poses into tensors, and into arrays as every `Renderer`."""

    device: torch.device

    def render_tensors(
        self, T_cam_obj: Tensor, K: Tensor, size: tuple[int, int], shading: Shading = TRAINED_WITH
    ) -> TensorRendering:
        """Render T_cam_obj (B, 4, 4) of the mesh's own frame; K (3, 3) shared or (B, 3, 3), pixels; size = (h, w).

        Pixel centres are at integers. Inputs are on any device, outputs on the renderer's; with both the same,
        nothing is copied to the host.
        """
        ...


class TorchRenderer(ABC):
    """A `Renderer` and `TensorRenderer` that needs but the faces which pixels see.

    Poses are rendered in chunks that take at most `memory_bytes` beside the result.
    """

    def __init__(self, model: ObjectModel, device: torch.device, memory_bytes: int = MEMORY_BUDGET) -> None:
        self.model = model
        self.device = device
        self.surface = DeviceSurface(model, device)
        self._memory_bytes = memory_bytes

    @abstractmethod
    def hits(self, T_cam_obj: Tensor, K: Tensor, size: tuple[int, int]) -> Hits:
        """Find what pixels see, for poses (B, 4, 4) and cameras (B, 3, 3) on the renderer's device."""

    def bytes_per_pose(self, size: tuple[int, int]) -> int:
        """Return the bytes that one pose takes while it is rendered."""
        return _BYTES_PER_PIXEL * size[0] * size[1]

    @torch.no_grad()
    def render_tensors(
        self, T_cam_obj: Tensor, K: Tensor, size: tuple[int, int], shading: Shading = TRAINED_WITH
    ) -> TensorRendering:
        """Render colours and points, as `TensorRenderer` says."""
        T_cam_obj, K = self._on_device(T_cam_obj, K)
        xyz_cam = torch.empty((len(T_cam_obj), 3, *size), device=self.device)
        rgb = torch.empty_like(xyz_cam)
        for part in self._chunks(len(T_cam_obj), size):
            hits = self.hits(T_cam_obj[part], K[part], size)
            xyz_cam[part] = rays(K[part], size) * hits.depth_m[:, None]
            rgb[part] = self._shaded(hits, T_cam_obj[part], K[part], shading).movedim(-1, 1)
        return TensorRendering(xyz_cam, rgb)

    @torch.no_grad()
    def render(
        self,
        T_cam_obj: Poses,
        K: Intrinsics,
        size: tuple[int, int],
        normals: bool = False,
        colour: bool = False,
    ) -> Rendering:
        """Render arrays, as `Renderer` says; their colours are albedo."""
        T, cameras = self._on_device(torch.as_tensor(T_cam_obj), torch.as_tensor(K))
        colour = colour and self.surface.has_colour
        depth_m = np.empty((len(T), *size), np.float32)
        normals_cam = np.empty((len(T), *size, 3), np.float32) if normals else None
        rgb = np.empty((len(T), *size, 3), np.float32) if colour else None
        face_sigma_m = self.model.face_sigma_m
        sigma_m = np.empty((len(T), *size), np.float32) if face_sigma_m is not None else None
        for part in self._chunks(len(T), size):
            hits = self.hits(T[part], cameras[part], size)
            depth_m[part] = hits.depth_m.cpu().numpy()
            if normals_cam is not None:
                normals_cam[part] = self._facing_normals(hits, T[part], cameras[part]).cpu().numpy()
            if rgb is not None:
                rgb[part] = self._shaded(hits, T[part], cameras[part], ALBEDO).cpu().numpy()
            if face_sigma_m is not None and sigma_m is not None:
                face = hits.face.cpu().numpy()
                sigma_m[part] = np.where(face >= 0, face_sigma_m[face], 0)
        return Rendering(depth_m, normals_cam, rgb, sigma_m)

    def _on_device(self, T_cam_obj: Tensor, K: Tensor) -> tuple[Tensor, Tensor]:
        T_cam_obj = T_cam_obj.to(self.device, torch.float32)
        K = K.to(self.device, torch.float32)
        return T_cam_obj.contiguous(), K.expand(len(T_cam_obj), 3, 3).contiguous()

    def _chunks(self, count: int, size: tuple[int, int]) -> list[slice]:
        step = max(1, self._memory_bytes // self.bytes_per_pose(size))
        return [slice(start, min(start + step, count)) for start in range(0, count, step)]

    def _facing_normals(self, hits: Hits, T_cam_obj: Tensor, K: Tensor) -> Tensor:
        """Face normals (B, h, w, 3) in the camera, turned towards it."""
        size = (hits.face.shape[1], hits.face.shape[2])
        normals = self.surface.face_normals[hits.face.clamp(min=0).long()]  # (B, h, w, 3)
        normals = normals @ T_cam_obj[:, None, :3, :3].transpose(-1, -2)
        away = (normals * rays(K, size).movedim(1, -1)).sum(dim=-1, keepdim=True) > 0
        return torch.where(away, -normals, normals) * (hits.face >= 0)[..., None]

    def _shaded(self, hits: Hits, T_cam_obj: Tensor, K: Tensor, shading: Shading) -> Tensor:
        """Colours (B, h, w, 3)."""
        face, barycentric = hits.face.clamp(min=0).flatten().long(), hits.barycentric.reshape(-1, 2)
        if self.surface.has_colour:
            footprint_m = _footprint_m(hits.depth_m, K) if shading.mipmapped else 0.0
            rgb = self.surface.albedo(face, barycentric, footprint_m)
        else:
            rgb = torch.full((len(face), 3), shading.missing, device=self.device)
        if shading.diffuse:
            R_cam_obj = T_cam_obj[:, None, :3, :3].expand(-1, hits.face[0].numel(), 3, 3).flatten(0, 1)
            cosine = self.surface.facing(R_cam_obj, face, barycentric)
            rgb = rgb * (shading.ambient + shading.diffuse * cosine[:, None])
        else:
            rgb = rgb * shading.ambient
        return (rgb.clamp(0, 1) * (hits.face.flatten() >= 0)[:, None]).reshape(*hits.face.shape, 3)


def rays(K: Tensor, size: tuple[int, int]) -> Tensor:
    """Return directions (B, 3, h, w) with z = 1 through the pixels of cameras (B, 3, 3)."""
    x = (torch.arange(size[1], device=K.device) - K[:, :1, 2]) / K[:, :1, 0]  # (B, w)
    y = (torch.arange(size[0], device=K.device) - K[:, 1:2, 2]) / K[:, 1:2, 1]  # (B, h)
    x, y = x[:, None, :].expand(-1, size[0], -1), y[:, :, None].expand(-1, -1, size[1])
    return torch.stack([x, y, torch.ones_like(x)], dim=1)


def _footprint_m(depth_m: Tensor, K: Tensor) -> float:
    """What a pixel covers at the mean of all depths."""
    return float(depth_m.sum() / (depth_m > 0).sum().clamp(min=1) / K[:, 0, 0].max())
