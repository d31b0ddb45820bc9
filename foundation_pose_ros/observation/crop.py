"""One square part of a frame in which one object is looked for, on as many grids as an estimate asks for."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from .. import depth, se3
from ..arrays import Mask, Pose
from ..depth import IN_FRONT_M
from ..frame import Frame
from ..jit import compiled
from ..object_model.model import ObjectModel
from .crop_box import CropBox, SampleGrid
from .learned_colours import ForegroundMap, LearnedColours
from .observation import Observation

# Pictures are shrunk from bilinear samples that are so many pixels apart at most, which miss nothing, while that takes
# no more than so many a side for each cell.
_APART_PX, _MOST_SAMPLES = 2.5, 4
# Lines across an outline reach out of the box: by how much a wider one is wider, and its pixels a side at most.
_WIDER, _MOST_JUDGED = 1.8, 300


@dataclass(frozen=True, eq=False)
class Crop:
    """A box of a frame, with a mask where one is known. What is cut out of it is kept for as long as the crop is.

    frame: the image that the box is a part of.
    box: in pixels of the frame.
    mask: (H, W) bool of the object in the frame, or None.
    possible: (H, W) bool of what may belong to it beside the mask, or None where the mask shows all of it.
    learned: colours of the object and of what is beside it, as learned in earlier frames, or None.
    nearest_m: what is nearer than this can't be the object.
    """

    frame: Frame
    box: CropBox
    mask: Mask | None = None
    possible: Mask | None = None
    learned: LearnedColours | None = None
    nearest_m: float = 0.0
    _observations: dict[int, Observation] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def around_mask(cls, frame: Frame, mask: Mask, diameter_m: float, possible: Mask | None = None) -> "Crop":
        """Cut out what a mask (H, W) bool marks, with room for the whole object where more is possible (H, W).

        Raises InputRefused as `CropBox.around_mask` does.
        """
        return cls(frame, CropBox.around_mask(frame, mask, diameter_m, whole=possible is None), mask, possible)

    @classmethod
    def around_pose(
        cls,
        frame: Frame,
        model: ObjectModel,
        T_cam_obj: Pose,
        margin: float,
        learned: LearnedColours | None = None,
    ) -> "Crop":
        """Cut out what an object may fill at a pose (4, 4); raises InputRefused as `CropBox.around_pose` does."""
        z_m = float(se3.transform_points(T_cam_obj, model.centre_m[None])[0, 2])
        nearest_m = z_m - margin * model.diameter_m / 2 - IN_FRONT_M
        return cls(frame, CropBox.around_pose(frame, model, T_cam_obj, margin), learned=learned, nearest_m=nearest_m)

    def observe(self, size: int) -> Observation:
        """Sample frame and mask on a size x size grid; costs grow with size alone."""
        if size not in self._observations:
            self._observations[size] = self._observed(size)
        return self._observations[size]

    def colours(self, size: int) -> np.ndarray:
        """Return the box's colours (size, size, 3) uint8, cells averaged; edge colours go on outside the image."""
        return _shrunk(self._pixels, size)

    def gray(self, size: int) -> np.ndarray:
        """Return the same in gray, (size, size) float32 in 0..255."""
        return _shrunk(_gray(self._pixels), size)

    def _observed(self, size: int) -> Observation:
        camera = self.frame.camera
        grid = SampleGrid(camera, self.box, size)
        depth_m, rays, points = grid.seen(self.frame.depth_m)
        normals, on_edge = depth.normals_and_edges(points, self.box.side / size / camera.fx)
        return Observation(
            frame=self.frame,
            K=self.box.intrinsics(camera, size),
            size=size,
            rays=rays.reshape(-1, 3),
            depth_m=depth_m.ravel(),
            normals=normals.reshape(-1, 3),
            on_edge=on_edge.ravel(),
            mask=None if self.mask is None else grid.sample(self.mask).astype(bool).ravel(),
            possible=None if self.possible is None else grid.sample(self.possible).astype(bool).ravel(),
            colours=lambda: self.colours(size).reshape(-1, 3).astype(np.float32) / 255,
            in_image=grid.in_image.ravel(),
            foreground=self.foreground,
        )

    @cached_property
    def foreground(self) -> ForegroundMap | None:
        """Return how likely pixels about the box are the object's, None where no colours are learned."""
        if self.learned is None:
            return None
        return ForegroundMap.of(self.frame, self.box.widened(_WIDER), self.learned, self.nearest_m, _MOST_JUDGED)

    @cached_property
    def _pixels(self) -> np.ndarray:
        """The box's colours (m, m, 3) uint8 as they are."""
        rgb, box = self.frame.rgb, self.box.on_whole_pixels
        left, top, side = int(box.left), int(box.top), int(box.side)
        height, width = rgb.shape[:2]
        x0, x1 = (min(max(x, 0), width) for x in (left, left + side))
        y0, y1 = (min(max(y, 0), height) for y in (top, top + side))
        if x1 <= x0 or y1 <= y0:
            return np.zeros((1, 1, 3), np.uint8)
        part: np.ndarray = rgb[y0:y1, x0:x1]
        if part.shape[:2] == (side, side):
            # A copy: loops would be compiled once more for what lies apart in memory.
            return np.ascontiguousarray(part)
        return cv2.copyMakeBorder(part, y0 - top, top + side - y1, x0 - left, left + side - x1, cv2.BORDER_REPLICATE)


def _shrunk(image: np.ndarray, size: int) -> np.ndarray:
    """A square image on size x size cells: means of two by two samples are fast, those of all pixels aren't."""
    samples = min(max(1, math.ceil(len(image) / (_APART_PX * size))), _MOST_SAMPLES)
    sampled = cv2.resize(image, (samples * size, samples * size), interpolation=cv2.INTER_LINEAR)
    return sampled if samples == 1 else cv2.resize(sampled, (size, size), interpolation=cv2.INTER_AREA)


@compiled
def _gray(rgb: Any) -> Any:
    """(m, m) float32, by the weights of Rec. 601."""
    height, width, _ = rgb.shape
    gray = np.empty((height, width), np.float32)
    for v in range(height):
        for u in range(width):
            red, green, blue = np.float32(rgb[v, u, 0]), np.float32(rgb[v, u, 1]), np.float32(rgb[v, u, 2])
            gray[v, u] = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
    return gray
