"""Which pixels a pose explains, and whether two poses explain the same ones: only one of them can be right."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from . import se3
from .coarse_image import CoarseDepth
from .depth import explained
from .frame import Frame
from .object_model import ObjectModel
from .rendering import Renderer

Window = tuple[slice, slice]  # rows, columns
# Of a box of side 1 about the origin, (8, 3).
_CORNERS = np.array(list(product((-0.5, 0.5), repeat=3)))


@dataclass(frozen=True)
class Placed:
    """An object at a pose T_cam_obj (4, 4)."""

    model: ObjectModel
    renderer: Renderer
    T_cam_obj: np.ndarray

    @property
    def centre_m(self) -> np.ndarray:
        """(3,) in the camera's frame."""
        return se3.transform_points(self.T_cam_obj, self.model.centre_m[None])[0]

    def explained(self, depth: CoarseDepth, window: Window) -> np.ndarray:
        """(rows, columns) bool of a window: pixels whose depth is that of the object there."""
        rows, columns = window
        observed_m = depth.depth_m[rows, columns]
        K = depth.K.copy()
        K[:2, 2] -= columns.start, rows.start
        rendered_m = self.renderer.render(self.T_cam_obj[None], K, observed_m.shape).depth_m[0]
        return explained(observed_m, rendered_m, self.model.diameter_m)

    def window(self, depth: CoarseDepth) -> Window:
        """Outside it the object isn't seen: the corners of its box are all inside."""
        height, width = depth.depth_m.shape
        corners_obj = self.model.centre_m + _CORNERS * self.model.extents_m
        corners = se3.transform_points(self.T_cam_obj, corners_obj) @ depth.K.T  # (8, 3)
        if corners[:, 2].min() <= 0:
            return slice(0, height), slice(0, width)
        pixels = corners[:, :2] / corners[:, 2:]
        first = np.clip(np.floor(pixels.min(axis=0)), 0, (width, height)).astype(int)
        end = np.clip(np.ceil(pixels.max(axis=0)) + 1, 0, (width, height)).astype(int)
        return slice(first[1], end[1]), slice(first[0], end[0])


def contested_share(frame: Frame, first: Placed, second: Placed) -> float:
    """0..1: share of the pixels that the one which explains fewer explains, and the other explains as well."""
    apart_m = float(np.linalg.norm(first.centre_m - second.centre_m))
    if apart_m > (first.model.diameter_m + second.model.diameter_m) / 2:
        return 0.0
    depth = CoarseDepth.of(frame)
    one, other = first.window(depth), second.window(depth)
    shared = _common(one[0], other[0]), _common(one[1], other[1])
    if depth.depth_m[shared].size == 0:
        return 0.0
    both = (first.explained(depth, shared) & second.explained(depth, shared)).sum()
    if both == 0:
        return 0.0
    return float(both / min(first.explained(depth, one).sum(), second.explained(depth, other).sum()))


def _common(first: slice, second: slice) -> slice:
    start = max(first.start, second.start)
    return slice(start, max(start, min(first.stop, second.stop)))
