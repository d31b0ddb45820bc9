"""Square parts of an image: where one object is looked for, and the pixels that a coarse grid takes there."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import se3
from ..arrays import Intrinsics, Mask, Pose
from ..camera import Camera
from ..errors import InputRefused
from ..frame import Frame
from ..jit import compiled
from ..object_model.model import ObjectModel

# A mask is smaller than the object where that is hidden, and a little larger; not a hundred times.
_LEAST_EXTENT, _MOST_EXTENT = 0.02, 8.0


@dataclass(frozen=True)
class CropBox:
    """A square part of the image in pixels; may reach over the image.

    left, top: its borders, px from the outer border of the first pixel (whose centre, at 0 for a camera, is 0.5 here).
    side: its length, px.
    """

    left: float
    top: float
    side: float

    @classmethod
    def around_mask(cls, frame: Frame, mask: Mask, diameter_m: float, whole: bool = True) -> "CropBox":
        """Find the square around a mask (H, W) bool, with room for the object to stick out of it.

        whole: whether it shows all that is seen of the object, which is then no larger than twice the mask.
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
        side = max(1.3 * extent_px, min(1.2 * full_px, 2.0 * extent_px) if whole else 1.2 * full_px)
        return cls((left + right - side) / 2, (top + bottom - side) / 2, side)

    @classmethod
    def around_pose(cls, frame: Frame, model: ObjectModel, T_cam_obj: Pose, margin: float) -> "CropBox":
        """Find the square that the object's sphere, `margin` times as wide, fills at a pose (4, 4).

        Raises InputRefused where that isn't in the image.
        """
        camera = frame.camera
        x, y, z = se3.transform_points(T_cam_obj, model.centre_m[None])[0]
        if z <= 0.25 * model.diameter_m:
            raise InputRefused("out_of_view", f"{model.name} has come too near to the camera, or behind it")
        side = margin * model.diameter_m * max(camera.fx, camera.fy) / z
        u, v = camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy
        if not (-side / 2 < u < camera.width + side / 2 and -side / 2 < v < camera.height + side / 2):
            raise InputRefused("out_of_view", f"{model.name} has left the image")
        return cls(u + 0.5 - side / 2, v + 0.5 - side / 2, side)

    @property
    def on_whole_pixels(self) -> "CropBox":
        """Return the nearest box whose borders lie between pixels."""
        return CropBox(round(self.left), round(self.top), max(round(self.side), 1))

    def widened(self, factor: float) -> "CropBox":
        """Return the box so many times as wide, about the same middle."""
        more = (factor - 1) * self.side
        return CropBox(self.left - more / 2, self.top - more / 2, self.side + more)

    def intrinsics(self, camera: Camera, size: int) -> Intrinsics:
        """Return K (3, 3) float32 of the virtual camera that sees this box as size x size pixels."""
        scale = self.side / size
        return np.array(
            [
                [camera.fx / scale, 0, (camera.cx - self.left + 0.5) / scale - 0.5],
                [0, camera.fy / scale, (camera.cy - self.top + 0.5) / scale - 0.5],
                [0, 0, 1],
            ],
            np.float32,
        )


class SampleGrid:
    """The pixels u, v (n,) nearest to the middles of a box's cells, and which of them (n, n) are in the image."""

    def __init__(self, camera: Camera, box: CropBox, size: int) -> None:
        self.u, self._u, self._in_columns = _nearest(box.left, box.side / size, size, camera.width)
        self.v, self._v, self._in_rows = _nearest(box.top, box.side / size, size, camera.height)
        self.in_image = self._in_columns[None, :] & self._in_rows[:, None]
        self._camera = camera

    def sample(self, image: np.ndarray) -> np.ndarray:
        """Return an image (H, W) on the grid (n, n), 0 outside."""
        sampled: np.ndarray = image[self._v[:, None], self._u[None, :]] * self.in_image
        return sampled

    def seen(self, depth_m: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return depth (n, n) of an image (H, W), 0 outside, and rays and points (n, n, 3) of the sampled pixels.

        Rays are those of `Camera.rays`: the sampled pixels' own, not the grid's, so that rounding shifts no point.
        """
        camera = self._camera
        x = (self.u.astype(np.float32) - np.float32(camera.cx)) * np.float32(1.0 / camera.fx)
        y = (self.v.astype(np.float32) - np.float32(camera.cy)) * np.float32(1.0 / camera.fy)
        seen: tuple[np.ndarray, np.ndarray, np.ndarray] = _seen(
            depth_m, self._u, self._v, self._in_columns, self._in_rows, x, y
        )
        return seen


@compiled
def _nearest(first: float, pitch: float, size: int, end: int) -> Any:
    """Return the pixels (n,) nearest to the middles of cells, the nearest to these in an image, and which are in it."""
    pixels, held, inside = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.bool_)
    for k in range(size):
        pixels[k] = np.rint(first - 0.5 + (k + 0.5) * pitch)
        held[k] = min(max(pixels[k], 0), end - 1)
        inside[k] = held[k] == pixels[k]
    return pixels, held, inside


@compiled
def _seen(image_m: Any, u: Any, v: Any, in_columns: Any, in_rows: Any, x: Any, y: Any) -> Any:
    """Return depth (n, n), rays and points (n, n, 3) of pixels u, v (n,) whose rays are x, y (n,) off the axis."""
    size = len(u)
    depth_m = np.empty((size, size), np.float32)
    rays, points = np.empty((size, size, 3), np.float32), np.empty((size, size, 3), np.float32)
    for row in range(size):
        for column in range(size):
            z = image_m[v[row], u[column]] if in_rows[row] and in_columns[column] else np.float32(0)
            depth_m[row, column] = points[row, column, 2] = z
            rays[row, column, 0], rays[row, column, 1], rays[row, column, 2] = x[column], y[row], 1
            points[row, column, 0], points[row, column, 1] = x[column] * z, y[row] * z
    return depth_m, rays, points


def _check_unit(extent_share: float, diameter_m: float, depth_m: float) -> None:
    if not _LEAST_EXTENT <= extent_share <= _MOST_EXTENT:
        raise InputRefused(
            "depth_unit",
            f"at its depth of {depth_m:.4g} m the mask is {extent_share * diameter_m:.3g} m across, but the model "
            f"is {diameter_m:.3g} m: check the depth's unit (32FC1 holds metres, 16UC1 millimetres) and the mesh's",
        )
