"""Masks of a thing that nothing is known of, but that it stands alone on a plane."""

import cv2
import numpy as np

from ...arrays import Mask, Points
from ...camera import Camera
from ...errors import InputRefused
from ...frame import Frame
from ...runtime import late_open3d as o3d

# A plane's points lie within this; so many of them are drawn for it, and so large a share of the image it must fill.
_PLANE_M, _DRAWN, _RANSAC_STEPS, _LEAST_PLANE = 0.008, 20_000, 200, 0.1
# Share of the image that a thing fills at least.
_LEAST_THING = 0.001
# How often the plane is laid through the points near it.
_ROUNDS = 3
# What rises by so many standard deviations of the plane's own noise is no plane, nor by less than the first height.
_FEET_M, _SIGMAS, _TALLEST_M = 0.002, 3.0, 0.6
_MAD_TO_SIGMA = 1.4826
# What is lowest, up to so many times that height, is drawn down to the plane in so many steps.
_FOOT, _STEPS = 1.5, 4


class TabletopMask:
    """Follows one thing on a plane from frame to frame: at first that nearest to the image's middle."""

    def __init__(self) -> None:
        self._last_px: np.ndarray | None = None

    def mask(self, frame: Frame) -> Mask:
        """Return (H, W) bool; of things that the image's border cuts off none is taken.

        Raises InputRefused where there is no plane, or nothing on it.
        """
        points = points_cam(frame)
        solid = standing(frame, points, largest_plane(points[frame.depth_m > 0], frame.depth_m.size))
        _, labels, stats, middles_px = cv2.connectedComponentsWithStats(solid)
        left, top, width, height, area = stats.T
        whole = (left > 0) & (top > 0) & (left + width < frame.camera.width) & (top + height < frame.camera.height)
        whole &= area > _LEAST_THING * labels.size
        whole[0] = False
        if not whole.any():
            raise InputRefused(
                "nothing_stands",
                "nothing stands by itself on the plane: put the object alone on a table, wholly in the image",
            )
        target_px = (labels.shape[1] / 2, labels.shape[0] / 2) if self._last_px is None else self._last_px
        distance_px = np.where(whole, np.linalg.norm(middles_px - target_px, axis=1), np.inf)
        chosen = int(np.argmin(distance_px))
        self._last_px = middles_px[chosen]
        return labels == chosen


def standing(frame: Frame, points: np.ndarray, plane: np.ndarray, within: np.ndarray | None = None) -> np.ndarray:
    """Return (H, W) uint8, 1 where something rises above a plane, down to where it meets it.

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


def _as_depth_has_it(points: Points, plane: np.ndarray) -> tuple[np.ndarray, float]:
    """The plane (4,) moved and tilted onto the points (N, 3) that lie on it, and their noise, as a share of depth^2."""
    drawn = points[:: max(1, len(points) // _DRAWN)].astype(np.float64)
    near_m = _PLANE_M
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


def largest_plane(points: Points, pixels: int) -> np.ndarray:
    """Find the largest plane (4,): unit normal towards the camera and offset; normal @ point + offset is the height.

    points (N, 3) in the camera's frame, of an image of so many pixels. Raises InputRefused where no plane fills a tenth
    of the image.
    """
    drawn = points[:: max(1, len(points) // _DRAWN)].astype(np.float64)
    share = len(points) / pixels
    if share < _LEAST_PLANE:
        raise InputRefused("no_plane", "hardly any depth in the image: move the camera nearer, but not under 0.3 m")
    o3d.utility.random.seed(0)
    plane, inliers = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(drawn)).segment_plane(
        _PLANE_M, 3, _RANSAC_STEPS
    )
    if len(inliers) / len(drawn) * share < _LEAST_PLANE:
        raise InputRefused("no_plane", "no plane fills a tenth of the image: let the camera see more of the table")
    # The camera, which is above, lies at the origin.
    return np.asarray(plane) * (np.sign(plane[3]) or 1.0)


def points_cam(frame: Frame) -> np.ndarray:
    """Return (H, W, 3) points of all pixels in the camera's frame; 0 where depth isn't known."""
    camera = frame.camera
    rays = camera.rays(np.arange(camera.width)[None], np.arange(camera.height)[:, None])
    return rays * frame.depth_m[..., None]
