"""One square part of a frame in which one object is looked for, on as many grids as an estimate asks for."""

from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np

from .. import depth, se3
from ..depth import IN_FRONT_M
from ..frame import Frame
from ..object_model.model import ObjectModel
from .crop_box import CropBox, SampleGrid
from .learned_colours import ForegroundMap, LearnedColours
from .observation import Observation

# Colours are compared and followed on grids of at most so many pixels a side.
_FINEST = 160
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
    mask: np.ndarray | None = None
    possible: np.ndarray | None = None
    learned: LearnedColours | None = None
    nearest_m: float = 0.0
    _observations: dict[int, Observation] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def around_mask(
        cls, frame: Frame, mask: np.ndarray, diameter_m: float, possible: np.ndarray | None = None
    ) -> "Crop":
        """Cut out what a mask (H, W) bool marks, with room for the whole object where more is possible (H, W).

        Raises InputRefused as `CropBox.around_mask` does.
        """
        return cls(frame, CropBox.around_mask(frame, mask, diameter_m, whole=possible is None), mask, possible)

    @classmethod
    def around_pose(
        cls,
        frame: Frame,
        model: ObjectModel,
        T_cam_obj: np.ndarray,
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
        interpolation = cv2.INTER_AREA if len(self._fine_rgb) > size else cv2.INTER_LINEAR
        return cv2.resize(self._fine_rgb, (size, size), interpolation=interpolation)

    def _observed(self, size: int) -> Observation:
        camera = self.frame.camera
        grid = SampleGrid(camera, self.box, size)
        depth_m = grid.sample(self.frame.depth_m)  # (n, n)
        # The sampled pixel's own ray, not the grid's: rounding must not shift points sideways.
        rays = camera.rays(grid.u[None, :], grid.v[:, None])  # (n, n, 3)
        normals, on_edge = depth.normals_and_edges(rays * depth_m[..., None], self.box.side / size / camera.fx)
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
            foreground=self._foreground,
        )

    @cached_property
    def _foreground(self) -> ForegroundMap | None:
        if self.learned is None:
            return None
        return ForegroundMap.of(self.frame, self.box.widened(_WIDER), self.learned, self.nearest_m, _MOST_JUDGED)

    @cached_property
    def _fine_rgb(self) -> np.ndarray:
        """The box's colours (m, m, 3) uint8, as they are or on as fine a grid as anything asks for."""
        rgb, box = self.frame.rgb, self.box.on_whole_pixels
        left, top, side = int(box.left), int(box.top), int(box.side)
        height, width = rgb.shape[:2]
        x0, x1 = (min(max(x, 0), width) for x in (left, left + side))
        y0, y1 = (min(max(y, 0), height) for y in (top, top + side))
        if x1 <= x0 or y1 <= y0:
            return np.zeros((1, 1, 3), np.uint8)
        part: np.ndarray = rgb[y0:y1, x0:x1]
        if part.shape[:2] != (side, side):
            part = cv2.copyMakeBorder(
                part, y0 - top, top + side - y1, x0 - left, left + side - x1, cv2.BORDER_REPLICATE
            )
        if side <= _FINEST:
            return np.ascontiguousarray(part)
        # Averaging every pixel of a large image would take longer than all that is done with the result. Means of two
        # by two are fast.
        twice = cv2.resize(part, (2 * _FINEST, 2 * _FINEST), interpolation=cv2.INTER_LINEAR)
        return cv2.resize(twice, (_FINEST, _FINEST), interpolation=cv2.INTER_AREA)
