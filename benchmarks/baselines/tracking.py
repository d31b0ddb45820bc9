"""Tracking as it is often built: point-to-plane ICP of Open3D from the last pose."""

import numpy as np
import open3d as o3d

from benchmarks.baselines.point_clouds import Cloud, model_cloud, observed_cloud
from foundation_pose_ros import Frame, ObjectModel, se3
from foundation_pose_ros.arrays import Mask, Pose

registration = o3d.pipelines.registration
_SPACING, _REACH, _AROUND = 0.03, 0.15, 0.65  # shares of the diameter
_STEPS = 30


class IcpTracker:
    """Moves the side of the model that faces the camera onto the depth around where the object was."""

    name = "Open3D point-to-plane ICP"

    def __init__(self, model: ObjectModel) -> None:
        self._model = model
        self._cloud = model_cloud(model).downsampled(_SPACING * model.diameter_m)

    def __call__(self, frame: Frame, T_cam_obj: Pose) -> Pose:
        """The pose (4, 4) in a frame, from that in the one before; unchanged where no depth is near it."""
        T, diameter_m = np.asarray(T_cam_obj, np.float64), self._model.diameter_m
        seen = observed_cloud(frame, self._around(frame, T), _SPACING * diameter_m)
        points_cam = se3.transform_points(T, self._cloud.points)
        facing = np.einsum("ni,ni->n", points_cam, self._cloud.normals @ T[:3, :3].T) < 0
        if len(seen.points) < 3 or not facing.any():
            return T
        found = registration.registration_icp(
            Cloud(self._cloud.points[facing], self._cloud.normals[facing]).open3d,
            seen.open3d,
            _REACH * diameter_m,
            T,
            registration.TransformationEstimationPointToPlane(),
            registration.ICPConvergenceCriteria(max_iteration=_STEPS),
        )
        return np.asarray(found.transformation)

    def _around(self, frame: Frame, T_cam_obj: Pose) -> Mask:
        """(H, W) bool: depth within reach of the object's centre."""
        mask = np.zeros(frame.depth_m.shape, bool)
        x, y, z = se3.transform_points(T_cam_obj, self._model.centre_m[None])[0]
        if z <= 0:
            return mask
        camera, radius_m = frame.camera, _AROUND * self._model.diameter_m
        u, v, side = camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy, camera.fx * radius_m / z
        rows = slice(max(int(v - side), 0), max(int(v + side) + 1, 0))
        columns = slice(max(int(u - side), 0), max(int(u + side) + 1, 0))
        mask[rows, columns] = np.abs(frame.depth_m[rows, columns] - z) < radius_m
        return mask
