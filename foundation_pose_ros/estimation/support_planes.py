"""Tables, floors and walls of a frame: planes in its depth, on which things stand and through which none reaches."""

from dataclasses import dataclass

import numpy as np

from ..observation.downsampled_depth import DownsampledDepth
from ..rendering import Renderer

# A plane is thicker than the noise, which grows with the square of the distance, 1/m; faces of things that merely cross
# it stay. What is this much nearer to it is surely the plane's.
_THICK_M, _THICK_PER_M2, _SURELY = 0.008, 0.006, 0.5
# Of the measured pixels the least share, and the fewest, that a plane has; and how many planes are looked for.
_LEAST_SHARE, _FEWEST_PIXELS, _MOST_PLANES = 0.06, 80, 4
# Triples of points that are tried for each, and points by which they are weighed.
_TRIALS, _SAMPLED = 150, 2500
# A plane carries things that are so many times less wide.
_EXTENT = 1.8
# Of a found object so much may lie so many diameters deep in a table: masks, planes and poses are never exact.
_SUNK_SHARE, _SUNK_REACH = 0.04, 0.08


@dataclass(frozen=True)
class Plane:
    """near (h, w) bool: pixels within its thickness; surely (h, w) bool: within half of it. width_m: across."""

    near: np.ndarray
    surely: np.ndarray
    width_m: float


@dataclass(frozen=True)
class SupportPlanes:
    """Which pixels are on a plane wider than the object: on_plane (h, w) bool, surely (h, w) bool without doubt."""

    depth: DownsampledDepth
    on_plane: np.ndarray
    surely: np.ndarray

    @classmethod
    def of(cls, depth: DownsampledDepth, planes: tuple[Plane, ...], diameter_m: float) -> "SupportPlanes":
        """Choose those of the planes that an object of this diameter may stand on."""
        wide = [plane for plane in planes if plane.width_m > _EXTENT * diameter_m]
        on_plane, surely = np.zeros((2, *depth.depth_m.shape), bool)
        for plane in wide:
            on_plane |= plane.near
            surely |= plane.surely
        return cls(depth, on_plane, surely)

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


def planes_of(points: np.ndarray, usable: np.ndarray) -> tuple[Plane, ...]:
    """Find the largest planes in organised points (h, w, 3), from those that are usable (h, w).

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
        spread_m = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(points[inliers].T)), 0))[1:]
        near = valid & (distance_m < thick_m)
        # Of an even strip the standard deviation is its width over root 12.
        planes.append(Plane(near, near & (distance_m < _SURELY * thick_m), float(np.sqrt(12) * spread_m[0])))
    return tuple(planes)


def _largest_plane(points: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float]:
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
