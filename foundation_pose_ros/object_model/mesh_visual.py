"""The colours of a mesh as trimesh reads them."""

from typing import Any

import numpy as np
import trimesh

from ..arrays import Points
from ..errors import InputRefused
from .appearance import Appearance, CornerColours, Texture


def appearance_of(mesh: trimesh.Trimesh, vertices: Points, source: str = "the mesh") -> Appearance | None:
    """Return what trimesh read of a mesh's colour; None where it has none. Accepts simple and PBR materials.

    vertices: (V, 3), the mesh's own in metres. One plain colour counts as none: it tells no pose from another, and is
    often but the exporter's default. Raises InputRefused, naming the source, where texture coordinates are missing or
    not finite.
    """
    visual: Any = mesh.visual
    faces = np.asarray(mesh.faces)
    if visual is None or not visual.defined:
        return None
    if visual.kind == "texture":
        image = _image(visual)
        if image is None or visual.uv is None:
            return None
        pixels = np.asarray(image.convert("RGB"))
        if _is_plain(pixels):
            return None
        uv = np.asarray(visual.uv)
        if len(uv) != len(vertices) or not np.isfinite(uv[faces]).all():
            raise InputRefused(
                "mesh_not_finite",
                f"{source} has texture coordinates that are missing or not finite: unwrap it again, or export it plain",
            )
        return Texture(pixels, uv[faces], vertices[faces])
    if visual.kind == "face":
        corner_rgb = np.repeat(np.asarray(visual.face_colors)[:, None, :3], 3, axis=1)  # (F, 3, 3)
    else:
        corner_rgb = np.asarray(visual.vertex_colors)[faces, :3]
    return None if _is_plain(corner_rgb) else CornerColours(corner_rgb / 255.0)


def is_one_plain_colour(scene: trimesh.Scene) -> bool:
    """Tell whether all that a scene shows has one plain colour, by its materials, whatever they are called.

    Joined, they are packed into an image with gaps between them, which isn't plain.
    """
    colours = set()
    for geometry in scene.geometry.values():
        if not isinstance(geometry, trimesh.Trimesh):
            continue  # points and curves are left out
        visual: Any = geometry.visual
        if visual.kind != "texture" or _image(visual) is not None:
            return False
        colours.add(tuple(visual.material.main_color))
    return len(colours) == 1


def _image(visual: Any) -> Any:
    """Return the image of a simple or PBR material, None without one."""
    return getattr(visual.material, "image", None) or getattr(visual.material, "baseColorTexture", None)


def _is_plain(rgb: np.ndarray) -> bool:
    flat = rgb.reshape(-1, 3)
    return bool((flat == flat[:1]).all())
