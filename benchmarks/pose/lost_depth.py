"""Frames that have lost much of their depth, in patches, as on what is dark or shiny."""

from dataclasses import replace

import numpy as np

from foundation_pose_ros import Frame

# Most of it.
LOST = 0.8
_PATCH_PX = 8


def with_less_depth(frame: Frame, lost: float = LOST) -> Frame:
    """Return the frame without a share of its depth: of a smaller share the places are among those of a larger."""
    height, width = frame.depth_m.shape
    shape = (height // _PATCH_PX + 1, width // _PATCH_PX + 1)
    patches = np.random.default_rng(5).uniform(size=shape) < lost
    gone = patches.repeat(_PATCH_PX, 0).repeat(_PATCH_PX, 1)[:height, :width]
    return replace(frame, depth_m=np.where(gone, 0, frame.depth_m))
