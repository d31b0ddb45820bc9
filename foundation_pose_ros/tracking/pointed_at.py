"""A pixel on an object in place of a mask: what is there is taken as the object, and judged. Needs no ROS."""

from dataclasses import dataclass

import numpy as np

from ..errors import InputRefused
from ..estimation.object_proposals import Proposal
from ..frame import Frame
from ..streams.mask_inputs import Objects, Rectified
from .estimator_protocol import TrackingEstimator

# A dot so wide stands for the pixel while the image is freed of distortion.
_DOT_PX = 2


@dataclass(frozen=True)
class PointedAt:
    """Column and row of the image as it was sent; `rectified` frees it from the lens's distortion as the frame was."""

    stamp_ns: int
    id: str
    u: int
    v: int
    estimator: TrackingEstimator
    rectified: Rectified = np.asarray
    force: bool = True

    def masks(self, frame: Frame, objects: Objects, wanting: tuple[str, ...]) -> list[tuple[str, Proposal]]:
        """Return the thing at the pixel, a Proposal, with the object's id; raises InputRefused."""
        u, v = self._rectified_pixel(frame)
        return [(self.id, self.estimator.thing_at(frame, u, v, objects[self.id]))]

    def _rectified_pixel(self, frame: Frame) -> tuple[float, float]:
        height, width = frame.depth_m.shape
        if not (0 <= self.u < width and 0 <= self.v < height):
            raise InputRefused(
                "out_of_view", f"pixel ({self.u}, {self.v}) is outside of the image, which is {width}x{height}"
            )
        dot = np.zeros((height, width), np.uint8)
        rows, columns = (slice(max(0, at - _DOT_PX), at + _DOT_PX + 1) for at in (self.v, self.u))
        dot[rows, columns] = 255
        seen_v, seen_u = np.nonzero(self.rectified(dot))
        if len(seen_u) == 0:
            raise InputRefused(
                "out_of_view", f"pixel ({self.u}, {self.v}) lies where the undistorted image shows nothing"
            )
        return float(seen_u.mean()), float(seen_v.mean())
