"""Which pixels a pose explains, and whether two poses explain the same ones: only one of them can be right."""

from dataclasses import dataclass

import numpy as np

from . import se3
from .coarse_image import CoarseDepth
from .depth import explained
from .frame import Frame
from .object_model import ObjectModel
from .rendering import Renderer


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

    def explained(self, depth: CoarseDepth) -> np.ndarray:
        """(h, w) bool: pixels whose depth is that of the object there."""
        rendered_m = self.renderer.render(self.T_cam_obj[None], depth.K, depth.depth_m.shape).depth_m[0]
        return explained(depth.depth_m, rendered_m, self.model.diameter_m)


def contested_share(frame: Frame, first: Placed, second: Placed) -> float:
    """0..1: share of the pixels that the one which explains fewer explains, and the other explains as well."""
    apart_m = float(np.linalg.norm(first.centre_m - second.centre_m))
    if apart_m > (first.model.diameter_m + second.model.diameter_m) / 2:
        return 0.0
    depth = CoarseDepth.of(frame)
    one, other = first.explained(depth), second.explained(depth)
    return float((one & other).sum() / max(min(one.sum(), other.sum()), 1))
