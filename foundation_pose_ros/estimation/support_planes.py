"""Tables, floors and walls of a frame: planes in its depth, on which things stand and through which none reaches."""

from dataclasses import dataclass

import cv2
import numpy as np

from .. import se3
from ..arrays import Mask, Points, Pose
from ..object_model.model import ObjectModel
from ..observation.downsampled_depth import DownsampledDepth
from ..rendering import Renderer

# A plane is thicker than the noise, which grows with the square of the distance, 1/m; faces of things that merely cross
# it stay. What is this much nearer to it is surely the plane's.
_THICK_M, _THICK_PER_M2, _SURELY = 0.008, 0.006, 0.5
# Of the measured pixels the least share, and the fewest, that a plane has; and how many planes are looked for.
_LEAST_SHARE, _FEWEST_PIXELS, _MOST_PLANES = 0.06, 80, 4
# What is flat stands out of a plane by more than so much, in the mean over so many pixels.
_RAISED_M, _RAISED_PER_M2, _MEAN_PX = 0.0025, 0.002, 5
# What lies flat on a plane shows in another colour: its log chroma, in the median over so many pixels, is off the
# plane's by more than so much, and by so many times what half of the plane is: of a printed cloth nothing stands out.
_OTHER_CHROMA, _OTHER_SPREADS, _MEDIAN_PX = 0.12, 4.0, 3
# Triples of points that are tried for each, and points by which they are weighed.
_TRIALS, _SAMPLED = 150, 2500
# A plane is none of the object's faces where it is so many times wider than its diameter, or, so wide that it may be a
# table, than its second extent, than which none of its faces is wider.
_WIDER, _TABLE_M = 1.8, 0.35
# Of a found object so much may lie so many diameters deep in a table: masks, planes and poses are never exact.
_SUNK_SHARE, _SUNK_REACH = 0.04, 0.08
# Of its whole surface, by so many points, or fewer at the image's border, so much may lie as deep where it is seen.
_BODY_POINTS, _FEWEST_POINTS, _BURIED_SHARE = 400, 40, 0.15


@dataclass(frozen=True)
class Plane:
    """normal (3,), offset_m: points of the camera's side have normal . p + offset_m > 0. width_m: across.

    near (h, w) bool: pixels within its thickness. raised (h, w) bool: those of them that stand out of it together, or
    are in another colour, as flat things are. surely (h, w) bool: within half its thickness, in its colours.
    """

    normal: np.ndarray
    offset_m: float
    near: Mask
    surely: Mask
    raised: Mask
    width_m: float


@dataclass(frozen=True)
class SupportPlanes:
    """Which pixels are on a plane wider than the object: on_plane (h, w) bool, surely (h, w) bool without doubt.

    raised (h, w) bool: of those, what may be a flat thing. planes: the ones that are wider.
    """

    depth: DownsampledDepth
    on_plane: Mask
    surely: Mask
    raised: Mask
    planes: tuple[Plane, ...] = ()

    @classmethod
    def of(cls, depth: DownsampledDepth, planes: tuple[Plane, ...], least_width_m: float) -> "SupportPlanes":
        """Choose those of the planes that are wider than so much."""
        wide = tuple(plane for plane in planes if plane.width_m > least_width_m)
        on_plane, surely, raised = np.zeros((3, *depth.depth_m.shape), bool)
        for plane in wide:
            on_plane |= plane.near
            surely |= plane.surely
            raised |= plane.raised
        return cls(depth, on_plane, surely, raised, wide)

    def penetrated_by(self, renderer: Renderer, T_cam_obj: Pose, model: ObjectModel) -> bool:
        """Tell whether too much of an object at T_cam_obj (4, 4) would stick in a table or wall: it can't be there."""
        reach_m = _SUNK_REACH * model.diameter_m
        if self.sunk_share(renderer, T_cam_obj, reach_m) > _SUNK_SHARE:
            return True
        points = se3.transform_points(T_cam_obj, model.surface_points(_BODY_POINTS))
        return self.buried_share(points, reach_m) > _BURIED_SHARE

    def buried_share(self, points: Points, reach_m: float) -> float:
        """Return 0..1: of points (N, 3) of a body, its far side too, the share within the image so deep beneath planes.

        Of a box whose one face lies level with the table top no outline shows that all the rest is in the table.
        """
        depth = self.depth
        pixels = np.round(points / np.maximum(points[:, 2:], 1e-6) @ depth.K.T)[:, :2].astype(int)  # (N, 2)
        height, width = depth.depth_m.shape
        inside = ((pixels >= 0) & (pixels < (width, height))).all(axis=1) & (points[:, 2] > 0)
        u, v = pixels[inside].T
        buried = np.zeros(int(inside.sum()), bool)
        for plane in self.planes:
            buried |= plane.near[v, u] & (points[inside] @ plane.normal + plane.offset_m < -reach_m)
        return float(buried.sum() / max(len(buried), _FEWEST_POINTS))

    def sunk_share(self, renderer: Renderer, T_cam_obj: Pose, reach_m: float) -> float:
        """Return 0..1: the share of the outline of an object at T_cam_obj (4, 4) that lies deeper than reach_m behind
        planes.

        What a hand or a neighbour hides may be there all the same; what a table top hides is in the table.
        """
        depth = self.depth
        rendered_m = renderer.render(T_cam_obj[None], depth.K, depth.depth_m.shape).depth_m[0]
        hit = rendered_m > 0
        sunk = hit & self.on_plane & (rendered_m > depth.depth_m + reach_m)
        return float(sunk.sum() / max(hit.sum(), 1))


def least_width_m(model: ObjectModel) -> float:
    """Return how wide a plane is at least that this object may stand on.

    By its diameter alone a pan has no table to stand on where half a metre of one is in view.
    """
    across_m = float(np.sort(model.extents_m)[1])
    return min(_WIDER * model.diameter_m, max(_WIDER * across_m, _TABLE_M))


def planes_of(points: np.ndarray, usable: np.ndarray, chroma: np.ndarray) -> tuple[Plane, ...]:
    """Find the largest planes in organised points (h, w, 3), from those that are usable (h, w).

    chroma (h, w, 2): logarithms of red and blue over green.

    Random triples are weighed by how many points lie on their plane (RANSAC, Fischler and Bolles 1981), and the best
    plane is fitted to those. The same points give the same planes.
    """
    rng = np.random.default_rng(0)
    rest = usable.copy()
    valid = points[..., 2] > 0
    thick_m = np.maximum(_THICK_M, _THICK_PER_M2 * np.square(points[..., 2]))
    fewest = max(_FEWEST_PIXELS, int(_LEAST_SHARE * valid.sum()))
    planes: list[Plane] = []
    while len(planes) < _MOST_PLANES and rest.sum() >= fewest:
        normal, offset_m = _largest_plane(points[rest], rng)
        distance_m = np.abs(points @ normal + offset_m)
        inliers = rest & (distance_m < thick_m)
        if inliers.sum() < fewest:
            break
        rest &= ~inliers
        spread_m = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(points[_largest_piece(inliers)].T)), 0))[1:]
        near = valid & (distance_m < thick_m)
        other = _in_another_colour(chroma, near)
        surely = near & (distance_m < _SURELY * thick_m) & ~other
        raised = _raised(points, near, normal, offset_m) | other
        # Of an even strip the standard deviation is its width over root 12.
        towards = -1 if offset_m < 0 else 1
        width_m = float(np.sqrt(12) * spread_m[0])
        planes.append(Plane(towards * normal, towards * offset_m, near, surely, raised, width_m))
    return tuple(planes)


def _in_another_colour(chroma: np.ndarray, near: np.ndarray) -> Mask:
    """Return (h, w) bool: where chroma (h, w, 2) isn't that of a plane, which is near (h, w): what lies flat on it."""
    off = np.linalg.norm(chroma - np.median(chroma[near], axis=0), axis=-1).astype(np.float32)
    off = cv2.medianBlur(off, _MEDIAN_PX)
    return np.asarray(near & (off > max(_OTHER_CHROMA, _OTHER_SPREADS * float(np.median(off[near])))))


def _raised(points: np.ndarray, near: np.ndarray, normal: np.ndarray, offset_m: float) -> Mask:
    """Return (h, w) bool: pixels near a plane that stand out of it towards the camera, in the mean of their neighbours.

    A single depth is no better known than to the plane's thickness.
    """
    height_m = np.where(near, points @ normal + offset_m, 0).astype(np.float32) * (-1 if offset_m < 0 else 1)
    count, size = cv2.blur(near.astype(np.float32), (_MEAN_PX, _MEAN_PX)), (_MEAN_PX, _MEAN_PX)
    mean_m = cv2.blur(height_m, size) / np.maximum(count, 1e-6)
    return near & (mean_m > _RAISED_M + _RAISED_PER_M2 * np.square(points[..., 2]))


def _largest_piece(inliers: np.ndarray) -> Mask:
    """Return the largest connected piece (h, w) bool: faces of several things may lie in one plane, and are none."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(inliers.astype(np.uint8), connectivity=8)
    piece: np.ndarray = labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return piece


def _largest_plane(points: Points, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Return unit normal (3,) and offset of the plane with the most of points (N, 3): n . p + offset = 0 on it."""
    sample = points[rng.choice(len(points), min(len(points), _SAMPLED), replace=False)]
    corners = sample[rng.integers(0, len(sample), (_TRIALS, 3))]  # (T, 3, 3)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals /= np.maximum(length, 1e-12)
    offsets = -np.einsum("ti,ti->t", normals, corners[:, 0])
    # A depth further away is measured less well, and covers more.
    thick_m = np.maximum(_THICK_M, _THICK_PER_M2 * np.square(sample[:, 2]))
    close = (np.abs(sample @ normals.T + offsets) < thick_m[:, None]) & (length[:, 0] > 0)  # (S, T)
    inliers = sample[close[:, np.argmax(close.sum(axis=0))]]
    middle = inliers.mean(axis=0)
    normal = np.linalg.svd(inliers - middle, full_matrices=False)[2][2]
    return normal, float(-normal @ middle)
