"""Masks of a thing that nothing is known of, but that it stands alone on a plane."""

import cv2
import numpy as np
import open3d as o3d

from ..errors import InputRefused
from ..frame import Frame

# A plane's points lie within this; so many of them are drawn for it, and so large a share of the image it must fill.
_PLANE_M, _DRAWN, _RANSAC_STEPS, _LEAST_PLANE = 0.008, 20_000, 200, 0.1
# What stands on it rises by more than depth's noise, which grows with the square of the distance, and by less than 0.6.
_FEET_M, _NOISE_PER_M2, _SIGMAS, _TALLEST_M = 0.006, 0.0026, 3.0, 0.6
_LEAST_THING = 0.001


class StandingThing:
    """Follows one thing on a plane from frame to frame: at first that nearest to the image's middle."""

    def __init__(self) -> None:
        self._last_px: np.ndarray | None = None

    def mask(self, frame: Frame) -> np.ndarray:
        """(H, W) bool; of things that the image's border cuts off none is taken.

        Its lowest 6 mm, or more where depth is noisier, can't be told from the plane. Raises InputRefused where there
        is no plane, or nothing on it.
        """
        height_m, least_m = heights_m(frame)
        above = ((height_m > least_m) & (height_m < _TALLEST_M)).astype(np.uint8)
        solid = cv2.morphologyEx(above, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
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


def heights_m(frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """Heights (H, W) above the largest plane in a frame, towards the camera, and the least (H, W) that are no noise.

    Heights are 0 where depth isn't known. Raises InputRefused where no plane fills a tenth of the image.
    """
    camera, valid = frame.camera, frame.depth_m > 0
    rays = camera.rays(np.arange(camera.width)[None], np.arange(camera.height)[:, None])
    points = rays * frame.depth_m[..., None]
    known = points[valid]
    drawn = known[:: max(1, len(known) // _DRAWN)].astype(np.float64)
    if len(known) < _LEAST_PLANE * valid.size:
        raise InputRefused("no_plane", "hardly any depth in the image: move the camera nearer, but not under 0.3 m")
    o3d.utility.random.seed(0)
    plane, inliers = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(drawn)).segment_plane(
        _PLANE_M, 3, _RANSAC_STEPS
    )
    if len(inliers) / len(drawn) * valid.mean() < _LEAST_PLANE:
        raise InputRefused("no_plane", "no plane fills a tenth of the image: let the camera see more of the table")
    # The camera, which is above, lies at the origin.
    normal, offset_m = np.sign(plane[3]) * plane[:3], abs(plane[3])
    height_m = np.where(valid, points @ normal + offset_m, 0)
    return height_m, np.maximum(_FEET_M, _SIGMAS * _NOISE_PER_M2 * np.square(frame.depth_m))
