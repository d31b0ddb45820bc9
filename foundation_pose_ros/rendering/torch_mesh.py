"""A mesh's surface on a device: shape, normals and colour at points that renderers found on it."""

from dataclasses import dataclass

import numpy as np
import torch
import trimesh
from torch import Tensor

from ..object_model.appearance import CornerColours, Texture
from ..object_model.model import ObjectModel


@dataclass(frozen=True)
class Hits:
    """What each pixel of B images sees of a mesh.

    face (B, h, w) integers, -1 = nothing; barycentric (B, h, w, 2) float32: the point is corner0 + u (corner1 -
    corner0) + v (corner2 - corner0); depth_m (B, h, w) float32, 0 = nothing.
    """

    face: Tensor
    barycentric: Tensor
    depth_m: Tensor


class DeviceSurface:
    """Attributes of a model's faces as tensors, uploaded once."""

    def __init__(self, model: ObjectModel, device: torch.device) -> None:
        appearance = model.appearance
        self.vertices = torch.from_numpy(model.vertices).to(device)  # (V, 3)
        self.faces = torch.from_numpy(model.faces.astype(np.int32)).to(device)  # (F, 3)
        corners = self.vertices[self.faces.long()]  # (F, 3, 3)
        normals = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        self.face_normals = torch.nn.functional.normalize(normals, dim=-1)  # (F, 3)
        self.corner_normals = torch.from_numpy(_corner_normals(model)).to(device)  # (F, 3, 3)
        self._corner_rgb = self._corner_uv = None
        self._levels: list[Tensor] = []
        self._texel_m = 1.0
        if isinstance(appearance, Texture):
            self._corner_uv = torch.from_numpy(appearance.corner_uv).to(device)  # (F, 3, 2)
            self._levels = [torch.from_numpy(level).to(device) for level in appearance.levels]  # (Ht, Wt, 3) uint8
            self._texel_m = appearance.texel_m
        elif isinstance(appearance, CornerColours):
            self._corner_rgb = torch.from_numpy(appearance.corner_rgb).to(device)  # (F, 3, 3)

    @property
    def has_colour(self) -> bool:
        return self._corner_rgb is not None or self._corner_uv is not None

    def albedo(self, face: Tensor, barycentric: Tensor, footprint_m: float = 0.0) -> Tensor:
        """Return RGB (N, 3) in 0..1 at faces (N,) and barycentric (N, 2), as `Appearance.sample` gives it."""
        if self._corner_rgb is not None:
            return interpolated(self._corner_rgb[face], barycentric)
        if self._corner_uv is None:
            raise ValueError("a mesh without colour has no albedo")
        level = int(np.clip(np.round(np.log2(max(footprint_m / self._texel_m, 1.0))), 0, len(self._levels) - 1))
        return _texels(self._levels[level], interpolated(self._corner_uv[face], barycentric))

    def facing(self, R_cam_obj: Tensor, face: Tensor, barycentric: Tensor) -> Tensor:
        """Return the cosine (N,) of the vertices' normals and the way to the camera, below 0 cut, then interpolated.

        R_cam_obj (N, 3, 3): each point's own.
        """
        towards = -R_cam_obj[:, 2]  # (N, 3): the optical axis, reversed, in the object's frame
        cosine = (self.corner_normals[face] @ towards[..., None]).clamp(0, 1)  # (N, 3, 1)
        return interpolated(cosine, barycentric)[:, 0]


def interpolated(corners: Tensor, barycentric: Tensor) -> Tensor:
    """Return values (N, C) at barycentric (N, 2) of those at corners (N, 3, C)."""
    u, v = barycentric[:, :1], barycentric[:, 1:]
    return corners[:, 0] * (1 - u - v) + corners[:, 1] * u + corners[:, 2] * v


def _texels(image: Tensor, uv: Tensor) -> Tensor:
    """Bilinear samples (N, 3) in 0..1 of an image (Ht, Wt, 3) uint8 that repeats; v up."""
    height, width = image.shape[:2]
    x, y = uv[:, 0] * width - 0.5, height - 0.5 - uv[:, 1] * height
    left, top = x.floor(), y.floor()
    share_x, share_y = (x - left)[:, None], (y - top)[:, None]
    columns = [left.long() % width, (left.long() + 1) % width]
    rows = [top.long() % height, (top.long() + 1) % height]
    upper, lower = (
        image[row, columns[0]] * (1 - share_x) + image[row, columns[1]] * share_x  # (N, 3)
        for row in rows
    )
    return (upper * (1 - share_y) + lower * share_y) / 255


def _corner_normals(model: ObjectModel) -> np.ndarray:
    """Vertex normals (F, 3, 3) at the corners of each face: corners share one where place and texture are the same.

    A seam of the texture stays an edge, as it does for readers that keep vertices apart there.
    """
    key = model.vertices[model.faces].reshape(-1, 3)  # (3 F, 3)
    if isinstance(model.appearance, Texture):
        key = np.concatenate([key, model.appearance.corner_uv.reshape(-1, 2)], axis=1)
    _, first, shared = np.unique(key, axis=0, return_index=True, return_inverse=True)
    mesh = trimesh.Trimesh(key[first, :3], shared.reshape(-1, 3), process=False)
    return np.ascontiguousarray(mesh.vertex_normals[mesh.faces], np.float32)
