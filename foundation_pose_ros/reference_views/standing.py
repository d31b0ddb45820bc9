"""Masks of a thing that nothing is known of, but that it stands alone on a plane."""

import cv2
import numpy as np
import open3d as o3d

from ..errors import InputRefused
from ..frame import Frame
from .on_plane import points_cam, standing

# A plane's points lie within this; so many of them are drawn for it, and so large a share of the image it must fill.
_PLANE_M, _DRAWN, _RANSAC_STEPS, _LEAST_PLANE = 0.008, 20_000, 200, 0.1
_LEAST_THING = 0.001


class StandingThing:
    """Follows one thing on a plane from frame to frame: at first that nearest to the image's middle."""

    def __init__(self) -> None:
        self._last_px: np.ndarray | None = None

    def mask(self, frame: Frame) -> np.ndarray:
        """(H, W) bool; of things that the image's border cuts off none is taken.

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


def largest_plane(points: np.ndarray, pixels: int) -> np.ndarray:
    """(4,) unit normal towards the camera, and offset: normal @ point + offset is the height above the largest plane.

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
