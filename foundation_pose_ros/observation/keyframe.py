"""Points of an object's surface followed from image to image: what depth can't see, motion along the surface."""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from .. import se3
from ..arrays import Covariance, Intrinsics, Pixels, Points, Pose
from ..depth import explained
from ..jit import compiled
from ..rendering import Renderer
from .crop import Crop
from .crop_box import SampleGrid
from .lucas_kanade import there_and_back

# Side of the crop, in pixels, in which points are followed: a corner is then a few percent of the object.
_SIZE = 160
_MOST_POINTS = 80
_FEWEST_POINTS = 6
# Fewer points than this pull with less than their full share.
FULL_WEIGHT = 15.0
# Pixels there and back again may differ by, and from the silhouette must keep away.
_ROUND_TRIP_PX = 0.7
_RIM_PX = 4
# Between two pictures of one camera points fix what depth leaves open, and steady the rest. Between a model's print and
# a picture they only fix what depth leaves open: cameras for colour and depth are a pixel apart, prints are worn.
_FOLLOWED_WEIGHT, _PAINTED_WEIGHT = 0.5, 0.1
_LEAST_COSINE, _MOST_SCALE = math.cos(math.radians(15.0)), 1.3
# A window follows what is off by so many pixels for sure, and twice as many in each coarser picture; of these there are
# so many at least and at most, the most where a smaller share of the points is found.
_REACH_PX, _FEWEST_LEVELS, _MOST_LEVELS, _ENOUGH = 4.0, 1, 3, 0.5


@dataclass(frozen=True)
class PointMatches:
    """points_obj (M, 3) on the model's surface, and where each is seen: rays (M, 3) with z = 1.

    pixel: side of one pixel of the crop that they were found in, at z = 1. weight: of all points together, as a share
    of depth's. covariance (6, 6): of the pose by which they were put on the surface, as a twist about the object's
    centre, in camera axes.
    """

    points_obj: Points
    rays: np.ndarray
    pixel: float
    weight: float
    covariance: Covariance

    @property
    def pull_fully(self) -> bool:
        """Tell whether they are enough to pull with all their weight."""
        return len(self.points_obj) >= FULL_WEIGHT


@dataclass(frozen=True, eq=False)
class Keyframe:
    """A view with a known pose, from which points are followed.

    T_cam_obj (4, 4); image (n, n) uint8, levelled; pixels (M, 2) float32 in it; points_obj (M, 3) seen there; weight:
    of all of them, as a share of depth's; covariance_obj (6, 6): of that pose, as a twist about the object's centre, in
    the object's axes.
    """

    T_cam_obj: Pose
    image: np.ndarray
    pixels: Pixels
    points_obj: Points
    weight: float
    covariance_obj: Covariance

    @classmethod
    def of(
        cls, crop: Crop, T_cam_obj: Pose, renderer: Renderer, diameter_m: float, covariance: Covariance
    ) -> "Keyframe":
        """Find corners on the part of the surface, at a pose (4, 4), that nothing hides.

        covariance (6, 6): of the pose, as a twist about the object's centre, in camera axes.
        """
        view = _RenderedView(crop, T_cam_obj, renderer, diameter_m, colour=False)
        covariance_obj = _turned(covariance, T_cam_obj[:3, :3].T)
        return cls._with_corners(view, _levelled(view.gray), _FOLLOWED_WEIGHT, covariance_obj)

    @classmethod
    def painted(cls, crop: Crop, T_cam_obj: Pose, renderer: Renderer, diameter_m: float) -> "Keyframe":
        """Paint the model's own colours at a pose (4, 4) over what a frame shows: their corners know no drift.

        The model must have colours.
        """
        view = _RenderedView(crop, T_cam_obj, renderer, diameter_m, colour=True)
        painted = view.gray
        if view.visible.any():
            own = painted[view.visible]
            rendered = view.rendered_gray
            seen = rendered[view.visible]
            gain = own.std() / max(float(seen.std()), 1.0)
            painted[view.hit] = ((rendered - seen.mean()) * gain + own.mean())[view.hit]
        return cls._with_corners(view, _levelled(painted), _PAINTED_WEIGHT, np.zeros((6, 6)))

    @classmethod
    def _with_corners(
        cls, view: "_RenderedView", image: np.ndarray, weight: float, covariance_obj: np.ndarray
    ) -> "Keyframe":
        """Find corners after Shi and Tomasi (1994)."""
        usable = cv2.erode(view.visible.astype(np.uint8), np.ones((2 * _RIM_PX + 1,) * 2, np.uint8), borderValue=0)
        corners = cv2.goodFeaturesToTrack(image, _MOST_POINTS, 0.02, 5, mask=usable, blockSize=5)
        pixels: Pixels = (
            np.zeros((0, 2), np.float32) if corners is None else np.asarray(corners, np.float32).reshape(-1, 2)
        )
        column, row = np.round(pixels).astype(int).T
        # The model's surface at the whole pixel stands for that at the corner: they differ by less than half a pixel.
        points_cam = _rays(pixels, view.K) * view.depth_m[row, column][:, None]
        points_obj = se3.transform_points(se3.inverse(view.T_cam_obj), points_cam)
        return cls(view.T_cam_obj, image, pixels, points_obj, weight, covariance_obj)

    def outdated(self, T_cam_obj: Pose) -> bool:
        """Tell whether an object at T_cam_obj (4, 4) is seen so differently that its corners look different."""
        # Of the turn between them the trace is 1 + 2 cos(angle).
        cosine = (float(np.vdot(self.T_cam_obj[:3, :3], T_cam_obj[:3, :3])) - 1) / 2
        scale = T_cam_obj[2, 3] / self.T_cam_obj[2, 3]
        return bool(cosine < _LEAST_COSINE or not 1 / _MOST_SCALE < scale < _MOST_SCALE)

    def follow(self, crop: Crop, T_cam_obj: Pose, off: float = 1.0) -> PointMatches | None:
        """Find the points in a crop where the object is expected at T_cam_obj (4, 4), give or take.

        off: how far it may be from there, as a share of the crop; what is near is sought in fine pictures alone. None
        where fewer than a handful are found there and back.
        """
        if len(self.pixels) < _FEWEST_POINTS:
            return None
        K = crop.box.on_whole_pixels.intrinsics(crop.frame.camera, _SIZE)
        image = _levelled(crop.gray(_SIZE))
        expected = se3.transform_points(T_cam_obj, self.points_obj) @ K.T
        expected = (expected[:, :2] / expected[:, 2:]).astype(np.float32)
        levels = min(max(math.ceil(math.log2(max(off, 1e-6) * _SIZE / _REACH_PX)), _FEWEST_LEVELS), _MOST_LEVELS)
        found, kept = self._found(image, expected, levels)
        if levels < _MOST_LEVELS and np.count_nonzero(kept) < _ENOUGH * len(kept):  # it went elsewhere
            found, kept = self._found(image, expected, _MOST_LEVELS)
        if np.count_nonzero(kept) < _FEWEST_POINTS:
            return None
        covariance = _turned(self.covariance_obj, T_cam_obj[:3, :3])
        return PointMatches(self.points_obj[kept], _rays(found[kept], K), 1 / float(K[0, 0]), self.weight, covariance)

    def _found(self, image: np.ndarray, expected: np.ndarray, levels: int) -> tuple[np.ndarray, np.ndarray]:
        """Return where points are seen (M, 2) that are expected there (M, 2), and which (M,) come back."""
        # Whether one comes back to where it was shows in the finest picture.
        found, back, seen = there_and_back(self.image, image, self.pixels, expected, levels)
        off_px = back - self.pixels
        near = np.einsum("mi,mi->m", off_px, off_px) < _ROUND_TRIP_PX**2
        return found, seen & near


class _RenderedView:
    """A crop of a frame, and the object rendered into it. visible (n, n): rendered, and observed at that depth."""

    def __init__(self, crop: Crop, T_cam_obj: Pose, renderer: Renderer, diameter_m: float, colour: bool) -> None:
        box, camera = crop.box.on_whole_pixels, crop.frame.camera
        self.T_cam_obj = T_cam_obj
        self.K = box.intrinsics(camera, _SIZE)
        self.gray = crop.gray(_SIZE)
        rendering = renderer.render(T_cam_obj[None], self.K, (_SIZE, _SIZE), colour=colour)
        self.depth_m = rendering.depth_m[0]
        self.hit = self.depth_m > 0
        observed_m = SampleGrid(camera, box, _SIZE).sample(crop.frame.depth_m)
        self.visible = explained(observed_m, self.depth_m, diameter_m)
        if rendering.rgb is not None:
            self.rendered_gray = cv2.cvtColor(rendering.rgb[0], cv2.COLOR_RGB2GRAY) * 255


def _levelled(gray: np.ndarray) -> np.ndarray:
    """(n, n) uint8: gray (n, n) float32 less its local mean, so that exposure and shading don't move corners."""
    detail = gray - cv2.blur(gray, (31, 31))
    return _spread_evenly(detail, cv2.blur(detail * detail, (61, 61)))


@compiled
def _spread_evenly(detail: Any, variance: Any) -> Any:
    """(n, n) uint8: detail (n, n) as if its variance (n, n), all around each pixel, were the same everywhere."""
    even = np.empty(detail.shape, np.uint8)
    for v in range(detail.shape[0]):
        for u in range(detail.shape[1]):
            # A running sum of squares may end a little below zero.
            spread = np.sqrt(max(variance[v, u], np.float32(0))) + np.float32(4)
            level = detail[v, u] / spread * np.float32(40) + np.float32(128)
            even[v, u] = np.uint8(min(max(level, np.float32(0)), np.float32(255)))
    return even


def _turned(covariance: Covariance, R: np.ndarray) -> np.ndarray:
    """Of a twist (6, 6), in axes turned by R (3, 3)."""
    both = np.zeros((6, 6))
    both[:3, :3] = both[3:, 3:] = R
    return both @ covariance @ both.T


def _rays(pixels: Pixels, K: Intrinsics) -> np.ndarray:
    """(M, 3) with z = 1."""
    rays = np.ones((len(pixels), 3))
    rays[:, :2] = (pixels - K[:2, 2]) / K[(0, 1), (0, 1)]
    return rays
