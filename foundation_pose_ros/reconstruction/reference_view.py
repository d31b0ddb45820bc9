"""One reference view: an RGB-D frame, where the object is in it, and the object's pose if that is known."""

from dataclasses import dataclass

import numpy as np

from ..arrays import Mask, Points, Pose
from ..errors import InputRefused
from ..frame import Frame
from ..se3 import inverse


@dataclass(frozen=True, eq=False)
class ReferenceView:
    """An object as one frame shows it; a reference set is a tuple of views, all in one object frame.

    mask (H, W) bool: the object's visible pixels. T_cam_obj (4, 4) float32 metres, or None where it isn't known yet.
    name: of the frame, for messages and reports. Raises InputRefused where mask and image differ in size.
    """

    frame: Frame
    mask: Mask
    T_cam_obj: Pose | None = None
    name: str = ""

    def __post_init__(self) -> None:
        mask = np.asarray(self.mask)
        if mask.shape != self.frame.depth_m.shape:
            height, width = self.frame.depth_m.shape
            raise InputRefused(
                "size_mismatch",
                f"the mask of view {self.name or '?'} has shape {mask.shape} but its image is {width}x{height}: "
                "give one value per pixel of the image",
            )
        object.__setattr__(self, "mask", mask.astype(bool, copy=False))
        if self.T_cam_obj is not None:
            T = np.asarray(self.T_cam_obj, np.float32)
            if T.shape != (4, 4) or not np.isfinite(T).all():
                raise InputRefused(
                    "bad_pose", f"the pose of view {self.name or '?'} has shape {T.shape} or is not finite: give 4x4"
                )
            object.__setattr__(self, "T_cam_obj", T)

    @property
    def pose(self) -> Pose:
        """Return T_cam_obj (4, 4); raises InputRefused where the view has none."""
        if self.T_cam_obj is None:
            raise InputRefused(
                "no_pose", f"view {self.name or '?'} has no pose: give cam_in_ob/ or gt/, or let poses be estimated"
            )
        return self.T_cam_obj

    @property
    def centre_obj(self) -> np.ndarray:
        """Return (3,) the camera's centre in the object's frame, metres."""
        return inverse(self.pose)[:3, 3]

    @property
    def seen(self) -> Mask:
        """Return (H, W) bool: pixels of the object whose depth is known."""
        return self.mask & (self.frame.depth_m > 0)

    def points_cam(self, stride: int = 1) -> Points:
        """Return (N, 3) float32 points of the object in the camera's frame, every `stride`-th row and column."""
        depth_m = self.frame.depth_m[::stride, ::stride]
        rows, columns = np.nonzero(self.seen[::stride, ::stride])
        rays = self.frame.camera.rays(columns * stride, rows * stride)
        return rays * depth_m[rows, columns, None]
