"""Poses exactly so far from the truth, in a direction that is drawn, and how far off poses are once refined."""

import numpy as np

from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.arrays import Pose
from foundation_pose_ros.object_model.surface_distance import SurfaceDistance


def pushed(rng: np.random.Generator, T_cam_obj: Pose, model: ObjectModel, push_m: float, turn_rad: float) -> Pose:
    """Return a pose (4, 4) whose object is moved by push_m and turned by turn_rad about its centre."""
    push, turn = rng.standard_normal((2, 3))
    push *= push_m / np.linalg.norm(push)
    turn *= turn_rad / np.linalg.norm(turn)
    return se3.apply_twist(T_cam_obj, np.concatenate([push, turn]), model.centre_m)


def off(T_cam_obj: Pose, T_true: Pose, model: ObjectModel, distance: SurfaceDistance) -> tuple[float, float, float]:
    """Return how far surface and centre are off, in diameters, and the angle in degrees, as symmetries leave it open.

    distance: of the model's surface.
    """
    nearest = model.symmetries.nearest(T_true, T_cam_obj)
    centres = [pose[:3, :3] @ model.centre_m + pose[:3, 3] for pose in (T_cam_obj, nearest)]
    return (
        float(distance(T_cam_obj[None], T_true)[0]) / model.diameter_m,
        float(np.linalg.norm(centres[0] - centres[1]) / model.diameter_m),
        float(np.rad2deg(se3.rotation_angle_rad(T_cam_obj[:3, :3], nearest[:3, :3]))),
    )
