"""Registrations that others offer, on the same frames and masks: Open3D's FPFH with RANSAC, small_gicp, OpenCV's PPF.

Each takes a model once and then gives T_cam_obj (4, 4) for a frame and a mask (H, W) bool; settings are the libraries'
usual ones as shares of the diameter, and none looks at colour.
"""

from typing import Protocol

import numpy as np
import open3d as o3d
from scipy.spatial import cKDTree

from benchmarks.baselines.point_clouds import model_cloud, observed_cloud
from foundation_pose_ros import Frame, InputRefused, ObjectModel, se3
from foundation_pose_ros.arrays import Mask, Points, Pose
from foundation_pose_ros.estimation.hypotheses import initial_poses, rotation_grid, unique_rotations
from foundation_pose_ros.estimation.registration import RegistrationSettings
from foundation_pose_ros.observation.crop import Crop
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.runtime.extras import needed

registration = o3d.pipelines.registration
_SPACING = 0.04  # shares of the diameter from here on
_REACH = 0.1


class BaselineRegistration(Protocol):
    """One method, made ready for one object."""

    def __call__(self, frame: Frame, mask: Mask) -> Pose: ...


class FeatureRansac:
    """FPFH features (Rusu et al. 2009), RANSAC over their matches, point-to-plane ICP, all of Open3D."""

    name = "Open3D FPFH + RANSAC + ICP"

    def __init__(self, model: ObjectModel) -> None:
        self._spacing_m = _SPACING * model.diameter_m
        self._model = model_cloud(model).downsampled(self._spacing_m).open3d
        self._features = self._described(self._model)

    def __call__(self, frame: Frame, mask: Mask) -> Pose:
        o3d.utility.random.seed(0)
        seen = observed_cloud(frame, mask, self._spacing_m).open3d
        near_m = 1.5 * self._spacing_m
        # It warns whenever few matches are mutual, which with so little seen is usual.
        with o3d.utility.VerbosityContextManager(o3d.utility.VerbosityLevel.Error):
            # What is seen is all on the model, but not the other way round: so it is the side that is matched.
            found = registration.registration_ransac_based_on_feature_matching(
                seen,
                self._model,
                self._described(seen),
                self._features,
                True,
                near_m,
                registration.TransformationEstimationPointToPoint(False),
                3,
                [
                    registration.CorrespondenceCheckerBasedOnEdgeLength(0.9),
                    registration.CorrespondenceCheckerBasedOnDistance(near_m),
                ],
                registration.RANSACConvergenceCriteria(100_000, 0.999),
            )
        refined = registration.registration_icp(
            seen, self._model, near_m, found.transformation, registration.TransformationEstimationPointToPlane()
        )
        return se3.inverse(refined.transformation)

    def _described(self, cloud: o3d.geometry.PointCloud) -> registration.Feature:
        nearby = o3d.geometry.KDTreeSearchParamHybrid(radius=5 * self._spacing_m, max_nn=100)
        return registration.compute_fpfh_feature(cloud, nearby)  # type: ignore[call-arg]


class HypothesesGicp:
    """small_gicp (Koide 2024) from the very hypotheses that our registration starts with; the best fit of the depth."""

    name = "small_gicp from the same hypotheses"

    def __init__(self, model: ObjectModel) -> None:
        try:
            import small_gicp
        except ImportError:
            raise InputRefused("not_installed", needed("small_gicp", "benchmarks")) from None
        self._gicp = small_gicp
        self._object = model
        self._spacing_m = _SPACING * model.diameter_m
        self._renderer = EmbreeRenderer(model)
        self._rotations = unique_rotations(rotation_grid(), model.shape_symmetries)
        cloud = model_cloud(model).downsampled(self._spacing_m)
        self._points = cKDTree(cloud.points)
        self._model, self._tree = self._prepared(cloud.points)

    def __call__(self, frame: Frame, mask: Mask) -> Pose:
        model, reach_m = self._object, _REACH * self._object.diameter_m
        observation = Crop.around_mask(frame, mask, model.diameter_m).observe(RegistrationSettings().stages[0].size)
        assert observation.mask is not None
        starts = initial_poses(self._rotations, observation, observation.mask, self._renderer, model)
        seen = observed_cloud(frame, mask, self._spacing_m).points
        source, _ = self._prepared(seen)
        best, best_misfit = starts[0].astype(np.float64), np.inf
        for start in starts:
            found = self._gicp.align(
                self._model,
                source,
                self._tree,
                se3.inverse(start.astype(np.float64)),
                max_correspondence_distance=reach_m,
            )
            moved = se3.transform_points(found.T_target_source, seen)
            distances, _ = self._points.query(moved, distance_upper_bound=reach_m)
            misfit = float(np.minimum(distances, reach_m).mean())
            if misfit < best_misfit:
                best, best_misfit = se3.inverse(found.T_target_source), misfit
        return best

    def _prepared(self, points: Points) -> tuple[object, object]:
        return self._gicp.preprocess_points(points, downsampling_resolution=self._spacing_m, num_neighbors=10)
