"""Which pixels a pose explains, and whether two poses explain the same ones: only one of them can be right."""

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from ..arrays import Mask, Pose
from ..camera import Camera
from ..depth import explained, explained_within_m, in_front
from ..frame import Frame
from ..jit import compiled
from ..object_model.model import ObjectModel
from ..observation.downsampled_depth import DownsampledDepth
from ..rendering import Renderer

# Where the camera is within the object's sphere.
_UNBOUNDED_M = 1e3

Window = tuple[slice, slice]  # rows, columns
# Of a box about the origin whose half sides are 1, (8, 3).
_CORNERS = np.array(list(product((-1.0, 1.0), repeat=3)))


@dataclass(frozen=True)
class PosedObject:
    """An object at a pose T_cam_obj (4, 4)."""

    model: ObjectModel
    renderer: Renderer
    T_cam_obj: Pose

    @cached_property
    def box(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Its axes (3, 3) as columns, middle (3,) and half its sides (3,), in the camera's frame."""
        R = self.T_cam_obj[:3, :3].astype(np.float64)
        return R, R @ self.model.centre_m + self.T_cam_obj[:3, 3], self.model.extents_m / 2

    @property
    def near_m(self) -> float:
        """Return how far from its surface, along a ray, what it explains may be."""
        radius_m = self.model.diameter_m / 2
        _, middle, _ = self.box
        nearest_m = middle[2] - radius_m
        if nearest_m <= 0:
            return _UNBOUNDED_M
        # A ray is longer than its depth.
        return explained_within_m(self.model.diameter_m) * float(np.linalg.norm(middle) + radius_m) / float(nearest_m)

    def explained(self, depth: DownsampledDepth, window: Window) -> np.ndarray:
        """Return (rows, columns) bool of a window: which pixels' depth is that of the object there."""
        rows, columns = window
        observed_m = depth.depth_m[rows, columns]
        K = depth.K.copy()
        K[:2, 2] -= columns.start, rows.start
        rendered_m = self.renderer.render(self.T_cam_obj[None], K, observed_m.shape).depth_m[0]
        return explained(observed_m, rendered_m, self.model.diameter_m)

    def window(self, depth: DownsampledDepth) -> Window:
        """Return the part of the image outside which the object isn't seen: all corners of its box are inside."""
        height, width = depth.depth_m.shape
        axes, middle, half = self.box
        corners_cam = middle + (_CORNERS * half) @ axes.T  # (8, 3)
        box = Camera.from_K(depth.K, width, height).pixel_box(corners_cam)
        left, top, right, bottom = box or (0, 0, 0, 0)
        return slice(top, bottom), slice(left, right)


def visible_mask(frame: Frame, placed: PosedObject) -> Mask:
    """Return (H, W) bool: where a frame shows the object, unless something nearer hides it."""
    rendered_m = placed.renderer.render(placed.T_cam_obj[None], frame.camera.K, frame.depth_m.shape).depth_m[0]
    return np.asarray((rendered_m > 0) & ~in_front(frame.depth_m, rendered_m))


def overlap_ratio(frame: Frame, first: PosedObject, second: PosedObject) -> float:
    """Return 0..1: of the pixels that the one which explains fewer explains, the share that the other does."""
    if boxes_apart(first, second):
        return 0.0
    depth = DownsampledDepth.of(frame)
    one, other = first.window(depth), second.window(depth)
    shared = _common(one[0], other[0]), _common(one[1], other[1])
    if depth.depth_m[shared].size == 0:
        return 0.0
    both = (first.explained(depth, shared) & second.explained(depth, shared)).sum()
    if both == 0:
        return 0.0
    return float(both / min(first.explained(depth, one).sum(), second.explained(depth, other).sum()))


def mask_overlap(frame: Frame, placed: PosedObject, mask: Mask) -> float:
    """Return 0..1: of what the object explains or of the mask (H, W), whichever is less, the share in both."""
    depth = DownsampledDepth.of(frame)
    window = placed.window(depth)
    seen = (mask != 0)[np.ix_(depth.v, depth.u)] & (depth.depth_m > 0)
    if depth.depth_m[window].size == 0:
        return 0.0
    explained = placed.explained(depth, window)
    return float((explained & seen[window]).sum() / max(1, min(explained.sum(), seen.sum())))


def boxes_apart(first: PosedObject, second: PosedObject) -> bool:
    """Tell whether the objects' boxes are so far apart that no depth can be that of both."""
    return bool(_apart(*first.box, *second.box, first.near_m + second.near_m))


@compiled
def _apart(axes: Any, middle: Any, half: Any, other_axes: Any, other_middle: Any, other_half: Any, near_m: Any) -> Any:
    """True where a face of one box has all of the other beyond it, by near_m (Gottschalk, Lin and Manocha 1996)."""
    for _ in range(2):
        for k in range(3):
            away, reach = 0.0, half[k] + near_m
            for i in range(3):
                away += axes[i, k] * (other_middle[i] - middle[i])
                along = 0.0
                for j in range(3):
                    along += axes[j, k] * other_axes[j, i]
                reach += abs(along) * other_half[i]
            if abs(away) > reach:
                return True
        axes, other_axes = other_axes, axes
        middle, other_middle = other_middle, middle
        half, other_half = other_half, half
    return False


def _common(first: slice, second: slice) -> slice:
    start = max(first.start, second.start)
    return slice(start, max(start, min(first.stop, second.stop)))
