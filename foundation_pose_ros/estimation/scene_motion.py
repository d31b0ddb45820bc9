"""How a camera moved between two frames, by what stands in both: where an object is now that stands there too.

Corners (Shi and Tomasi 1994) are followed (Lucas and Kanade 1981, in pyramids), those with depth say how the camera
moved (perspective from points, by RANSAC).
"""

from typing import Any

import cv2
import numpy as np

from .. import se3
from ..arrays import Pose, Rgb
from ..frame import Frame
from ..pose_result import PoseResult

# Pictures are shrunk to this width at most: blur and noise shrink with them, and time.
_WIDTH_PX = 320
_CORNERS, _QUALITY, _APART_PX = 160, 0.01, 8
# Where a corner goes to is sought from coarse to fine; whether it comes back to where it was shows in the finest alone.
_WINDOW_PX, _LEVELS_THERE, _LEVELS_BACK = 15, 4, 0
# A corner that comes back from where it went within this is followed.
_BACK_PX = 1.0
_REPROJECTION_PX, _TRIES = 1.5, 200
# Fewer corners, or a smaller share of them, say nothing.
_FEWEST, _LEAST_SHARE = 25, 0.5


def scene_motion(before: Frame, now: Frame, apart_from: PoseResult | None = None) -> Pose | None:
    """Return T_now_before (4, 4), from the earlier camera's frame to the present one's; None where nothing says it.

    apart_from: what was seen in the earlier frame within the sphere about this object says nothing; it may move.
    """
    scale = min(1.0, _WIDTH_PX / before.rgb.shape[1])
    if before.rgb.shape != now.rgb.shape or min(before.rgb.shape[:2]) * scale < 2 * _WINDOW_PX:
        return None
    pictures = [_shrunk(frame.rgb, scale) for frame in (before, now)]
    corners = cv2.goodFeaturesToTrack(pictures[0], _CORNERS, _QUALITY, _APART_PX)
    if corners is None:
        return None
    there, known = _followed(pictures, corners)
    # Pixel centres are at integers in either size.
    pixels_before, pixels_now = ((one[:, 0] + 0.5) / scale - 0.5 for one in (corners, there))
    at = np.rint(pixels_before).astype(int)
    depth_m = before.depth_m[
        np.clip(at[:, 1], 0, before.depth_m.shape[0] - 1), np.clip(at[:, 0], 0, before.depth_m.shape[1] - 1)
    ]
    known &= depth_m > 0
    points = depth_m[:, None] * before.camera.rays(pixels_before[:, 0], pixels_before[:, 1])
    if apart_from is not None:
        known &= np.linalg.norm(points - apart_from.centre_m, axis=1) > apart_from.diameter_m / 2
    if known.sum() < _FEWEST:
        return None
    found, turn, shift, inliers = cv2.solvePnPRansac(
        points[known].astype(np.float64),
        pixels_now[known].astype(np.float64),
        now.camera.K.astype(np.float64),
        None,
        iterationsCount=_TRIES,
        reprojectionError=_REPROJECTION_PX / scale,
        flags=cv2.SOLVEPNP_SQPNP,
    )
    if not found or inliers is None or len(inliers) < max(_FEWEST, _LEAST_SHARE * known.sum()):
        return None
    return se3.from_rotation_translation(cv2.Rodrigues(turn)[0], shift[:, 0])


def _shrunk(rgb: Rgb, scale: float) -> np.ndarray:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    size = (round(grey.shape[1] * scale), round(grey.shape[0] * scale))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if scale < 1 else grey


def _followed(pictures: list[Any], corners: Any) -> tuple[np.ndarray, np.ndarray]:
    """Follow corners (N, 1, 2) into the second picture: where they are there, and which (N,) came back."""
    size, (first, second) = (_WINDOW_PX, _WINDOW_PX), pictures
    there, seen, _ = cv2.calcOpticalFlowPyrLK(
        first, second, corners, corners.copy(), winSize=size, maxLevel=_LEVELS_THERE
    )
    back, back_seen, _ = cv2.calcOpticalFlowPyrLK(
        second,
        first,
        there,
        corners.copy(),
        winSize=size,
        maxLevel=_LEVELS_BACK,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    came_back = np.linalg.norm((back - corners)[:, 0], axis=1) < _BACK_PX
    return there, came_back & (seen[:, 0] > 0) & (back_seen[:, 0] > 0)
