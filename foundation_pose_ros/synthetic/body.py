"""A body of a scene: a model, where it is in every frame, and its picture inside its own box of the image."""

from dataclasses import dataclass

import numpy as np

from ..arrays import Pose
from ..camera import Camera, PixelBox
from ..object_model.model import ObjectModel
from ..rendering.embree import EmbreeRenderer
from ..rendering.renderer import Rendering
from ..se3 import transform_points

# What resampling and blurring reach beyond a body.
_MARGIN_PX = 2


@dataclass(frozen=True, eq=False)
class Body:
    """T_world_obj is (4, 4) for a standing body, (frames, 4, 4) for a moving one; gloss 0 matt to 1 glazed.

    glass: light goes through it, and is stained by its colours.
    """

    name: str
    renderer: EmbreeRenderer
    T_world_obj: np.ndarray
    gloss: float = 0.2
    glass: bool = False

    @property
    def model(self) -> ObjectModel:
        return self.renderer.model

    @property
    def moves(self) -> bool:
        return self.T_world_obj.ndim == 3

    def pose(self, frame: int) -> Pose:
        """Return T_world_obj (4, 4) in a frame."""
        return self.T_world_obj[frame] if self.moves else self.T_world_obj


def image_box(model: ObjectModel, T_cam_obj: Pose, camera: Camera) -> PixelBox | None:
    """Return the part of the image that a model can cover, or None where it is outside or behind the camera."""
    return camera.pixel_box(transform_points(T_cam_obj, model.box_corners), _MARGIN_PX)


def render_box(
    renderer: EmbreeRenderer,
    T_cam_obj: Pose,
    camera: Camera,
    box: PixelBox,
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
