"""Where in a frame an object might stand that no mask shows: things of its size, cut out of the depth image."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..depth import normals_and_edges
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..observation.downsampled_depth import DownsampledDepth
from ..rendering import Renderer

_FEWEST_PIXELS = 20
# Supporting planes are thicker than the noise, and wider than the object that may stand on them.
_PLANE_M, _PLANE_SHARE, _PLANE_EXTENT, _MOST_PLANES = 0.008, 0.08, 1.8, 3
_RANSAC_STEPS = 120
# A thing's area in square diameters, and its extent in diameters, that can be the object's.
_AREA, _EXTENT = (0.02, 1.1), (0.15, 1.35)
# Jumps of so many diameters are between things, and masks that overlap by so much are of one thing.
_JUMP, _SAME = 0.6, 0.8
# Of a found object so much may lie so many diameters deep in a table: masks, planes and poses are never exact.
_SUNK_SHARE, _SUNK_REACH = 0.04, 0.08
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
    planes: "SupportPlanes"


@dataclass(frozen=True)
class SupportPlanes:
    """Which pixels on_plane (h, w) bool are on a plane wider than the object."""

    depth: DownsampledDepth
    on_plane: np.ndarray

    def penetrated_by(self, renderer: Renderer, T_cam_obj: np.ndarray, diameter_m: float) -> bool:
        """Tell whether too much of an object at T_cam_obj (4, 4) would stick in a table or wall: it can't be there."""
        return self.sunk_share(renderer, T_cam_obj, _SUNK_REACH * diameter_m) > _SUNK_SHARE

    def sunk_share(self, renderer: Renderer, T_cam_obj: np.ndarray, reach_m: float) -> float:
        """Return 0..1: the share of the outline of an object at T_cam_obj (4, 4) that lies deeper than reach_m behind
        planes.

        What a hand or a neighbour hides may be there all the same; what a table top hides is in the table.
        """
        depth = self.depth
        rendered_m = renderer.render(T_cam_obj[None], depth.K, depth.depth_m.shape).depth_m[0]
        hit = rendered_m > 0
        sunk = hit & self.on_plane & (rendered_m > depth.depth_m + reach_m)
        return float(sunk.sum() / max(hit.sum(), 1))


class SizeColourPrior:
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
        """Return 0..1: how alike a thing of this area with these colours (N, 3) in 0..1 is."""
        size = float(np.exp(-0.5 * np.square(np.log(area_m2 / self._typical_area_m2) / 0.8)))
        if self._histogram is None:
            return size
        # Bhattacharyya's coefficient (1943).
        return size * float(np.sqrt(self._histogram * _colour_histogram(rgb)).sum())


def propose(frame: Frame, prior: SizeColourPrior) -> list[Proposal]:
    """List things in a frame that may be the object, the likeliest first.

    Planes wider than the object are taken away (tables, walls), the rest is cut at jumps in depth, and what has about
    the object's size stays. What touches a neighbour without a jump between them stays in one piece with it.
    """
    coarse = _CoarseImage.of(frame)
    on_plane = _planes(coarse, prior.diameter_m)
    free = coarse.valid & ~on_plane
    planes = SupportPlanes(coarse.depth, on_plane)
    proposals: list[Proposal] = []
    # Cut at every jump, and again only at jumps that are too large to be within the object: a mug's rim is one.
    for cut in (coarse.on_edge, coarse.jump_m > _JUMP * prior.diameter_m):
        _, labels = cv2.connectedComponents((free & ~cut).astype(np.uint8), connectivity=4)
        for label, box in _boxes(labels):
            part = (labels[box] == label).astype(np.uint8)
            grown = (cv2.dilate(part, np.ones((3, 3), np.uint8)) > 0) & free[box]
            proposal = _proposal(frame, coarse, prior, planes, box, grown)
            if proposal is not None and not any(_same(proposal.mask, other.mask) for other in proposals):
                proposals.append(proposal)
    return sorted(proposals, key=lambda p: -p.likeness)


@dataclass(frozen=True)
class _CoarseImage:
    """Coarse depth with its points (h, w, 3), and colours rgb (h, w, 3) in 0..1.

    on_edge (h, w): next to a jump; jump_m (h, w): between nearest and farthest neighbour. pitch: between rays at a
    depth of 1.
    """

    depth: DownsampledDepth
    points: np.ndarray
    on_edge: np.ndarray
    jump_m: np.ndarray
    rgb: np.ndarray
    pitch: float

    @classmethod
    def of(cls, frame: Frame) -> "_CoarseImage":
        depth = DownsampledDepth.of(frame)
        points = frame.camera.rays(depth.u[None, :], depth.v[:, None]) * depth.depth_m[..., None]
        pitch = depth.step / frame.camera.fx
        _, on_edge = normals_and_edges(points, pitch)
        rgb = cv2.resize(frame.rgb, (len(depth.u), len(depth.v)), interpolation=cv2.INTER_AREA)
        kernel = np.ones((3, 3), np.uint8)
        nearest_m = cv2.erode(np.where(depth.depth_m > 0, depth.depth_m, np.float32(1e6)), kernel)
        jump_m = cv2.dilate(depth.depth_m, kernel) - nearest_m
        return cls(depth, points, on_edge, jump_m, rgb.astype(np.float32) / 255, pitch)

    @property
    def valid(self) -> np.ndarray:
        return self.depth.depth_m > 0


def _planes(coarse: _CoarseImage, diameter_m: float) -> np.ndarray:
    """Return (h, w) bool: on a plane that is wider than the object."""
    # Imported where it is needed: only a lost object is looked for so, and Open3D takes a second to load.
    import open3d as o3d

    on_plane = np.zeros(coarse.valid.shape, bool)
    rest = coarse.valid & ~coarse.on_edge
    fewest = max(_FEWEST_PIXELS * 4, int(_PLANE_SHARE * coarse.valid.sum()))
    for seed in range(_MOST_PLANES):
        if rest.sum() < fewest:
            break
        points = coarse.points[rest]
        cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points.astype(np.float64)))
        o3d.utility.random.seed(seed)
        plane, _ = cloud.segment_plane(_PLANE_M, 3, _RANSAC_STEPS)
        # Depth noise grows with the square of the distance; faces of things that merely cross the plane stay.
        distance_m = np.abs(coarse.points @ plane[:3] + plane[3])
        limit_m = np.maximum(_PLANE_M, 0.006 * np.square(coarse.points[..., 2]))
        inliers = rest & (distance_m < limit_m)
        if inliers.sum() < fewest:
            break
        spread_m = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(coarse.points[inliers].T)), 0))[1:]
        rest &= ~inliers
        # Of an even strip the standard deviation is its width over root 12.
        if np.sqrt(12) * spread_m[0] > _PLANE_EXTENT * diameter_m:
            on_plane |= coarse.valid & (distance_m < limit_m)
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
    coarse: _CoarseImage,
    prior: SizeColourPrior,
    planes: SupportPlanes,
    box: tuple[slice, slice],
    part: np.ndarray,
) -> Proposal | None:
    points = coarse.points[box][part]
    area_m2 = float(np.square(points[:, 2] * coarse.pitch).sum())
    extent_m = float(np.ptp(points, axis=0).max())
    d = prior.diameter_m
    if not (_AREA[0] * d * d < area_m2 < _AREA[1] * d * d and _EXTENT[0] * d < extent_m < _EXTENT[1] * d):
        return None
    mask = np.zeros(coarse.valid.shape, np.uint8)
    mask[box] = part
    full = np.zeros((frame.camera.height, frame.camera.width), bool)
    enlarged = np.repeat(np.repeat(mask, coarse.depth.step, axis=0), coarse.depth.step, axis=1)[
        : full.shape[0], : full.shape[1]
    ]
    full[: enlarged.shape[0], : enlarged.shape[1]] = enlarged
    likeness = prior.likeness(area_m2, coarse.rgb[box][part])
    return Proposal(full, np.median(points, axis=0), likeness, d, planes)


def _same(mask: np.ndarray, other: np.ndarray) -> bool:
    return bool((mask & other).sum() > _SAME * (mask | other).sum())


def _colour_histogram(rgb: np.ndarray) -> np.ndarray:
    """Shares (n * n + n,) of colours (N, 3) in 0..1: chromaticity, which light's strength doesn't change, and gray."""
    total = rgb.sum(axis=1)
    red, green = (rgb[:, k] / np.maximum(total, 1e-3) for k in (0, 1))
    edges = [np.linspace(0.1, 0.65, _COLOUR_STEPS + 1)] * 2
    histogram, *_ = np.histogram2d(np.clip(red, 0.1, 0.65), np.clip(green, 0.1, 0.65), edges)
    return histogram.ravel() / max(len(rgb), 1)
