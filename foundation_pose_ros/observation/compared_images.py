"""What a network compares to choose among poses: a picture of where the object is, and a rendering of each pose.

All poses of a set are seen by one camera, that of a crop about the first, and all points lie about its centre: so what
sets one rendering apart from another is found at the same pixels. Colours in 0..1, points in radii of the object.
"""

import numpy as np

from ..arrays import Intrinsics, Poses
from ..object_model.model import ObjectModel
from ..rendering import Renderer, Rendering
from .crop import Crop

# Pixels of the crop's side, and that in diameters.
SIZE = 64
MARGIN = 1.35
CHANNELS = 6
# Points farther than this many radii from the centre are something else.
_FARTHEST_RADII = 2.0


def crop_camera(K: Intrinsics, centre_cam: np.ndarray, diameter_m: float) -> Intrinsics:
    """Return K (3, 3) float32 of the camera that sees the crop about a point (3,), from that of the whole image."""
    scale = SIZE * float(centre_cam[2]) / (MARGIN * diameter_m * float(max(K[0, 0], K[1, 1])))
    fx, fy = scale * K[0, 0], scale * K[1, 1]
    middle = (SIZE - 1) / 2
    x, y = centre_cam[:2] / centre_cam[2]
    return np.array([[fx, 0, middle - fx * x], [0, fy, middle - fy * y], [0, 0, 1]], np.float32)


def rays_of(K: Intrinsics, size: int = SIZE) -> np.ndarray:
    """Return the directions (size, size, 3) float32, z = 1, of a crop's pixels."""
    v, u = np.mgrid[:size, :size].astype(np.float32)
    return np.stack([(u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1], np.ones_like(u)], axis=-1)


def compared(
    rgb: np.ndarray | None, depth_m: np.ndarray, rays: np.ndarray, centre_cam: np.ndarray, diameter_m: float
) -> np.ndarray:
    """Return (B, 6, SIZE, SIZE) float32, colours and then points, of images (B, SIZE, SIZE, ...).

    Colours are 0 where there are none, points where there is no depth, or one of something else.
    """
    images = np.zeros((len(depth_m), CHANNELS, SIZE, SIZE), np.float32)
    known = depth_m > 0
    for axis in range(3):
        if rgb is not None:
            images[:, axis] = rgb[..., axis]
        points = images[:, 3 + axis]
        np.multiply(rays[..., axis], depth_m, out=points)
        points -= np.float32(centre_cam[axis])
        points *= np.float32(2 / diameter_m)
        known &= np.abs(points) < _FARTHEST_RADII
    images[:, 3:] *= known[:, None]
    return images


def compared_rendering(rendering: Rendering, K: Intrinsics, centre_cam: np.ndarray, diameter_m: float) -> np.ndarray:
    """Return (B, 6, SIZE, SIZE) of renderings that the crop's camera K sees."""
    return compared(rendering.rgb, rendering.depth_m, rays_of(K), centre_cam, diameter_m)


def compared_poses(
    crop: Crop, renderer: Renderer, model: ObjectModel, T_cam_obj: Poses
) -> tuple[np.ndarray, np.ndarray]:
    """Return renderings (B, 6, SIZE, SIZE) of poses (B, 4, 4) and the picture (1, 6, SIZE, SIZE) in one crop.

    crop: about the first pose, MARGIN diameters wide.
    """
    seen = crop.observe(SIZE)
    centre_cam = T_cam_obj[0, :3, :3] @ model.centre_m + T_cam_obj[0, :3, 3]
    shape = (1, SIZE, SIZE)
    observed = compared(
        seen.rgb.reshape(*shape, 3),
        seen.depth_m.reshape(shape),
        seen.rays.reshape(*shape, 3),
        centre_cam,
        model.diameter_m,
    )
    rendering = renderer.render(T_cam_obj, seen.K, (SIZE, SIZE), colour=model.has_colour)
    return compared_rendering(rendering, seen.K, centre_cam, model.diameter_m), observed
