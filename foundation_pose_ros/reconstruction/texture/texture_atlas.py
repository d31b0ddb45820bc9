"""A fused surface unwrapped and painted: UV atlas, and a texture baked from the views that see each texel best."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import trimesh
from PIL import Image
from scipy.spatial import cKDTree
from trimesh.visual import ColorVisuals, TextureVisuals
from trimesh.visual.material import PBRMaterial

from ...arrays import Points
from ...object_model.mesh_file import SIGMA_ATTRIBUTE
from ...runtime import late_open3d as o3d
from ...runtime.extras import require
from ..surface import ReconstructedSurface
from .view_colours import ViewColours

# Texels around each chart, so that neither filtering nor rounding reaches the background.
_MARGIN_PX = 2


@dataclass(frozen=True)
class PaintSettings:
    """texture_px: side of the square texture; 0 paints the vertices alone, in a tenth of the time. keep_light: leave
    the light of the views in the colours, for an object of one hue that is darker on one side than on another.
    """

    texture_px: int = 1024
    keep_light: bool = False


def painted(
    surface: ReconstructedSurface, colours: ViewColours, settings: PaintSettings = PaintSettings()
) -> trimesh.Trimesh:
    """Return a mesh in the object's frame with the colours of the views.

    Vertices carry the attribute `_sigma_m` (see `stored_sigma`). Raises InputRefused where a texture is asked for but
    xatlas isn't installed.
    """
    rgb = _vertex_colours(surface, colours)
    if settings.texture_px <= 0:
        visual = ColorVisuals(vertex_colors=np.column_stack([rgb, np.full(len(rgb), 255)]).astype(np.uint8))
        return _mesh(surface.vertices, surface.faces, surface.sigma_m, visual)
    origin, faces, uv = _atlas(surface, settings.texture_px)
    image = _baked(surface, rgb, origin, faces, uv, colours, settings.texture_px)
    material = PBRMaterial(baseColorTexture=Image.fromarray(image), metallicFactor=0.0, roughnessFactor=0.9)
    return _mesh(surface.vertices[origin], faces, surface.sigma_m[origin], TextureVisuals(uv=uv, material=material))


def stored_sigma(sigma_m: np.ndarray) -> np.ndarray:
    """Return (V,) float32 as files keep it, which can't hold inf: -1 where the surface was never seen."""
    return np.where(np.isfinite(sigma_m), sigma_m, -1).astype(np.float32)


def _mesh(
    vertices: Points, faces: np.ndarray, sigma_m: np.ndarray, visual: ColorVisuals | TextureVisuals
) -> trimesh.Trimesh:
    attributes: dict[str, Any] = {SIGMA_ATTRIBUTE: stored_sigma(sigma_m)}
    return trimesh.Trimesh(vertices, faces, visual=visual, vertex_attributes=attributes, process=False)


def _vertex_colours(surface: ReconstructedSurface, colours: ViewColours) -> np.ndarray:
    """(V, 3) float32 in 0..255; a vertex that no view sees has the colour of the nearest that one does."""
    rgb, seen = colours.at(surface.vertices, surface.normals)
    known = seen > 0
    if known.any() and not known.all():
        rgb[~known] = rgb[known][cKDTree(surface.vertices[known]).query(surface.vertices[~known])[1]]
    return rgb


def require_xatlas() -> None:
    """Raise InputRefused where the library isn't installed that a texture needs."""
    require("a texture", "reconstruction", otherwise="--texture 0 paints the vertices instead")


def _atlas(surface: ReconstructedSurface, texture_px: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Original vertex (M,) of each new one, faces (F, 3) and texture coordinates (M, 2), v up."""
    require_xatlas()
    import xatlas

    atlas = xatlas.Atlas()
    # In millimetres: it takes areas of a hundred-thousandth for nothing.
    atlas.add_mesh(surface.vertices * 1000, surface.faces)
    packing = xatlas.PackOptions()
    packing.resolution, packing.padding = texture_px, 2 * _MARGIN_PX
    atlas.generate(pack_options=packing)
    origin, faces, uv = atlas[0]
    return origin, faces.astype(np.uint32), uv


def _baked(
    surface: ReconstructedSurface,
    rgb: np.ndarray,
    origin: np.ndarray,
    faces: np.ndarray,
    uv: np.ndarray,
    colours: ViewColours,
    texture_px: int,
) -> np.ndarray:
    """Texture (n, n, 3) uint8, first row at v = 1; texels that no view sees are painted as their vertices are."""
    mesh = o3d.t.geometry.TriangleMesh(
        o3d.core.Tensor.from_numpy(surface.vertices[origin]), o3d.core.Tensor.from_numpy(faces.astype(np.int64))
    )
    mesh.triangle.texture_uvs = o3d.core.Tensor.from_numpy(np.ascontiguousarray(uv[faces], np.float32))
    for name, values in (("normal", surface.normals), ("rgb", rgb)):
        mesh.vertex[name] = o3d.core.Tensor.from_numpy(np.ascontiguousarray(values[origin], np.float32))
    wanted = {"positions", "normal", "rgb"}
    baked = mesh.bake_vertex_attr_textures(texture_px, wanted, margin=_MARGIN_PX, fill=np.nan, update_material=False)
    place, normal, image = (baked[name].numpy() for name in ("positions", "normal", "rgb"))
    used = np.isfinite(place).all(axis=2)
    direction = normal[used] / np.maximum(np.linalg.norm(normal[used], axis=1, keepdims=True), 1e-9)
    found, seen = colours.at(place[used], direction)
    image[used] = np.where(seen[:, None] > 0, found, image[used])
    return _filled(np.nan_to_num(image).clip(0, 255).round().astype(np.uint8), used)


def _filled(image: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Texels between the charts take the nearest chart's colour, or smaller levels of the image bleed."""
    _, labels = cv2.distanceTransformWithLabels(
        (~used).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    source = np.zeros(labels.max() + 1, np.int64)
    source[labels[used]] = np.flatnonzero(used)
    return image.reshape(-1, 3)[source[labels]]
