"""How an object has moved from one view to another: matched features give the way, colour and shape the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.spatial import cKDTree

from ... import se3
from ...arrays import Points, Pose
from ...runtime import late_open3d as o3d
from ..fusion.view_depth import RIM_PX
from ..reference_view import ReferenceView

# Nearest matches must be this much nearer than the second nearest (Lowe 2004).
_RATIO = 0.8
_RANSAC_DRAWS = 400
_FEWEST_MATCHES = 8
# In shares of the object's size: sides of voxels, and what still counts as the same point.
COARSE, FINE = 0.03, 0.015
_SAME = 0.03
# How far points may be off in the first and the last step, and how much features count beside all of them.
_GATES, _STEPS = (0.12, 0.02), 14
_FEATURE_WEIGHT = 4.0
# Variance of a feature's place along the ray against that across it. On rendered views of a stereo camera at 0.5 m half
# of the features are off by 1.0 mm along and 0.4 mm across, with a long tail along. Held equal, depth turns views.
_RAY_VARIANCE = 40.0
_COLOUR_SIGMA = 0.12
_OUTLIER_NEIGHBOURS, _OUTLIER_RATIO = 20, 2.0
_FEATURE_MARGIN_PX = 8
_FEATURE_CROP_PX = 480


@dataclass(frozen=True, eq=False)
class ViewCloud:
    """What a view shows of the object, in its camera's frame.

    coarse and fine: with colours and normals; points (K, 3) at features with descriptors (K, 128).
    """

    coarse: "o3d.geometry.PointCloud"
    fine: "o3d.geometry.PointCloud"
    points: Points
    descriptors: np.ndarray

    @classmethod
    def of(cls, view: ReferenceView, size_m: float) -> "ViewCloud":
        """Take from a view; size_m: of the object, to which all distances are in proportion."""
        inner = cv2.erode(view.mask.astype(np.uint8), np.ones((2 * RIM_PX + 1,) * 2, np.uint8), borderValue=0) > 0
        whole = _cloud(ReferenceView(view.frame, inner, name=view.name))
        return cls(downsampled(whole, COARSE * size_m), downsampled(whole, FINE * size_m), *_features(view, inner))


@dataclass(frozen=True, eq=False)
class ViewMotion:
    """T_to_from (4, 4) float64 between two cameras; score 0..1: share of points that shape and colour confirm."""

    T_to_from: Pose
    score: float


@dataclass(frozen=True, eq=False)
class Matches:
    """Points (M, 3) of one view's features, in its camera's frame, and where another view shows them.

    seen_at (M, 3) and the unit rays seen_along (M, 3) on which its camera saw them: in the frame of that camera, or in
    the one that `placed` moved them to. T_to_from (4, 4): what most of them agree on, between the cameras; count: how
    many do.
    """

    points: Points
    seen_at: np.ndarray
    seen_along: np.ndarray
    T_to_from: Pose
    count: int

    def placed(self, T: Pose) -> "Matches":
        """Return the matches with what the other view shows moved to another frame by T (4, 4)."""
        return replace(self, seen_at=se3.transform_points(T, self.seen_at), seen_along=self.seen_along @ T[:3, :3].T)


def matched(source: ViewCloud, target: ViewCloud, size_m: float, seed: int = 0) -> Matches | None:
    """Find features of two views that a rigid motion explains (RANSAC: Fischler and Bolles 1981); None for too few."""
    if min(len(source.points), len(target.points)) < _FEWEST_MATCHES:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(source.descriptors, target.descriptors, k=2)
    good = [first for first, second in pairs if first.distance < _RATIO * second.distance]
    if len(good) < _FEWEST_MATCHES:
        return None
    a = source.points[[match.queryIdx for match in good]]
    b = target.points[[match.trainIdx for match in good]]
    triples = np.random.default_rng(seed).integers(len(good), size=(_RANSAC_DRAWS, 3))
    T = se3.best_fit(a[triples], b[triples])
    agree = np.linalg.norm(se3.transform_points(T, a) - b, axis=-1) < _SAME * size_m  # (draws, matches)
    best = agree[agree.sum(axis=1).argmax()]
    if best.sum() < _FEWEST_MATCHES:
        return None
    return Matches(a[best], b[best], _unit(b[best]), se3.best_fit(a[best], b[best]), int(best.sum()))


def aligned(
    source: ViewCloud, target: "Target", starts: Sequence[np.ndarray], matches: Sequence[Matches], size_m: float
) -> ViewMotion:
    """Return the best of several starts T_target_source (4, 4), each aligned to the target.

    Points of the source move along the target's normals (Chen and Medioni 1992), features to where they were seen:
    what one leaves open, a flat print or a plain round wall, the other fixes. matches: of source points with points
    in the target's frame.
    """
    motions = []
    for T in starts:
        T = np.array(T, np.float64)
        for gate_m in size_m * np.geomspace(*_GATES, _STEPS):
            T = _step(T, source.coarse, target, matches, gate_m)
        motions.append(ViewMotion(T, target.confirmed(source.coarse, T, _SAME * size_m)))
    return max(motions, key=lambda motion: motion.score)


class Target:
    """Points that others are aligned to, in one frame: of one view, or of several together."""

    def __init__(self, cloud: "o3d.geometry.PointCloud") -> None:
        self._points, self._normals = np.asarray(cloud.points), np.asarray(cloud.normals)
        self._colours = np.asarray(cloud.colors)
        self._tree = cKDTree(self._points)

    def nearest(self, points: Points) -> tuple[np.ndarray, np.ndarray]:
        """Return points (N, 3) and normals (N, 3) of the target next to given ones."""
        index = self._tree.query(points)[1]
        return self._points[index], self._normals[index]

    def confirmed(self, source: "o3d.geometry.PointCloud", T: Pose, within_m: float) -> float:
        """Return share of the source's points that lie on the target, weighed by how alike their colours are."""
        distance, index = self._tree.query(se3.transform_points(T, np.asarray(source.points)))
        off = np.asarray(source.colors) - self._colours[index]
        off -= np.median(off, axis=0)  # exposure
        alike = np.exp(-((off / _COLOUR_SIGMA) ** 2).mean(axis=1) / 2)
        return float((alike * (distance < within_m)).mean())


def information(source: ViewCloud, target: ViewCloud, T: Pose, size_m: float) -> np.ndarray:
    """Return (6, 6) of a motion between two views, for a pose graph: how well their overlap holds each direction."""
    return o3d.pipelines.registration.get_information_matrix_from_point_clouds(
        source.coarse, target.fine, _SAME * size_m, T
    )


def _step(
    T: Pose, source: "o3d.geometry.PointCloud", target: Target, matches: Sequence[Matches], gate_m: float
) -> np.ndarray:
    """One Gauss-Newton step on both kinds of residuals, those beyond the gate left out."""
    points = se3.transform_points(T, np.asarray(source.points))
    onto, normals = target.nearest(points)
    pivot = points.mean(axis=0)
    off = np.einsum("ni,ni->n", onto - points, normals)
    near = np.linalg.norm(onto - points, axis=1) < 2 * gate_m
    weight = near * np.maximum(1 - (off / gate_m) ** 2, 0) ** 2
    jacobian = np.concatenate([normals, np.cross(points - pivot, normals)], axis=1)  # (N, 6)
    H, g = (jacobian * weight[:, None]).T @ jacobian, (jacobian * weight[:, None]).T @ off
    if matches:
        a = np.concatenate([match.points for match in matches])
        moved = se3.transform_points(T, a)
        apart = np.concatenate([match.seen_at for match in matches]) - moved  # (M, 3)
        trust = np.maximum(1 - (np.linalg.norm(apart, axis=1) / gate_m) ** 2, 0) ** 2
        trust *= _FEATURE_WEIGHT * weight.sum() / max(trust.sum(), 1e-9)
        rays = _unit(a) @ T[:3, :3].T, np.concatenate([match.seen_along for match in matches])
        certainty = trust[:, None, None] * _certainty(*rays)  # (M, 3, 3)
        lever = np.concatenate(
            [np.tile(np.eye(3), (len(a), 1, 1)), -se3.cross_matrix(moved - pivot)], axis=2
        )  # (M, 3, 6)
        H += np.einsum("mki,mkl,mlj->ij", lever, certainty, lever)
        g += np.einsum("mki,mkl,ml->i", lever, certainty, apart)
    twist = np.linalg.solve(H + 1e-9 * (1 + np.trace(H)) * np.eye(6), g)
    # The twist turns about the points' middle; that of a pose turns about its own origin.
    about = se3.apply_twist(np.eye(4), twist, pivot).astype(np.float64)
    return about @ T


def _certainty(ray_a: np.ndarray, ray_b: np.ndarray) -> np.ndarray:
    """Return inverse covariances (M, 3, 3) of how far apart two cameras see a feature, on rays (M, 3) in one frame."""
    along = ray_a[:, :, None] * ray_a[:, None] + ray_b[:, :, None] * ray_b[:, None]
    return np.linalg.inv(np.eye(3) + _RAY_VARIANCE * along / 2)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _cloud(view: ReferenceView) -> "o3d.geometry.PointCloud":
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(view.points_cam().astype(np.float64)))
    cloud.colors = o3d.utility.Vector3dVector(view.frame.rgb[view.seen].astype(np.float64) / 255)
    return cloud


def downsampled(cloud: "o3d.geometry.PointCloud", voxel_m: float) -> "o3d.geometry.PointCloud":
    """Return a point per voxel, strays dropped, with normals."""
    cloud = cloud.voxel_down_sample(voxel_m)
    cloud, _ = cloud.remove_statistical_outlier(_OUTLIER_NEIGHBOURS, _OUTLIER_RATIO)
    cloud.estimate_normals(o3d.geometry.KDTreeSearchParamHybrid(3 * voxel_m, 30))
    return cloud


def _features(view: ReferenceView, inner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (K, 3) and descriptors (K, 128) of corners on the object whose depth is known."""
    rows, columns = np.flatnonzero(inner.any(axis=1)), np.flatnonzero(inner.any(axis=0))
    if len(rows) == 0:
        return np.zeros((0, 3)), np.zeros((0, 128), np.float32)
    top, left = max(rows[0] - _FEATURE_MARGIN_PX, 0), max(columns[0] - _FEATURE_MARGIN_PX, 0)
    part = np.s_[top : rows[-1] + _FEATURE_MARGIN_PX, left : columns[-1] + _FEATURE_MARGIN_PX]
    gray: np.ndarray = cv2.cvtColor(view.frame.rgb[part], cv2.COLOR_RGB2GRAY)
    mask = inner[part].astype(np.uint8)
    # Small objects are looked at enlarged: features of a few pixels tell little.
    scale = float(np.clip(_FEATURE_CROP_PX / max(gray.shape), 1.0, 3.0))
    gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    enlarged = cv2.resize(mask, gray.shape[::-1], interpolation=cv2.INTER_NEAREST)
    sift = cv2.SIFT_create(400, contrastThreshold=0.02)  # type: ignore[attr-defined]
    keypoints, descriptors = sift.detectAndCompute(gray, enlarged)
    if descriptors is None:
        return np.zeros((0, 3)), np.zeros((0, 128), np.float32)
    pixels = (np.array([keypoint.pt for keypoint in keypoints]) + 0.5) / scale - 0.5 + (left, top)
    column, row = np.round(pixels).astype(int).T
    known = view.seen[row.clip(0, len(inner) - 1), column.clip(0, inner.shape[1] - 1)]
    pixels, column, row = pixels[known], column[known], row[known]
    points = view.frame.camera.rays(pixels[:, 0], pixels[:, 1]) * view.frame.depth_m[row, column][:, None]
    return points.astype(np.float64), descriptors[known]
