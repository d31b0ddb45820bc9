"""A registration whose poses a compact network moves on, where the evidence then says that this was better."""

from typing import Protocol

import numpy as np

from ..arrays import Mask, Poses
from ..frame import Frame
from .candidates import DISTINCT_RAD, DISTINCT_SHARE, Candidates, Stage
from .prepared_object import RegistrationStrategy
from .render_and_compare import RenderAndCompare

# Steps of network and depth together, and point-to-plane steps after them.
ITERATIONS = 3
_AFTER = Stage(64, 3, 6, (0.04, 0.02))


class Mover(Protocol):
    """Moves poses (B, 4, 4) of one object by so many steps of a kind of its own."""

    def moved(self, frame: Frame, T_cam_obj: Poses, iterations: int) -> Poses: ...


class CompactSteps:
    """Lets every pose that a registration keeps go on in two ways, and keeps the better."""

    def __init__(
        self, registration: RegistrationStrategy, mover: Mover, compare: RenderAndCompare, up_to_depth: float = 1.0
    ) -> None:
        """up_to_depth: share of a mask's pixels with depth; where more have any, the registration stays as it is."""
        self._registration, self._mover, self._compare = registration, mover, compare
        self._up_to_depth = up_to_depth

    def __call__(self, frame: Frame, mask: Mask, possible: Mask | None = None) -> Candidates:
        """Find the object as a `RegistrationStrategy` does."""
        found = self._registration(frame, mask, possible)
        if np.count_nonzero(frame.depth_m[mask]) > self._up_to_depth * np.count_nonzero(mask):
            return found
        moved = self._mover.moved(frame, found.refined.T_cam_obj, ITERATIONS)
        both = found + self._compare.refine(found.observation, moved, _AFTER)
        order = both.ranked
        poses = both.refined.T_cam_obj[order]
        return both.picked(order[self._compare.unique_poses(poses, DISTINCT_SHARE, _AFTER.keep, DISTINCT_RAD)])
