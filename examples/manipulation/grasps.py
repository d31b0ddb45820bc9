"""Where a parallel gripper takes an object: across its box, as nearly from above as may be. Needs no ROS."""

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.arrays import Pose


@dataclass(frozen=True)
class Gripper:
    """A parallel gripper. opening_m: between its open fingers, less what is left to spare. reach_m: of the fingers."""

    opening_m: float = 0.085
    reach_m: float = 0.05


def grasp(T_base_obj: Pose, model: ObjectModel, gripper: Gripper) -> Pose:
    """Return T_obj_tool (4, 4), where the gripper's tool is in the mesh's frame when it holds the object.

    The tool's z points at the object, its fingers close along y. Raises ValueError for objects too wide all over.
    """
    best, T_obj_tool = -np.inf, None
    for approach, closing in permutations(range(3), 2):
        if model.extents_m[closing] > gripper.opening_m:
            continue
        for side in (-1.0, 1.0):
            z, y = side * np.eye(3)[approach], np.eye(3)[closing]
            downwards = -(T_base_obj[:3, :3] @ z)[2]
            # Of two ways from above, across the narrower side.
            rank = downwards - model.extents_m[closing]
            if rank > best:
                best = rank
                depth_m = model.extents_m[approach] / 2
                tip = model.centre_m + z * min(0.0, gripper.reach_m - depth_m)
                T_obj_tool = se3.from_rotation_translation(np.stack([np.cross(y, z), y, z], axis=1), tip)
    if T_obj_tool is None:
        raise ValueError(f"{model.name} is wider than {gripper.opening_m} m in all directions but one")
    return T_obj_tool


def grasp_error(T_base_obj: Pose, T_true: Pose, T_obj_tool: Pose, model: ObjectModel) -> tuple[float, float]:
    """Return mm and degrees between a grasp at an estimated pose and that at the true one, both (4, 4).

    Turns that leave the shape as it was leave the grasp as good, whatever is printed on it: of those of the true pose
    the one nearest to the estimate counts.
    """
    T_true = model.shape_symmetries.nearest(T_true, T_base_obj)
    taken, wanted = T_base_obj @ T_obj_tool, T_true @ T_obj_tool
    apart_mm = 1000 * float(np.linalg.norm(taken[:3, 3] - wanted[:3, 3]))
    return apart_mm, float(np.rad2deg(se3.rotation_angle_rad(taken[:3, :3], wanted[:3, :3])))
