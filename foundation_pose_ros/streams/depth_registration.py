"""Depth of another camera, or of a cloud of points, in the colour image's pixels. Needs no ROS."""

from typing import Any

import numpy as np

from ..arrays import Depth, Points, Pose
from ..camera import Camera
from ..jit import compiled

# Half the side of a depth pixel's patch, in depth pixels: a tenth more than it covers, since patches of a slanted
# surface drift apart as the camera is changed.
_HALF_PATCH = 0.6
# Half the side of a point's square, in distances between points: they aren't equally far apart.
_HALF_SPACING, _LARGEST_PX = 0.7, 8.0
# All bits of a float32's exponent are set: it is infinite or no number.
_NOT_FINITE = np.uint32(0x7F800000)
# Nearer than this nothing is projected.
_NEAR_M = 0.01


def registered(depth_m: Depth, depth_camera: Camera, T_colour_depth: Pose, colour_camera: Camera) -> Depth:
    """Return depth (H, W) float32 in the colour camera's pixels, m, 0 where nothing was measured.

    Each pixel of depth_m (h, w) is a patch at its depth, drawn where the colour camera sees it; of several the nearest
    stays. T_colour_depth (4, 4) maps points of the depth camera to the colour camera.
    """
    depth_m = np.where(np.isfinite(depth_m), depth_m, 0).astype(np.float32)
    out = np.zeros((colour_camera.height, colour_camera.width), np.float32)
    _register(depth_m, _numbers(depth_camera), T_colour_depth.astype(np.float64), _numbers(colour_camera), out)
    return out


def projected(points: Points, T_colour_points: Pose, colour_camera: Camera) -> Depth:
    """Return depth (H, W) float32 of points (N, 3) in the colour camera's pixels, m, 0 where none is.

    Points are drawn as squares as wide as they are apart on average, so that a surface has no holes where they are
    sparser than pixels; the nearest stays. T_colour_points (4, 4) maps them to the colour camera.
    """
    out = np.zeros((colour_camera.height, colour_camera.width), np.float32)
    points = np.ascontiguousarray(points, np.float32)
    seen = np.empty(points.shape, np.float32)
    size = (float(colour_camera.width), float(colour_camera.height))
    count = _project(
        points.view(np.uint32), points, T_colour_points.astype(np.float64), _numbers(colour_camera), size, seen
    )
    if count:
        box_px = np.ptp(seen[:count, 0]) * np.ptp(seen[:count, 1])
        half_px = min(max(_HALF_PATCH, _HALF_SPACING * float(np.sqrt(box_px / count))), _LARGEST_PX)
        _splat(seen[:count], half_px, out)
    return out


def _numbers(camera: Camera) -> np.ndarray:
    return np.array([camera.fx, camera.fy, camera.cx, camera.cy])


@compiled
def _register(depth_m: Any, of_depth: Any, T: Any, of_colour: Any, out: Any) -> None:
    fx, fy, cx, cy = of_depth
    for v in range(depth_m.shape[0]):
        y = (v - cy) / fy
        for u in range(depth_m.shape[1]):
            z = depth_m[v, u]
            if z <= _NEAR_M:
                continue
            x = (u - cx) / fx
            z_colour = z * (T[2, 0] * x + T[2, 1] * y + T[2, 2]) + T[2, 3]
            if z_colour <= _NEAR_M:
                continue
            u_colour = of_colour[0] * (z * (T[0, 0] * x + T[0, 1] * y + T[0, 2]) + T[0, 3]) / z_colour + of_colour[2]
            v_colour = of_colour[1] * (z * (T[1, 0] * x + T[1, 1] * y + T[1, 2]) + T[1, 3]) / z_colour + of_colour[3]
            half_u = _HALF_PATCH * z / z_colour * of_colour[0] / fx
            half_v = _HALF_PATCH * z / z_colour * of_colour[1] / fy
            _draw(u_colour, v_colour, half_u, half_v, z_colour, out)


@compiled
def _project(bits: Any, points: Any, T: Any, of_colour: Any, size: Any, seen: Any) -> int:
    """Fill the first rows of seen (N, 3) with u, v, z of the points (N, 3) in the image, and return how many.

    bits: the same memory, since compiled code takes all numbers for finite.
    """
    count = 0
    for k in range(len(points)):
        if (
            bits[k, 0] & _NOT_FINITE == _NOT_FINITE
            or bits[k, 1] & _NOT_FINITE == _NOT_FINITE
            or bits[k, 2] & _NOT_FINITE == _NOT_FINITE
        ):
            continue
        x, y, z = points[k]
        z_colour = T[2, 0] * x + T[2, 1] * y + T[2, 2] * z + T[2, 3]
        if z_colour <= _NEAR_M:
            continue
        u = of_colour[0] * (T[0, 0] * x + T[0, 1] * y + T[0, 2] * z + T[0, 3]) / z_colour + of_colour[2]
        v = of_colour[1] * (T[1, 0] * x + T[1, 1] * y + T[1, 2] * z + T[1, 3]) / z_colour + of_colour[3]
        if -0.5 < u < size[0] - 0.5 and -0.5 < v < size[1] - 0.5:
            seen[count, 0], seen[count, 1], seen[count, 2] = u, v, z_colour
            count += 1
    return count


@compiled
def _splat(seen: Any, half_px: float, out: Any) -> None:
    for k in range(len(seen)):
        _draw(seen[k, 0], seen[k, 1], half_px, half_px, seen[k, 2], out)


@compiled
def _draw(u: float, v: float, half_u: float, half_v: float, z: float, out: Any) -> None:
    """Set the pixels whose centres lie in a rectangle to a depth, where none of them is nearer."""
    top, bottom = max(0, int(np.ceil(v - half_v))), min(out.shape[0], int(np.ceil(v + half_v)))
    left, right = max(0, int(np.ceil(u - half_u))), min(out.shape[1], int(np.ceil(u + half_u)))
    for row in range(top, bottom):
        for column in range(left, right):
            if out[row, column] == 0 or z < out[row, column]:
                out[row, column] = z
