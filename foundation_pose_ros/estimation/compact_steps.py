"""A registration whose poses a compact network moves on, where the evidence then says that this was better."""

import numpy as np

from ..frame import Frame
from ..refinement.compact_refiner import CompactRefiner
from .candidates import DISTINCT_RAD, DISTINCT_SHARE, Candidates, Stage
from .prepared_object import RegistrationStrategy
from .render_and_compare import RenderAndCompare

# The network's steps, and point-to-plane steps after them.
_ITERATIONS = 3
_AFTER = Stage(64, 3, 6, (0.04, 0.02))


class CompactSteps:
    """Lets every pose that a registration keeps go on in two ways, and keeps the better."""

    def __init__(self, registration: RegistrationStrategy, refiner: CompactRefiner, compare: RenderAndCompare) -> None:
        self._registration, self._refiner, self._compare = registration, refiner, compare

    def __call__(self, frame: Frame, mask: np.ndarray, possible: np.ndarray | None = None) -> Candidates:
        """Find the object as a `RegistrationStrategy` does."""
        found = self._registration(frame, mask, possible)
        moved = self._refiner.moved(frame, found.refined.T_cam_obj, _ITERATIONS)
        both = found + self._compare.refine(found.observation, moved, _AFTER)
        order = both.ranked
        poses = both.refined.T_cam_obj[order]
        return both.picked(order[self._compare.unique_poses(poses, DISTINCT_SHARE, _AFTER.keep, DISTINCT_RAD)])
