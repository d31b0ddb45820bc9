"""Poses from a printed board that the object stands on: ChArUco, or a grid of AprilTags; and masks from its plane."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ...arrays import Mask, Pose, Rgb
from ...camera import Camera
from ...errors import InputRefused
from ...frame import Frame
from ...se3 import from_rotation_translation, inverse, transform_points
from .tabletop_mask import points_cam, standing

_FORM = (
    "charuco:COLUMNSxROWS:SQUARE_MM:MARKER_MM:DICTIONARY or apriltag:COLUMNSxROWS:TAG_MM:GAP_MM:DICTIONARY, "
    "as in charuco:7x5:30:22:5X5_100 or apriltag:4x3:40:10:APRILTAG_36h11"
)
_FEWEST_CORNERS = 8
_MOST_OFF_PX = 2.5


@dataclass(frozen=True)
class Board:
    """kind: charuco or apriltag; columns and rows of squares (tags); size_m of a square (tag); inner_m: of the marker
    in it (the gap between tags); dictionary as OpenCV calls it, without DICT_."""

    kind: str
    columns: int
    rows: int
    size_m: float
    inner_m: float
    dictionary: str

    @classmethod
    def parse(cls, text: str) -> "Board":
        """Read text such as charuco:7x5:30:22:5X5_100; raises InputRefused, showing the form."""
        try:
            kind, cells, size_mm, inner_mm, dictionary = text.split(":")
            columns, rows = (int(count) for count in cells.lower().split("x"))
            board = cls(kind, columns, rows, float(size_mm) / 1000, float(inner_mm) / 1000, dictionary)
            board.pattern()
        except (ValueError, AttributeError, cv2.error):
            raise InputRefused("bad_board", f"board '{text}' can't be understood: write {_FORM}") from None
        return board

    def pattern(self) -> cv2.aruco.Board:
        """Return OpenCV's board, which also draws it (generateImage)."""
        dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{self.dictionary}"))
        cells = (self.columns, self.rows)
        if self.kind == "charuco":
            return cv2.aruco.CharucoBoard(cells, self.size_m, self.inner_m, dictionary)
        if self.kind == "apriltag":
            return cv2.aruco.GridBoard(cells, self.size_m, self.inner_m, dictionary)
        raise ValueError(f"a board is charuco or apriltag, not {self.kind}")

    @property
    def extent_m(self) -> tuple[float, float]:
        """Return width and height; the board's frame has its origin at a corner, x along columns, y along rows."""
        if self.kind == "charuco":
            return self.columns * self.size_m, self.rows * self.size_m
        step_m = self.size_m + self.inner_m
        return self.columns * step_m - self.inner_m, self.rows * step_m - self.inner_m

    def pose(self, rgb: Rgb, camera: Camera) -> Pose | None:
        """Find T_cam_board (4, 4) float32 in a picture (H, W, 3) uint8; None where too few corners show, or none fit.

        Corners by OpenCV, pose by its planar solver (Collins and Bartoli 2014) and Levenberg-Marquardt.
        """
        board_points, pixels = self._corners(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
        if len(board_points) < _FEWEST_CORNERS:
            return None
        K = camera.K.astype(np.float64)
        found, rotation, translation = cv2.solvePnP(board_points, pixels, K, None, flags=cv2.SOLVEPNP_IPPE)
        if not found:
            return None
        rotation, translation = cv2.solvePnPRefineLM(board_points, pixels, K, None, rotation, translation)
        T = from_rotation_translation(cv2.Rodrigues(rotation)[0], translation[:, 0])
        off_px = np.linalg.norm(camera.project(transform_points(T, board_points)) - pixels, axis=1)
        return T if np.median(off_px) < _MOST_OFF_PX else None

    def standing_on(self, frame: Frame, T_cam_board: Pose) -> Mask:
        """Return (H, W) bool: the largest thing that rises above the board within its outline."""
        points = points_cam(frame)
        T_board_cam = inverse(T_cam_board)
        across_m, along_m, _ = np.moveaxis(transform_points(T_board_cam, points.reshape(-1, 3)), -1, 0)
        width_m, length_m = self.extent_m
        within = (across_m > 0) & (across_m < width_m) & (along_m > 0) & (along_m < length_m)
        # Boards have z up or down, by OpenCV's version; the camera is always above.
        plane = T_board_cam[2].astype(np.float64) * np.sign(T_board_cam[2, 3])
        solid = standing(frame, points, plane, within.reshape(frame.depth_m.shape))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
        if count < 2:
            return np.zeros(solid.shape, bool)
        return labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))

    def _corners(self, gray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, 3) on the board and pixels (N, 2) of all corners that are seen."""
        pattern = self.pattern()
        found: Any  # one array of corners, or one per tag, as matchImagePoints takes them
        if isinstance(pattern, cv2.aruco.CharucoBoard):
            found, ids, _, _ = cv2.aruco.CharucoDetector(pattern).detectBoard(gray)
        else:
            settings = cv2.aruco.DetectorParameters()
            settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
            found, ids, _ = cv2.aruco.ArucoDetector(pattern.getDictionary(), settings).detectMarkers(gray)
        if ids is None or len(ids) == 0:
            return np.zeros((0, 3)), np.zeros((0, 2))
        board_points, pixels = pattern.matchImagePoints(found, ids)
        return np.reshape(board_points, (-1, 3)).astype(float), np.reshape(pixels, (-1, 2)).astype(float)
