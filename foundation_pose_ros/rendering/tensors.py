"""Renderings as tensors that stay on the device: what the networks read."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from .renderer import Renderer


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
        """(B, h, w) along the optical axis, 0 = nothing."""
        return self.xyz_cam[:, 2]


class TensorRenderer(Renderer, Protocol):
    """Renders one object in many poses into tensors, and into arrays as every `Renderer`."""

    device: torch.device

    def render_tensors(
        self, T_cam_obj: Tensor, K: Tensor, size: tuple[int, int], shading: Shading = TRAINED_WITH
    ) -> TensorRendering:
        """T_cam_obj (B, 4, 4) of the mesh's own frame; K (3, 3) shared or (B, 3, 3), pixels; size = (h, w).

        Pixel centres are at integers. Inputs are on any device, outputs on the renderer's; with both the same,
        nothing is copied to the host.
        """
        ...
