"""Model and observation as point clouds with normals, which is what the methods beside ours work on."""

from dataclasses import dataclass

import numpy as np
import open3d as o3d

from foundation_pose_ros import Frame, ObjectModel
from foundation_pose_ros.arrays import Mask, Points

_SAMPLES = 20_000


@dataclass(frozen=True, eq=False)
class Cloud:
    """points (n, 3) in metres and unit normals (n, 3), float64, in one frame."""

    points: Points
    normals: np.ndarray

    @property
    def open3d(self) -> o3d.geometry.PointCloud:
        cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(self.points))
        cloud.normals = o3d.utility.Vector3dVector(self.normals)
        return cloud

    def downsampled(self, spacing_m: float) -> "Cloud":
        """Return one point per cube of this size."""
        cloud = self.open3d.voxel_down_sample(spacing_m)
        cloud.normalize_normals()
        return Cloud(np.asarray(cloud.points), np.asarray(cloud.normals))


def model_cloud(model: ObjectModel) -> Cloud:
    """Return points evenly over the surface, in the object's frame."""
    points, faces, _ = model.surface_samples(_SAMPLES)
    return Cloud(points.astype(np.float64), model.face_normals[faces])


def observed_cloud(frame: Frame, mask: Mask, spacing_m: float) -> Cloud:
    """Return what a mask (H, W) bool shows, thinned, in the camera's frame, normals towards the camera."""
    rows, columns = np.nonzero(mask & (frame.depth_m > 0))
    points = frame.camera.rays(columns, rows) * frame.depth_m[rows, columns, None]
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points.astype(np.float64)))
    cloud = cloud.voxel_down_sample(spacing_m)
    if len(cloud.points) >= 3:
        cloud.estimate_normals(o3d.geometry.KDTreeSearchParamHybrid(radius=2.5 * spacing_m, max_nn=30))
        cloud.orient_normals_towards_camera_location(np.zeros(3))
    return Cloud(np.asarray(cloud.points), np.asarray(cloud.normals).reshape(-1, 3))
