"""A reference view made ready for fusion: depth cleaned, and every pixel told apart by what it says of space."""

from dataclasses import dataclass

import cv2
import numpy as np

from ... import depth
from ...arrays import Depth, Mask
from ..reference_view import ReferenceView

# Faces seen at less than this cosine are mostly noise (some 75 degrees).
_GLANCING = 0.26
# Normals are those of depth averaged over this many pixels: noise of one pixel would turn them by tens of degrees.
_NORMAL_BLUR_PX = 3.0
# A mask's border is uncertain by so many pixels: there it neither shows the object nor free space.
RIM_PX = 2
# Patches of the mask with less than this share of its measured pixels, cut off by jumps in depth, show what is behind.
_SMALLEST_PATCH = 0.05


@dataclass(frozen=True, eq=False)
class DepthView:
    """What one view measured, per pixel (H, W).

    depth_m: of the object where `weight` > 0, its gaps filled from the nearest pixel; weight 0..1: trust, which falls
    towards glancing angles, edges and the mask's rim; cosine: between ray and surface, turns a difference in depth into
    a distance from the surface. free_m: how far along each ray space is known to be free, 0 where it isn't.
    """

    view: ReferenceView
    depth_m: Depth
    weight: np.ndarray
    cosine: np.ndarray
    free_m: np.ndarray

    @classmethod
    def of(cls, view: ReferenceView, reach_m: tuple[float, float], band_m: float) -> "DepthView":
        """Take from a view; reach_m: nearest and farthest depth of the object, what lies outside is no part of it.

        band_m: so far before a surface space isn't called free yet.
        """
        measured_m = view.frame.depth_m
        clear = clear_pixels(view) & (measured_m > reach_m[0]) & (measured_m < reach_m[1])
        object_m = depth.filled_from_nearest(measured_m, clear)
        normals = _smooth_normals(view, clear)
        cosine = np.einsum("hwc,hwc->hw", normals, _unit_rays(view))
        cosine = np.abs(cosine).astype(np.float32)
        # Distance from the rim in pixels: the lens and the mask blend object and surroundings there.
        rim_px = cv2.distanceTransform(view.mask.astype(np.uint8), cv2.DIST_L2, 3)
        weight = np.clip((cosine - _GLANCING) / (1 - _GLANCING), 0, 1) * np.clip(rim_px / (2 * RIM_PX), 0, 1)
        weight *= clear
        return cls(
            view=view,
            depth_m=object_m,
            weight=weight.astype(np.float32),
            cosine=np.where(cosine > 0, np.maximum(cosine, _GLANCING), 1).astype(np.float32),
            free_m=np.maximum(_free_beside(view, object_m, reach_m), _free_before(view, object_m, band_m)),
        )


def clear_pixels(view: ReferenceView) -> Mask:
    """Return (H, W) bool of the object's pixels neither beside a jump in depth nor in a patch that jumps cut off.

    Masks and depth are a pixel or two apart at borders, so that the mask's rim shows the wall.
    """
    camera = view.frame.camera
    measured_m = np.where(view.mask, view.frame.depth_m, 0)
    rays = camera.rays(np.arange(camera.width)[None], np.arange(camera.height)[:, None])
    _, on_edge = depth.normals_and_edges(rays * measured_m[..., None], 1 / camera.fx)
    clear = view.seen & ~on_edge
    _, labels, stats, _ = cv2.connectedComponentsWithStats(clear.astype(np.uint8), connectivity=4)
    large = stats[:, cv2.CC_STAT_AREA] >= _SMALLEST_PATCH * max(int(clear.sum()), 1)
    large[0] = False
    return large[labels]


def _free_beside(view: ReferenceView, object_m: np.ndarray, reach_m: tuple[float, float]) -> np.ndarray:
    """(H, W): beside the mask nothing of the object is seen, so the whole ray is free of it.

    Unless something hides the object there: what, where it meets the mask, stands before the object. What the object
    stands on meets it at its own depth, however near it comes to the camera further on.
    """
    measured_m, mask = view.frame.depth_m, view.mask.astype(np.uint8)
    outside = cv2.dilate(mask, np.ones((2 * RIM_PX + 1,) * 2, np.uint8)) == 0
    ring = outside & (cv2.dilate(mask, np.ones((6 * RIM_PX + 1,) * 2, np.uint8)) > 0) & (measured_m > 0)
    if not ring.any():
        return np.where(outside, np.float32(reach_m[1]), 0).astype(np.float32)
    before = depth.in_front(measured_m, object_m).astype(np.float32)
    hides = depth.filled_from_nearest(before, ring) > 0
    return np.where(outside & ~hides, np.float32(reach_m[1]), 0).astype(np.float32)


def _free_before(view: ReferenceView, object_m: np.ndarray, band_m: float) -> Depth:
    """(H, W): inside the mask, up to the nearest depth around a pixel, less the band.

    Where the object returns no depth its surface is taken to be no nearer than beside the gap.
    """
    nearest_m = cv2.erode(object_m, np.ones((5, 5), np.uint8))
    return np.where(view.mask, np.maximum(nearest_m - np.float32(band_m), 0), 0)


def _smooth_normals(view: ReferenceView, clear: np.ndarray) -> np.ndarray:
    camera = view.frame.camera
    rays = camera.rays(np.arange(camera.width)[None], np.arange(camera.height)[:, None])
    share = cv2.GaussianBlur(clear.astype(np.float32), (0, 0), _NORMAL_BLUR_PX)
    measured_m = np.where(clear, view.frame.depth_m, 0)
    blurred_m = cv2.GaussianBlur(measured_m, (0, 0), _NORMAL_BLUR_PX) / np.maximum(share, 1e-6)
    return depth.normals_and_edges(rays * np.where(clear, blurred_m, 0)[..., None], 1 / camera.fx)[0]


def _unit_rays(view: ReferenceView) -> np.ndarray:
    camera = view.frame.camera
    rays = camera.rays(np.arange(camera.width)[None], np.arange(camera.height)[:, None])
    return rays / np.linalg.norm(rays, axis=-1, keepdims=True)
