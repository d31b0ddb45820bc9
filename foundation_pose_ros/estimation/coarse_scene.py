"""What every search in a frame begins with, whatever it looks for: coarse points, colours, jumps and planes."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..arrays import Mask
from ..depth import normals_and_edges
from ..frame import Frame
from ..observation.downsampled_depth import DownsampledDepth
from ..srgb import log_colours
from .support_planes import Plane, SupportPlanes, planes_of

# Surfaces that meet in a hollow: over so many pixels their normals turn towards each other by more than so much, rad.
_CREASE_PX, _CREASE_RAD = 2, 0.4


@dataclass(frozen=True, eq=False)
class CoarseScene:
    """A frame on a coarse grid (h, w).

    points: (h, w, 3) in the camera's frame. rgb: (h, w, 3) in 0..1. on_edge (h, w): next to a jump. jump_m (h, w):
    between nearest and farthest neighbour. on_crease (h, w): where surfaces meet in a hollow, as those of things that
    touch do. pitch: between rays at a depth of 1. planes: the largest ones.
    """

    frame: Frame
    depth: DownsampledDepth
    points: np.ndarray
    on_edge: np.ndarray
    jump_m: np.ndarray
    on_crease: np.ndarray
    rgb: np.ndarray
    pitch: float
    planes: tuple[Plane, ...]

    @classmethod
    def of(cls, frame: Frame) -> "CoarseScene":
        """Look at a frame; what objects are asked for comes later."""
        depth = DownsampledDepth.of(frame)
        points = frame.camera.rays(depth.u[None, :], depth.v[:, None]) * depth.depth_m[..., None]
        pitch = depth.step / frame.camera.fx
        normals, on_edge = normals_and_edges(points, pitch)
        rgb = cv2.resize(frame.rgb, (len(depth.u), len(depth.v)), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        kernel = np.ones((3, 3), np.uint8)
        nearest_m = cv2.erode(np.where(depth.depth_m > 0, depth.depth_m, np.float32(1e6)), kernel)
        jump_m = cv2.dilate(depth.depth_m, kernel) - nearest_m
        planes = planes_of(points, (depth.depth_m > 0) & ~on_edge, log_colours(rgb)[..., :2])
        on_crease = _on_crease(points, normals)
        return cls(frame, depth, points, on_edge, jump_m, on_crease, rgb, pitch, planes)

    @property
    def valid(self) -> Mask:
        """Return (h, w) bool: depth was measured."""
        return self.depth.depth_m > 0

    @property
    def area_m2(self) -> np.ndarray:
        """Return (h, w): what a pixel covers, seen face on."""
        return np.square(self.depth.depth_m * self.pitch)

    def support(self, least_width_m: float) -> SupportPlanes:
        """Return the planes that are wider than so much, as those are that an object may stand on."""
        return SupportPlanes.of(self.depth, self.planes, least_width_m)

    def enlarged(self, mask: Mask) -> Mask:
        """Return a mask (h, w) bool in the frame's size (H, W)."""
        camera, step = self.frame.camera, self.depth.step
        full = np.zeros((camera.height, camera.width), bool)
        enlarged = np.repeat(np.repeat(mask, step, axis=0), step, axis=1)[: camera.height, : camera.width]
        full[: enlarged.shape[0], : enlarged.shape[1]] = enlarged
        return full

    def reduced(self, mask: Mask) -> Mask:
        """Return a mask (H, W) bool of the frame on the grid (h, w)."""
        return mask[np.ix_(self.depth.v, self.depth.u)]


def _on_crease(points: np.ndarray, normals: np.ndarray) -> Mask:
    """Return (h, w) bool: where surfaces meet in a hollow (local convexity, Stein et al. 2014).

    points, normals: (h, w, 3); normals are 0 where unknown.
    """
    found = np.zeros(points.shape[:2], bool)
    apart = _CREASE_PX
    for axis in (0, 1):
        points_k, normals_k, found_k = (np.swapaxes(one, 0, axis) for one in (points, normals, found))
        step = points_k[apart:] - points_k[:-apart]
        turn = normals_k[apart:] - normals_k[:-apart]
        known = (normals_k[apart:, :, 2] != 0) & (normals_k[:-apart, :, 2] != 0)
        # Normals that turn towards each other differ against the way from one to the other.
        hollow = known & ((turn * step).sum(axis=-1) < -_CREASE_RAD * np.linalg.norm(step, axis=-1))
        for k in range(apart + 1):
            found_k[k : len(found_k) - apart + k] |= hollow
    return found
