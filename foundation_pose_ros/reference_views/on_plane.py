"""What stands on a plane: told from it where depth's noise allows, and below that drawn straight down to it."""

import cv2
import numpy as np

from ..camera import Camera
from ..frame import Frame

# Where the plane is looked for, and how many of its pixels say how it lies.
_NEAR_PLANE_M, _DRAWN, _ROUNDS = 0.008, 20_000, 3
# What rises by so many standard deviations of the plane's own noise is no plane, nor by less than the first height.
_FEET_M, _SIGMAS, _TALLEST_M = 0.002, 3.0, 0.6
_MAD_TO_SIGMA = 1.4826
# What is lowest, up to so many times that height, is drawn down to the plane in so many steps.
_FOOT, _STEPS = 1.5, 4


def points_cam(frame: Frame) -> np.ndarray:
    """(H, W, 3) points of all pixels in the camera's frame; 0 where depth isn't known."""
    camera = frame.camera
    rays = camera.rays(np.arange(camera.width)[None], np.arange(camera.height)[:, None])
    return rays * frame.depth_m[..., None]


def standing(frame: Frame, points: np.ndarray, plane: np.ndarray, within: np.ndarray | None = None) -> np.ndarray:
    """(H, W) uint8: 1 where something rises above a plane, down to where it meets it.

    points: see `points_cam`. plane (4,): unit normal towards the camera and offset, such that normal @ point + offset
    is the height; where depth shows it some millimetres off, or tilted, depth counts. within (H, W) bool: only there.
    The lowest millimetres, which noise hides, are taken to fall straight down.
    """
    known = frame.depth_m > 0 if within is None else within & (frame.depth_m > 0)
    plane, sigma_per_m2 = _as_depth_has_it(points[known], plane)
    height_m = np.where(known, points @ plane[:3] + plane[3], 0).astype(np.float32)
    least_m = np.maximum(_FEET_M, _SIGMAS * sigma_per_m2 * np.square(frame.depth_m)).astype(np.float32)
    above = ((height_m > least_m) & (height_m < _TALLEST_M)).astype(np.uint8)
    solid = cv2.morphologyEx(above, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    feet = _feet(frame.camera, points, plane[:3], height_m, least_m, solid > 0)
    solid = np.where((feet > 0) & (height_m <= least_m), np.uint8(1), solid)
    return cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))


def _as_depth_has_it(points: np.ndarray, plane: np.ndarray) -> tuple[np.ndarray, float]:
    """The plane (4,) moved and tilted onto the points (N, 3) that lie on it, and their noise, as a share of depth^2."""
    drawn = points[:: max(1, len(points) // _DRAWN)].astype(np.float64)
    near_m = _NEAR_PLANE_M
    sigma_per_m2 = 0.0
    for _ in range(_ROUNDS):
        on = drawn[np.abs(drawn @ plane[:3] + plane[3]) < near_m]
        if len(on) < 3:
            break
        middle = on.mean(axis=0)
        normal = np.linalg.svd(on - middle, full_matrices=False)[2][2]
        normal *= np.sign(normal @ plane[:3])
        plane = np.append(normal, -normal @ middle)
        off = np.abs(on @ normal + plane[3]) / np.square(on[:, 2])
        sigma_per_m2 = _MAD_TO_SIGMA * float(np.median(off))
        near_m = min(near_m, max(_FEET_M, _SIGMAS * sigma_per_m2 * float(np.square(on[:, 2]).max())))
    return plane, sigma_per_m2


def _feet(
    camera: Camera, points: np.ndarray, normal: np.ndarray, height_m: np.ndarray, least_m: np.ndarray, solid: np.ndarray
) -> np.ndarray:
    """(H, W) uint8: where what is lowest of the solid (H, W) would stand on the plane, were it drawn down to it."""
    low = solid & (height_m < _FOOT * least_m)
    feet = np.zeros(solid.shape, np.uint8)
    for share in np.linspace(0, 1, _STEPS + 1)[1:]:
        dropped = points[low] - share * height_m[low, None] * normal.astype(np.float32)
        column, row = np.round(np.nan_to_num(camera.project(dropped), nan=-1.0)).astype(int).T
        inside = (column >= 0) & (row >= 0) & (column < camera.width) & (row < camera.height)
        feet[row[inside], column[inside]] = 1
    return feet
