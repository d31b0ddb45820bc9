"""Where in a frame an object might stand that no mask shows: things of its size, cut out of the depth image."""

from dataclasses import dataclass

import cv2
import numpy as np
import open3d as o3d

from .depth import normals_and_edges
from .frame import Frame
from .object_model import ObjectModel
from .rendering import Renderer

# Rows of the image that things are cut out of: enough for an object 6 pixels across, whatever the camera's resolution.
_ROWS = 120
_FEWEST_PIXELS = 20
# Supporting planes are thicker than the noise, and wider than the object that may stand on them.
_PLANE_M, _PLANE_SHARE, _PLANE_EXTENT, _MOST_PLANES = 0.008, 0.08, 1.8, 3
_RANSAC_STEPS = 120
# A thing's area in square diameters, and its extent in diameters, that can be the object's.
_AREA, _EXTENT = (0.02, 1.1), (0.15, 1.35)
# Steps per channel of the histogram of colours, and how many points of the model's surface it is made from.
_COLOUR_STEPS, _COLOUR_POINTS = 6, 2000


@dataclass(frozen=True)
class Proposal:
    """mask (H, W) bool of one thing; centre_m (3,) of its visible surface in the camera's frame.

    likeness: 0..1, how far its size and its colours are the object's. diameter_m: of the object that is looked for.
    planes: tables and walls of the frame, through which nothing can reach.
    """

    mask: np.ndarray
    centre_m: np.ndarray
    likeness: float
    diameter_m: float
    planes: "WidePlanes"


@dataclass(frozen=True)
class WidePlanes:
    """Every k-th pixel of a frame, at depth_m (h, w), K (3, 3), and whether it is on a plane wider than the object."""

    K: np.ndarray
    depth_m: np.ndarray
    on_plane: np.ndarray

    def sunk_share(self, renderer: Renderer, T_cam_obj: np.ndarray, reach_m: float) -> float:
        """0..1: share of the outline, of an object at T_cam_obj (4, 4), that lies deeper than reach_m behind planes.

        What a hand or a neighbour hides may be there all the same; what a table top hides is in the table.
        """
        rendered_m = renderer.render(T_cam_obj[None], self.K, self.depth_m.shape).depth_m[0]
        hit = rendered_m > 0
        sunk = hit & self.on_plane & (rendered_m > self.depth_m + reach_m)
        return float(sunk.sum() / max(hit.sum(), 1))


class ModelLook:
    """Size and colours of a model, to compare things with."""

    def __init__(self, model: ObjectModel) -> None:
        self.diameter_m = model.diameter_m
        self._typical_area_m2 = 0.25 * float(model.mesh.area)  # mean silhouette of a convex body (Cauchy)
        self._histogram: np.ndarray | None = None
        if model.appearance is not None:
            _, faces, uv = model.surface_samples(_COLOUR_POINTS)
            rgb = model.appearance.sample(faces, uv, footprint_m=0.003)
            self._histogram = _colour_histogram(rgb)

    def likeness(self, area_m2: float, rgb: np.ndarray) -> float:
        """0..1, of a thing of this area with these colours (N, 3) in 0..1."""
        size = float(np.exp(-0.5 * np.square(np.log(area_m2 / self._typical_area_m2) / 0.8)))
        if self._histogram is None:
            return size
        # Bhattacharyya's coefficient (1943).
        return size * float(np.sqrt(self._histogram * _colour_histogram(rgb)).sum())


def propose(frame: Frame, look: ModelLook) -> list[Proposal]:
    """Things in a frame that may be the object, the likeliest first.

    Planes wider than the object are taken away (tables, walls), the rest is cut at jumps in depth, and what has about
    the object's size stays. What touches a neighbour without a jump between them stays in one piece with it.
    """
    small = _SmallImage.of(frame)
    on_plane = _planes(small, look.diameter_m)
    free = small.valid & ~on_plane
    planes = WidePlanes(small.K, small.points[..., 2], on_plane)
    _, labels = cv2.connectedComponents((free & ~small.on_edge).astype(np.uint8), connectivity=4)
    proposals = []
    for label, box in _boxes(labels):
        part = (labels[box] == label).astype(np.uint8)
        grown = (cv2.dilate(part, np.ones((3, 3), np.uint8)) > 0) & free[box]
        proposal = _proposal(frame, small, look, planes, box, grown)
        if proposal is not None:
            proposals.append(proposal)
    return sorted(proposals, key=lambda p: -p.likeness)


@dataclass(frozen=True)
class _SmallImage:
    """Every k-th pixel of a frame, with K (3, 3) of a camera that sees those: points (h, w, 3), rgb (h, w, 3) in 0..1.

    pitch: between rays at a depth of 1.
    """

    step: int
    K: np.ndarray
    points: np.ndarray
    normals: np.ndarray
    valid: np.ndarray
    on_edge: np.ndarray
    rgb: np.ndarray
    pitch: float

    @classmethod
    def of(cls, frame: Frame) -> "_SmallImage":
        step = max(1, frame.camera.height // _ROWS)
        u, v = (np.arange(step // 2, n, step) for n in (frame.camera.width, frame.camera.height))
        depth_m = frame.depth_m[np.ix_(v, u)]
        points = frame.camera.rays(u[None, :], v[:, None]) * depth_m[..., None]
        pitch = step / frame.camera.fx
        normals, on_edge = normals_and_edges(points, pitch)
        small = cv2.resize(frame.rgb, (len(u), len(v)), interpolation=cv2.INTER_AREA)
        camera = frame.camera
        K = np.array(
            [
                [camera.fx / step, 0, (camera.cx - step // 2) / step],
                [0, camera.fy / step, (camera.cy - step // 2) / step],
                [0, 0, 1],
            ],
            np.float32,
        )
        return cls(step, K, points, normals, depth_m > 0, on_edge, small.astype(np.float32) / 255, pitch)


def _planes(small: _SmallImage, diameter_m: float) -> np.ndarray:
    """(h, w) bool: on a plane that is wider than the object."""
    on_plane = np.zeros(small.valid.shape, bool)
    rest = small.valid & ~small.on_edge
    fewest = max(_FEWEST_PIXELS * 4, int(_PLANE_SHARE * small.valid.sum()))
    for seed in range(_MOST_PLANES):
        if rest.sum() < fewest:
            break
        points = small.points[rest]
        cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points.astype(np.float64)))
        o3d.utility.random.seed(seed)
        plane, _ = cloud.segment_plane(_PLANE_M, 3, _RANSAC_STEPS)
        # Depth noise grows with the square of the distance; faces of things that merely cross the plane stay.
        distance_m = np.abs(small.points @ plane[:3] + plane[3])
        limit_m = np.maximum(_PLANE_M, 0.006 * np.square(small.points[..., 2]))
        inliers = rest & (distance_m < limit_m)
        if inliers.sum() < fewest:
            break
        spread_m = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(small.points[inliers].T)), 0))[1:]
        rest &= ~inliers
        # Of an even strip the standard deviation is its width over root 12.
        if np.sqrt(12) * spread_m[0] > _PLANE_EXTENT * diameter_m:
            on_plane |= small.valid & (distance_m < limit_m)
    return on_plane


def _boxes(labels: np.ndarray) -> list[tuple[int, tuple[slice, slice]]]:
    """Label and bounding box, a pixel wider all round, of every component but the background and the tiny ones."""
    count = labels.max() + 1
    found = []
    pixels = np.bincount(labels.ravel(), minlength=count)
    for label in np.flatnonzero(pixels >= _FEWEST_PIXELS):
        if label == 0:
            continue
        rows, columns = np.nonzero(labels == label)
        box = (
            slice(max(rows.min() - 1, 0), rows.max() + 2),
            slice(max(columns.min() - 1, 0), columns.max() + 2),
        )
        found.append((int(label), box))
    return found


def _proposal(
    frame: Frame,
    small: _SmallImage,
    look: ModelLook,
    planes: WidePlanes,
    box: tuple[slice, slice],
    part: np.ndarray,
) -> Proposal | None:
    points = small.points[box][part]
    area_m2 = float(np.square(points[:, 2] * small.pitch).sum())
    extent_m = float(np.ptp(points, axis=0).max())
    d = look.diameter_m
    if not (_AREA[0] * d * d < area_m2 < _AREA[1] * d * d and _EXTENT[0] * d < extent_m < _EXTENT[1] * d):
        return None
    mask = np.zeros(small.valid.shape, np.uint8)
    mask[box] = part
    full = np.zeros((frame.camera.height, frame.camera.width), bool)
    enlarged = np.repeat(np.repeat(mask, small.step, axis=0), small.step, axis=1)[: full.shape[0], : full.shape[1]]
    full[: enlarged.shape[0], : enlarged.shape[1]] = enlarged
    likeness = look.likeness(area_m2, small.rgb[box][part])
    return Proposal(full, np.median(points, axis=0), likeness, d, planes)


def _colour_histogram(rgb: np.ndarray) -> np.ndarray:
    """Shares (n * n + n,) of colours (N, 3) in 0..1: chromaticity, which light's strength doesn't change, and gray."""
    total = rgb.sum(axis=1)
    red, green = (rgb[:, k] / np.maximum(total, 1e-3) for k in (0, 1))
    edges = [np.linspace(0.1, 0.65, _COLOUR_STEPS + 1)] * 2
    histogram, *_ = np.histogram2d(np.clip(red, 0.1, 0.65), np.clip(green, 0.1, 0.65), edges)
    return histogram.ravel() / max(len(rgb), 1)
