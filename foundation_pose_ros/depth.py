"""Depth images: smoothing, holes, edges and normals. Metres, 0 where nothing was measured."""

import cv2
import numpy as np

from .compiled import compiled

# Neighbours further apart in depth than this share of the depth lie on different surfaces.
_EDGE_SHARE = 0.02
_EDGE_FLOOR_M = 0.004
# Depth per way across, of the steepest surface that cameras still measure: some 70 degrees.
_STEEPEST = 2.7


def normals_and_edges(points: np.ndarray, pitch: float) -> tuple[np.ndarray, np.ndarray]:
    """Unit normals (n, m, 3) towards the camera from organised points (n, m, 3), and which lie next to a depth jump.

    pitch: distance of neighbouring rays at a depth of 1. Central differences over a lightly smoothed cloud; a normal
    is 0 where a neighbour is missing or across a jump.
    """
    depth_m = points[..., 2]
    valid = depth_m > 0
    far = np.where(valid, depth_m, np.float32(0))
    near = np.where(valid, depth_m, np.float32(1e6))
    kernel = np.ones((3, 3), np.uint8)
    spread = cv2.dilate(far, kernel) - cv2.erode(near, kernel)
    # A slope is no jump: neighbours on a coarse grid are far apart, and so are their depths.
    limit = np.maximum(max(_EDGE_SHARE, _STEEPEST * pitch) * depth_m, _EDGE_FLOOR_M) * 2
    on_edge = valid & ((spread > limit) | (cv2.erode(valid.astype(np.uint8), kernel) == 0))
    return _normals(smoothed(points, valid), valid & ~on_edge), on_edge


@compiled
def _normals(points, usable):  # type: ignore[no-untyped-def]
    """(n, m, 3) float32 from central differences; 0 where not usable (n, m), and at the image's border."""
    normals = np.zeros(points.shape, np.float32)
    for v in range(1, points.shape[0] - 1):
        for u in range(1, points.shape[1] - 1):
            if usable[v, u]:
                x, y = points[v, u + 1] - points[v, u - 1], points[v + 1, u] - points[v - 1, u]
                nx, ny, nz = y[1] * x[2] - y[2] * x[1], y[2] * x[0] - y[0] * x[2], y[0] * x[1] - y[1] * x[0]
                length = np.sqrt(nx * nx + ny * ny + nz * nz)
                if length > 1e-12:
                    normals[v, u, 0], normals[v, u, 1], normals[v, u, 2] = nx / length, ny / length, nz / length
    return normals


def smoothed(points: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Mean of organised points (n, m, 3) over 3 x 3 neighbourhoods, of valid (n, m) pixels alone."""
    weight = cv2.blur(valid.astype(np.float32), (3, 3))
    return cv2.blur(np.where(valid[..., None], points, 0), (3, 3)) / np.maximum(weight, 1e-6)[..., None]


def filled_from_nearest(depth_m: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Depth (n, m) with each pixel that isn't known (n, m) taken from the nearest known one; 0 where none is."""
    if not known.any():
        return np.zeros_like(depth_m)
    _, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.zeros(labels.max() + 1, depth_m.dtype)
    nearest[labels[known]] = depth_m[known]
    return nearest[labels]
