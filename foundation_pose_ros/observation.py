"""What a camera saw in one square crop, on a coarse grid: the side of render-and-compare that no hypothesis changes."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from .camera import Camera
from .frame import Frame

# Neighbours further apart in depth than this share of the depth lie on different surfaces.
_EDGE_SHARE = 0.02
_EDGE_FLOOR_M = 0.004


@dataclass(frozen=True)
class CropBox:
    """A square part of the image in pixels: its left and top border and its side; may reach over the image."""

    left: float
    top: float
    side: float

    def intrinsics(self, camera: Camera, size: int) -> np.ndarray:
        """K (3, 3) float32 of the virtual camera that sees this box as size x size pixels."""
        scale = self.side / size
        return np.array(
            [
                [camera.fx / scale, 0, (camera.cx - self.left + 0.5) / scale - 0.5],
                [0, camera.fy / scale, (camera.cy - self.top + 0.5) / scale - 0.5],
                [0, 0, 1],
            ],
            np.float32,
        )


@dataclass(frozen=True)
class Observation:
    """n x n samples of a frame, flattened: N = n * n.

    rays (N, 3) with z = 1; depth_m (N,), 0 = none; normals (N, 3) towards the camera, 0 = none; on_edge (N,) bool next
    to a jump in depth; mask (N,) bool or None; rgb (N, 3) float32 in 0..1, averaged over the grid's cells.
    """

    K: np.ndarray
    size: int
    rays: np.ndarray
    depth_m: np.ndarray
    normals: np.ndarray
    on_edge: np.ndarray
    mask: np.ndarray | None
    rgb: np.ndarray

    @property
    def points(self) -> np.ndarray:
        """(N, 3) in the camera's frame."""
        return self.rays * self.depth_m[:, None]

    @cached_property
    def surroundings_m(self) -> np.ndarray:
        """Depth (N,) of what the mask leaves out, its holes filled from the nearest pixel outside the mask; 0 inside.

        A stereo camera sees nothing beside an edge, and what it would see there is what comes next to the hole: if
        that stands in front of the object, it hides it there as well.
        """
        if self.mask is None:
            return self.depth_m
        outside = ~self.mask
        known = outside & (self.depth_m > 0)
        if not known.any():
            return np.zeros_like(self.depth_m)
        source = (~known).reshape(self.size, self.size).astype(np.uint8)
        _, labels = cv2.distanceTransformWithLabels(source, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        nearest = np.zeros(labels.max() + 1, np.float32)
        nearest[labels.ravel()[known]] = self.depth_m[known]
        return nearest[labels.ravel()] * outside


def observe(frame: Frame, box: CropBox, size: int, mask: np.ndarray | None = None) -> Observation:
    """Sample a frame, and a mask (H, W) of it, on a size x size grid over a box; costs grow with size alone."""
    K = box.intrinsics(frame.camera, size)
    step = box.side / size
    u = np.round(box.left - 0.5 + (np.arange(size) + 0.5) * step).astype(int)
    v = np.round(box.top - 0.5 + (np.arange(size) + 0.5) * step).astype(int)
    inside = ((u >= 0) & (u < frame.camera.width))[None, :] & ((v >= 0) & (v < frame.camera.height))[:, None]
    pick = np.ix_(np.clip(v, 0, frame.camera.height - 1), np.clip(u, 0, frame.camera.width - 1))
    depth_m = np.where(inside, frame.depth_m[pick], np.float32(0))  # (n, n)
    # The sampled pixel's own ray, not the grid's: rounding must not shift points sideways.
    rays = frame.camera.rays(u[None, :], v[:, None])  # (n, n, 3)
    normals, on_edge = normals_and_edges(rays * depth_m[..., None])
    return Observation(
        K=K,
        size=size,
        rays=rays.reshape(-1, 3),
        depth_m=depth_m.ravel(),
        normals=normals.reshape(-1, 3),
        on_edge=on_edge.ravel(),
        mask=None if mask is None else (mask[pick].astype(bool) & inside).ravel(),
        rgb=resampled(frame.rgb, box, size).reshape(-1, 3).astype(np.float32) / 255,
    )


def normals_and_edges(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit normals (n, m, 3) towards the camera from organised points (n, m, 3), and which lie next to a depth jump.

    Central differences over a lightly smoothed cloud; a normal is 0 where a neighbour is missing or across a jump.
    """
    depth_m = points[..., 2]
    valid = depth_m > 0
    far = np.where(valid, depth_m, np.float32(0))
    near = np.where(valid, depth_m, np.float32(1e6))
    kernel = np.ones((3, 3), np.uint8)
    spread = cv2.dilate(far, kernel) - cv2.erode(near, kernel)
    limit = np.maximum(_EDGE_SHARE * depth_m, _EDGE_FLOOR_M) * 2
    on_edge = valid & ((spread > limit) | (cv2.erode(valid.astype(np.uint8), kernel) == 0))
    # Normalised blur over valid points alone.
    weight = cv2.blur(valid.astype(np.float32), (3, 3))
    smooth = cv2.blur(np.where(valid[..., None], points, 0), (3, 3)) / np.maximum(weight, 1e-6)[..., None]
    dx = np.zeros_like(smooth)
    dy = np.zeros_like(smooth)
    dx[:, 1:-1] = smooth[:, 2:] - smooth[:, :-2]
    dy[1:-1] = smooth[2:] - smooth[:-2]
    normals = np.cross(dy, dx)
    length = np.linalg.norm(normals, axis=-1)
    usable = valid & ~on_edge & (length > 1e-12)
    usable[[0, -1]] = usable[:, [0, -1]] = False
    normals = np.where(usable[..., None], normals / np.maximum(length, 1e-12)[..., None], 0).astype(np.float32)
    return normals, on_edge


def resampled(rgb: np.ndarray, box: CropBox, size: int) -> np.ndarray:
    """A box of an image (H, W, 3) uint8 as (size, size, 3), cells averaged; edge colours go on outside the image."""
    side = max(round(box.side), 1)
    left, top = round(box.left), round(box.top)
    height, width = rgb.shape[:2]
    x0, x1 = np.clip([left, left + side], 0, width)
    y0, y1 = np.clip([top, top + side], 0, height)
    if x1 <= x0 or y1 <= y0:
        return np.zeros((size, size, 3), np.uint8)
    part = rgb[y0:y1, x0:x1]
    if part.shape[:2] != (side, side):
        part = cv2.copyMakeBorder(part, y0 - top, top + side - y1, x0 - left, left + side - x1, cv2.BORDER_REPLICATE)
    interpolation = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return cv2.resize(part, (size, size), interpolation=interpolation)
