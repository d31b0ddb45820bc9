"""What a lens with an opening makes of a picture: sharp at one depth, unsharp before and behind it."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..arrays import Depth
from ..camera import Camera

# Layers of one unsharpness each are so many pixels of its radius apart, and at most so many.
_APART_PX, _MOST_LAYERS = 0.5, 48
# Discs smaller than this radius are a pixel.
_SHARP_PX = 0.35


@dataclass(frozen=True)
class OpenLens:
    """aperture_m: diameter of the opening, 0: all is sharp. focus_m: depth at which things are sharp."""

    aperture_m: float = 0.0
    focus_m: float = 0.6

    def radius_px(self, depth_m: Depth, camera: Camera) -> np.ndarray:
        """Return the radius (H, W) float32 in pixels of the disc that a point at a depth (H, W) becomes.

        It is negative before the focus; 0 depth is taken to be far.
        """
        inverse = np.divide(1.0, depth_m, out=np.zeros(depth_m.shape, np.float32), where=depth_m > 0)
        return np.asarray(0.5 * self.aperture_m * camera.fx * (1 / self.focus_m - inverse), np.float32)

    def blurred(self, light: np.ndarray, depth_m: Depth, camera: Camera) -> np.ndarray:
        """Return linear light (H, W, 3) float32 of what is all sharp as this lens gives it.

        Layers of about the same depth are spread over discs and laid over each other, the nearest last: so what is
        near smears over what is far, and not the other way round. What a lens would see around edges isn't known.
        """
        if self.aperture_m == 0:
            return light
        radius_px = self.radius_px(depth_m, camera)
        farthest, nearest = float(radius_px.max()), float(radius_px.min())
        count = int(np.clip(np.ceil((farthest - nearest) / _APART_PX), 1, _MOST_LAYERS))
        edges = np.linspace(farthest, nearest, count + 1)
        layer = np.clip(np.searchsorted(-edges, -radius_px, side="right") - 1, 0, count - 1)
        result, covered = np.zeros_like(light), np.zeros((*depth_m.shape, 1), np.float32)
        for k in np.unique(layer):
            inside = (layer == k)[..., None].astype(np.float32)
            spread = _spread(np.concatenate([light * inside, inside], axis=2), abs(edges[k] + edges[k + 1]) / 2)
            clear = 1 - spread[..., 3:]
            result, covered = result * clear + spread[..., :3], covered * clear + spread[..., 3:]
        return np.asarray(result / np.maximum(covered, 1e-6), np.float32)


PINHOLE = OpenLens()


def _spread(image: np.ndarray, radius_px: float) -> np.ndarray:
    """Each pixel (H, W, C) spread over a disc."""
    if radius_px < _SHARP_PX:
        return image
    reach = int(np.ceil(radius_px))
    away = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
    disc = np.clip(radius_px + 0.5 - away, 0, 1).astype(np.float32)
    return np.asarray(cv2.filter2D(image, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE))
