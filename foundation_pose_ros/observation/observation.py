"""What a camera saw in one square crop, on a coarse grid: the side of render-and-compare that no hypothesis changes."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np

from .. import depth, se3
from ..camera import Camera
from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel

# Colours are compared and followed on grids of at most so many pixels a side.
_FINEST = 160


@dataclass(frozen=True)
class CropBox:
    """A square part of the image in pixels: its left and top border and its side; may reach over the image."""

    left: float
    top: float
    side: float

    def intrinsics(self, camera: Camera, size: int) -> np.ndarray:
        """K (3, 3) float32 of the virtual camera that sees this box as size x size pixels."""
        scale = self.side / size
        return np.array(
            [
                [camera.fx / scale, 0, (camera.cx - self.left + 0.5) / scale - 0.5],
                [0, camera.fy / scale, (camera.cy - self.top + 0.5) / scale - 0.5],
                [0, 0, 1],
            ],
            np.float32,
        )


@dataclass(frozen=True)
class Observation:
    """n x n samples of a frame, flattened: N = n * n.

    rays (N, 3) with z = 1; depth_m (N,), 0 = none; normals (N, 3) towards the camera, 0 = none; on_edge (N,) bool next
    to a jump in depth; mask (N,) bool or None; rgb (N, 3) float32 in 0..1, averaged over the grid's cells.
    in_image (N,) bool: not beyond the image's border. frame: what the samples are of.
    """

    frame: Frame
    K: np.ndarray
    size: int
    rays: np.ndarray
    depth_m: np.ndarray
    normals: np.ndarray
    on_edge: np.ndarray
    mask: np.ndarray | None
    rgb: np.ndarray
    in_image: np.ndarray

    @property
    def points(self) -> np.ndarray:
        """(N, 3) in the camera's frame."""
        return self.rays * self.depth_m[:, None]

    @cached_property
    def surroundings_m(self) -> np.ndarray:
        """Depth (N,) of what the mask leaves out, its holes filled from the nearest pixel outside the mask; 0 inside.

        A stereo camera sees nothing beside an edge, and what it would see there is what comes next to the hole: if
        that stands in front of the object, it hides it there as well.
        """
        if self.mask is None:
            return self.depth_m
        outside = ~self.mask
        known = outside & (self.depth_m > 0)
        shape = (self.size, self.size)
        filled = depth.filled_from_nearest(self.depth_m.reshape(shape), known.reshape(shape)).ravel()
        return filled * outside


def observe(frame: Frame, box: CropBox, size: int, mask: np.ndarray | None = None) -> Observation:
    """Sample a frame, and a mask (H, W) of it, on a size x size grid over a box; costs grow with size alone."""
    K = box.intrinsics(frame.camera, size)
    grid = _Grid(frame.camera, box, size)
    depth_m = grid.sampled(frame.depth_m)  # (n, n)
    # The sampled pixel's own ray, not the grid's: rounding must not shift points sideways.
    rays = frame.camera.rays(grid.u[None, :], grid.v[:, None])  # (n, n, 3)
    normals, on_edge = depth.normals_and_edges(rays * depth_m[..., None], box.side / size / frame.camera.fx)
    return Observation(
        frame=frame,
        K=K,
        size=size,
        rays=rays.reshape(-1, 3),
        depth_m=depth_m.ravel(),
        normals=normals.reshape(-1, 3),
        on_edge=on_edge.ravel(),
        mask=None if mask is None else grid.sampled(mask).astype(bool).ravel(),
        rgb=resampled(frame, box, size).reshape(-1, 3).astype(np.float32) / 255,
        in_image=grid.in_image.ravel(),
    )


def sampled_depth(frame: Frame, box: CropBox, size: int) -> np.ndarray:
    """Depth (size, size) of the pixels nearest to the middles of a box's cells; 0 outside the image."""
    return _Grid(frame.camera, box, size).sampled(frame.depth_m)


class _Grid:
    """The pixels u, v (n,) nearest to the middles of a box's cells, and which of them (n, n) are in the image."""

    def __init__(self, camera: Camera, box: CropBox, size: int) -> None:
        middles = (np.arange(size) + 0.5) * (box.side / size)
        self.u = np.round(box.left - 0.5 + middles).astype(int)
        self.v = np.round(box.top - 0.5 + middles).astype(int)
        inside_u, inside_v = (self.u >= 0) & (self.u < camera.width), (self.v >= 0) & (self.v < camera.height)
        self.in_image = inside_u[None, :] & inside_v[:, None]
        self._pick = np.ix_(self.v.clip(0, camera.height - 1), self.u.clip(0, camera.width - 1))

    def sampled(self, image: np.ndarray) -> np.ndarray:
        """An image (H, W) on the grid, 0 outside."""
        return np.where(self.in_image, image[self._pick], image.dtype.type(0))


def resampled(frame: Frame, box: CropBox, size: int) -> np.ndarray:
    """A box of a frame's colours as (size, size, 3) uint8, cells averaged; edge colours go on outside the image."""
    fine = _fine(frame, round(box.left), round(box.top), max(round(box.side), 1))
    interpolation = cv2.INTER_AREA if len(fine) > size else cv2.INTER_LINEAR
    return cv2.resize(fine, (size, size), interpolation=interpolation)


# An estimate asks for one box on several grids.
@lru_cache(maxsize=2)
def _fine(frame: Frame, left: int, top: int, side: int) -> np.ndarray:
    """A square of a frame's colours, as it is or on as fine a grid as anything asks for."""
    height, width = frame.rgb.shape[:2]
    x0, x1 = (min(max(x, 0), width) for x in (left, left + side))
    y0, y1 = (min(max(y, 0), height) for y in (top, top + side))
    if x1 <= x0 or y1 <= y0:
        return np.zeros((1, 1, 3), np.uint8)
    part = frame.rgb[y0:y1, x0:x1]
    if part.shape[:2] != (side, side):
        part = cv2.copyMakeBorder(part, y0 - top, top + side - y1, x0 - left, left + side - x1, cv2.BORDER_REPLICATE)
    if side <= _FINEST:
        return np.ascontiguousarray(part)
    # Averaging every pixel of a large image would take longer than all that is done with the result. Means of two by
    # two are fast.
    twice = cv2.resize(part, (2 * _FINEST, 2 * _FINEST), interpolation=cv2.INTER_LINEAR)
    return cv2.resize(twice, (_FINEST, _FINEST), interpolation=cv2.INTER_AREA)


def crop_box(frame: Frame, mask: np.ndarray, diameter_m: float) -> CropBox:
    """A square around a mask (H, W) bool, with room for the object to stick out of it.

    Raises InputRefused for an empty mask, one without depth, and one whose size in metres is not the object's.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        raise InputRefused("empty_mask", "the mask is empty: mark the object's pixels with a value other than 0")
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    part = (slice(top, bottom), slice(left, right))
    depth_m = frame.depth_m[part][mask[part] & (frame.depth_m[part] > 0)]
    if len(depth_m) == 0:
        raise InputRefused(
            "no_depth_under_mask",
            "no depth under the mask: the object is too near, too dark or shiny, or depth is not aligned to colour",
        )
    extent_px = float(max(bottom - top, right - left))
    full_px = diameter_m * frame.camera.fx / float(np.median(depth_m))
    _check_unit(extent_px / full_px, diameter_m, float(np.median(depth_m)))
    side = max(1.3 * extent_px, min(1.2 * full_px, 2.0 * extent_px))
    return CropBox((left + right - side) / 2, (top + bottom - side) / 2, side)


def _check_unit(extent_share: float, diameter_m: float, depth_m: float) -> None:
    """A mask can be smaller than the object, where that is hidden, and a little larger; not a hundred times."""
    if extent_share > 8 or extent_share < 0.02:
        raise InputRefused(
            "depth_unit",
            f"at its depth of {depth_m:.4g} m the mask is {extent_share * diameter_m:.3g} m across, but the model "
            f"is {diameter_m:.3g} m: check the depth's unit (32FC1 holds metres, 16UC1 millimetres) and the mesh's",
        )


def predicted_box(model: ObjectModel, frame: Frame, T_cam_obj: np.ndarray, margin: float) -> CropBox:
    """The square that the object's sphere fills; raises InputRefused where that isn't in the image."""
    camera = frame.camera
    x, y, z = se3.transform_points(T_cam_obj, model.centre_m[None])[0]
    if z <= 0.25 * model.diameter_m:
        raise InputRefused("out_of_view", f"{model.name} has come too near to the camera, or behind it")
    side = margin * model.diameter_m * max(camera.fx, camera.fy) / z
    u, v = camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy
    if not (-side / 2 < u < camera.width + side / 2 and -side / 2 < v < camera.height + side / 2):
        raise InputRefused("out_of_view", f"{model.name} has left the image")
    return CropBox(u + 0.5 - side / 2, v + 0.5 - side / 2, side)
