"""Depth images: smoothing, holes, edges and normals. Metres, 0 where nothing was measured."""

from typing import Any

import cv2
import numpy as np

from .jit import compiled, inlinable

# Neighbours further apart in depth than this share of the depth lie on different surfaces.
_EDGE_SHARE = 0.02
_EDGE_FLOOR_M = 0.004
# Observed depth this near to an object's is explained by it: a share of its diameter, and at least so much.
_EXPLAINED_SHARE, _EXPLAINED_M = 0.04, 0.004
# What stands this far before a surface hides it; less is noise of the sensor and of the pose.
IN_FRONT_M = 0.02
# Depth per way across, of the steepest surface that cameras still measure: some 70 degrees.
_STEEPEST = 2.7
# Of fewer samples nothing is told. Median of how far a sample lies from its neighbours' sum, of normal noise of 1.
_FEWEST_SAMPLES, _MEDIAN_OF_SECOND_DIFFERENCES = 100, 0.6745 * 6**0.5


def normals_and_edges(points: np.ndarray, pitch: float) -> tuple[np.ndarray, np.ndarray]:
    """Find unit normals (n, m, 3) towards the camera from organised points (n, m, 3), and which lie next to a depth
    jump.

    pitch: distance of neighbouring rays at a depth of 1. Central differences over a lightly smoothed cloud; a normal
    is 0 where a neighbour is missing or across a jump.
    """
    # A slope is no jump: neighbours on a coarse grid are far apart, and so are their depths.
    return _normals_and_edges(
        np.ascontiguousarray(points, np.float32), 2 * max(_EDGE_SHARE, _STEEPEST * pitch), 2 * _EDGE_FLOOR_M
    )


@compiled
def _normals_and_edges(points: Any, limit_share: float, limit_floor_m: float) -> Any:
    height, width, _ = points.shape
    valid, usable = np.empty((height, width), np.bool_), np.empty((height, width), np.bool_)
    bordered_m = np.empty((height + 2, width + 2), np.float32)
    for v in range(height + 2):
        row = min(max(v - 1, 0), height - 1)
        for u in range(width + 2):
            bordered_m[v, u] = points[row, min(max(u - 1, 0), width - 1), 2]
    on_edge = _beside_jumps(bordered_m, limit_share, limit_floor_m)
    for v in range(height):
        for u in range(width):
            valid[v, u] = points[v, u, 2] > 0
            usable[v, u] = valid[v, u] & ~on_edge[v, u]
    return _normals(smoothed(points, valid), usable), on_edge


@compiled
def _beside_jumps(depth_m: Any, limit_share: Any, limit_floor_m: Any) -> Any:
    """(n, m): measured, but within a pixel of where nothing was, or depths differ by more than the limit.

    depth_m (n + 2, m + 2): with its border repeated.
    """
    height, width = depth_m.shape[0] - 2, depth_m.shape[1] - 2
    near, far = np.empty((2, height + 2, width), np.float32)
    on_edge = np.empty((height, width), np.bool_)
    # Rows first, then columns, without branches: the compiler then works on many pixels at a time.
    for v in range(height + 2):
        for u in range(width):
            near[v, u] = min(depth_m[v, u], depth_m[v, u + 1], depth_m[v, u + 2])
            far[v, u] = max(depth_m[v, u], depth_m[v, u + 1], depth_m[v, u + 2])
    for v in range(height):
        for u in range(width):
            nearest, middle = min(near[v, u], near[v + 1, u], near[v + 2, u]), depth_m[v + 1, u + 1]
            jump = max(far[v, u], far[v + 1, u], far[v + 2, u]) - nearest
            steep = jump > max(limit_share * middle, limit_floor_m)
            on_edge[v, u] = (middle > 0) & ((nearest <= 0) | steep)
    return on_edge


@compiled
def _normals(points: Any, usable: Any) -> Any:
    """(n, m, 3) float32 from central differences; 0 where not usable (n, m), and at the image's border."""
    normals = np.zeros(points.shape, np.float32)
    for v in range(1, points.shape[0] - 1):
        for u in range(1, points.shape[1] - 1):
            if usable[v, u]:
                # Number by number: differences of rows would be arrays, which have to be allocated.
                ax, bx = points[v, u + 1, 0] - points[v, u - 1, 0], points[v + 1, u, 0] - points[v - 1, u, 0]
                ay, by = points[v, u + 1, 1] - points[v, u - 1, 1], points[v + 1, u, 1] - points[v - 1, u, 1]
                az, bz = points[v, u + 1, 2] - points[v, u - 1, 2], points[v + 1, u, 2] - points[v - 1, u, 2]
                nx, ny, nz = by * az - bz * ay, bz * ax - bx * az, bx * ay - by * ax
                length = np.sqrt(nx * nx + ny * ny + nz * nz)
                if length > 1e-12:
                    normals[v, u, 0], normals[v, u, 1], normals[v, u, 2] = nx / length, ny / length, nz / length
    return normals


@compiled
def smoothed(points: Any, valid: Any) -> Any:
    """Return the mean of organised points (n, m, 3) over 3 x 3 neighbourhoods, of valid (n, m) pixels alone.

    Float32, 0 where none is. Beyond the border follows what lies within, mirrored.
    """
    height, width = valid.shape
    means = np.empty((height, width, 3), np.float32)
    # Of the three pixels above each other at every column: sums, and how many are valid.
    sums = np.empty((width, 4), np.float32)
    for v in range(height):
        above, below = _mirrored(v - 1, height), _mirrored(v + 1, height)
        for u in range(width):
            here, over, under = np.float32(valid[v, u]), np.float32(valid[above, u]), np.float32(valid[below, u])
            for axis in range(3):
                of_others = over * points[above, u, axis] + under * points[below, u, axis]
                sums[u, axis] = here * points[v, u, axis] + of_others
            sums[u, 3] = here + over + under
        for u in range(width):
            left, right = _mirrored(u - 1, width), _mirrored(u + 1, width)
            count = sums[left, 3] + sums[u, 3] + sums[right, 3]
            scale = np.float32(1) / max(count, np.float32(1))
            for axis in range(3):
                means[v, u, axis] = scale * (sums[left, axis] + sums[u, axis] + sums[right, axis])
    return means


@compiled
def _mirrored(place: int, length: int) -> int:
    """Return the place within a row of which one beside its border is the mirror image."""
    return max(min(abs(place), 2 * (length - 1) - place), 0)


@compiled
def noise_per_m2(depth_m: Any) -> float:
    """Return the standard deviation of depth (n, n) at a metre, 1/m; it grows with the square of the distance.

    By how far samples lie from the middle of their neighbours, in the median, to which edges and bends hardly matter on
    a fine grid. Noise that neighbours share isn't seen. 0 where too little was measured.
    """
    height, width = depth_m.shape
    apart, count = np.empty(height * width, np.float32), 0
    for v in range(height):
        # Every second sample is enough.
        for u in range(1 + v % 2, width - 1, 2):
            before, here, after = depth_m[v, u - 1], depth_m[v, u], depth_m[v, u + 1]
            if before > 0 and here > 0 and after > 0:
                apart[count] = abs(before - 2 * here + after) / (here * here)
                count += 1
    if count < _FEWEST_SAMPLES:
        return 0.0
    return float(np.median(apart[:count])) / _MEDIAN_OF_SECOND_DIFFERENCES


def filled_from_nearest(depth_m: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Fill each pixel of depth (n, m) that isn't known (n, m) from the nearest known one; 0 where none is."""
    if not known.any():
        return np.zeros_like(depth_m)
    _, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.zeros(labels.max() + 1, depth_m.dtype)
    nearest[labels[known]] = depth_m[known]
    return nearest[labels]


def explained(observed_m: np.ndarray, rendered_m: np.ndarray, diameter_m: float) -> np.ndarray:
    """Return where (bool) depth was measured on an object of this diameter that is rendered there."""
    near_m = explained_within_m(diameter_m)
    return (rendered_m > 0) & (observed_m > 0) & (np.abs(observed_m - rendered_m) < near_m)


def explained_within_m(diameter_m: float) -> float:
    """Return how far off depth may be that was measured on an object of this diameter."""
    return max(_EXPLAINED_SHARE * diameter_m, _EXPLAINED_M)


@inlinable
def in_front(measured_m: Any, surface_m: Any, gap_m: Any = IN_FRONT_M) -> Any:
    """Return where (bool) depth was measured by more than a gap before a surface, which is hidden there.

    Both depths are of the same pixels, arrays of one shape or numbers; where nothing was measured, 0, nothing is in
    front. gap_m: more than sensor and pose may be off by, IN_FRONT_M where that isn't known better.
    """
    return (measured_m > 0) & (measured_m < surface_m - gap_m)
