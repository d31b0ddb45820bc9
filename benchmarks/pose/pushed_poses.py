"""Poses exactly so far from the truth, in a direction that is drawn: what refinement is measured on."""

import numpy as np

from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.arrays import Pose


def pushed(rng: np.random.Generator, T_cam_obj: Pose, model: ObjectModel, push_m: float, turn_rad: float) -> Pose:
    """Return a pose (4, 4) whose object is moved by push_m and turned by turn_rad about its centre."""
    push, turn = rng.standard_normal((2, 3))
    push *= push_m / np.linalg.norm(push)
    turn *= turn_rad / np.linalg.norm(turn)
    return se3.apply_twist(T_cam_obj, np.concatenate([push, turn]), model.centre_m)
