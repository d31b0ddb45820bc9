"""A body of a scene: a model, where it is in every frame, and its picture inside its own box of the image."""

from dataclasses import dataclass

import numpy as np

from ..camera import Camera
from ..object_model.model import ObjectModel
from ..rendering.embree import EmbreeRenderer
from ..rendering.renderer import Rendering
from ..se3 import transform_points

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels, right and bottom excluded


@dataclass(frozen=True, eq=False)
class Body:
    """T_world_obj is (4, 4) for a standing body, (frames, 4, 4) for a moving one; gloss 0 matt to 1 glazed."""

    name: str
    renderer: EmbreeRenderer
    T_world_obj: np.ndarray
    gloss: float = 0.2

    @property
    def model(self) -> ObjectModel:
        return self.renderer.model

    @property
    def moves(self) -> bool:
        return self.T_world_obj.ndim == 3

    def pose(self, frame: int) -> np.ndarray:
        """T_world_obj (4, 4) in a frame."""
        return self.T_world_obj[frame] if self.moves else self.T_world_obj


def image_box(model: ObjectModel, T_cam_obj: np.ndarray, camera: Camera, margin_px: int = 2) -> Box | None:
    """The part of the image that a model can cover, or None where it is outside or behind the camera."""
    low, high = model.vertices.min(axis=0), model.vertices.max(axis=0)
    corners = np.array([[low, high][k >> axis & 1][axis] for k in range(8) for axis in range(3)]).reshape(8, 3)
    corners_cam = transform_points(T_cam_obj, corners)
    if (corners_cam[:, 2] <= 0.01).all():
        return None
    if (corners_cam[:, 2] <= 0.01).any():
        return 0, 0, camera.width, camera.height
    pixels = camera.project(corners_cam)
    left, top = np.floor(pixels.min(axis=0)).astype(int) - margin_px
    right, bottom = np.ceil(pixels.max(axis=0)).astype(int) + margin_px + 1
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, camera.width), min(bottom, camera.height)
    return (left, top, right, bottom) if right > left and bottom > top else None


def render_box(
    renderer: EmbreeRenderer,
    T_cam_obj: np.ndarray,
    camera: Camera,
    box: Box,
    scale: int = 1,
    normals: bool = False,
    colour: bool = False,
) -> Rendering:
    """Render the pixels of a box, `scale` x `scale` rays in each, evenly spread."""
    left, top, right, bottom = box
    K = camera.K.copy()
    K[0, 2] -= left
    K[1, 2] -= top
    K[:2] *= scale
    K[:2, 2] += (scale - 1) / 2  # sample centres, where pixel centres are integers
    size = ((bottom - top) * scale, (right - left) * scale)
    return renderer.render(T_cam_obj[None], K, size, normals=normals, colour=colour)
