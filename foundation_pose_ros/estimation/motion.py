"""How an object moved between two frames, and where it is expected in the next."""

import numpy as np

from .. import se3
from ..arrays import Pose, Poses
from ..frame import Frame
from ..pose_result import PoseResult

# Older than this, a velocity says nothing any more.
_LONGEST_STEP_S = 0.5


def step_s(frame: Frame, previous: PoseResult) -> float | None:
    """Return the seconds since the last pose; None where they say nothing of motion."""
    dt_s = (frame.stamp_ns - previous.stamp_ns) * 1e-9
    return dt_s if 0 < dt_s < _LONGEST_STEP_S else None


def expected_poses(frame: Frame, previous: PoseResult) -> Poses:
    """Return guesses (S, 4, 4), the likeliest first: where the object was going, and where it was."""
    dt_s = step_s(frame, previous)
    if dt_s is None or not previous.velocity.any():
        return previous.T_cam_obj[None]
    foreseen = se3.apply_twist(previous.T_cam_obj, previous.velocity * dt_s, previous.centre_obj)
    return np.array((foreseen, previous.T_cam_obj))


def velocity(frame: Frame, previous: PoseResult, T_cam_obj: Pose) -> np.ndarray:
    """Return (6,): the velocity of the object's centre in m/s and about the camera's axes in rad/s, 0 if unknown."""
    dt_s = step_s(frame, previous)
    if dt_s is None:
        return np.zeros(6)
    return np.asarray(se3.twist_between(previous.T_cam_obj, T_cam_obj, previous.centre_obj) / dt_s)
