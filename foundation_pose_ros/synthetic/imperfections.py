"""What real cameras, calibrations, meshes and masks get wrong, done to a rendered scene: it looks so to an estimator.

Sizes are those that makers and surveys of sensors and data sets state, not ones at which some recording fits best.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from ..arrays import Depth, Mask
from ..camera import Camera
from ..datasets.sequence import Sequence
from ..frame import Frame
from ..object_model.appearance import Appearance, CornerColours, Texture
from ..object_model.model import ObjectModel
from .sensor import smooth_noise

# Standard deviations: depth is aligned to colour to less than a pixel, and warped by some millimetres at a metre. What
# intrinsics and the scale of depth are off by is left out: poses are those in the camera as it is calibrated.
_ALIGNMENT_PX, _WARP_M_PER_M2, _WARP_PX = 0.5, 0.002, 60.0
# Windows of stereo matching let near surfaces grow over far ones by up to so many pixels, where depth jumps by a share.
_MOST_GROWN_PX, _JUMP = 3, 0.03
# The same windows see one depth where there is detail smaller than they are.
_WINDOWS_PX = (1, 3, 5, 7)
# A scan's scale, and how far off its surface lies.
_MESH_SCALE, _MESH_OFF_M, _MESH_OFF_SHARE = 0.004, 0.0008, 0.01
# How many models have no colours, and how many those of something else: another lot, a baked-in light.
_PLAIN_SHARE, _WRONG_PRINT_SHARE = 0.25, 0.15


@dataclass(frozen=True)
class CameraDefects:
    """What one depth camera gets wrong.

    alignment_px: how far depth lies beside colour, right and down.
    warp_m: (H, W), what depth is off by at a metre, in metres; it grows with the square of depth.
    window_px: side of the window over which depth is one, odd, from 1.
    grown_px: how far near surfaces grow over far ones, from 0.
    blends_edges: whether depth at an edge lies between both sides.
    """

    alignment_px: tuple[float, float]
    warp_m: np.ndarray
    window_px: int
    grown_px: int
    blends_edges: bool

    @classmethod
    def drawn(cls, camera: Camera, rng: np.random.Generator) -> "CameraDefects":
        """Draw those of a camera, as large as real ones have them."""
        shape = (camera.height, camera.width)
        return cls(
            alignment_px=(float(rng.normal(0, _ALIGNMENT_PX)), float(rng.normal(0, _ALIGNMENT_PX))),
            warp_m=_WARP_M_PER_M2 * abs(float(rng.normal())) * smooth_noise(shape, _WARP_PX, rng),
            window_px=int(rng.choice(_WINDOWS_PX)),
            grown_px=int(rng.integers(_MOST_GROWN_PX + 1)),
            blends_edges=bool(rng.random() < 0.5),
        )

    def of(self, frame: Frame) -> Frame:
        """Return the frame as this camera gives it."""
        depth_m = evened(frame.depth_m, self.window_px)
        if self.grown_px:
            nearest = _nearest_m(depth_m, 2 * self.grown_px + 1)
            grows = (depth_m > 0) & (depth_m - nearest > _JUMP * depth_m)
            depth_m = np.where(grows, nearest, depth_m)
        if self.blends_edges:
            known = (depth_m > 0).astype(np.float32)
            blended = cv2.blur(depth_m, (3, 3)) / np.maximum(cv2.blur(known, (3, 3)), 1e-6)
            depth_m = np.where(depth_m > 0, blended, 0)
        shift = np.array([[1, 0, self.alignment_px[0]], [0, 1, self.alignment_px[1]]], np.float32)
        shifted_m = cv2.warpAffine(depth_m, shift, depth_m.shape[::-1], flags=cv2.INTER_NEAREST)
        depth_m = np.where(shifted_m > 0, shifted_m + self.warp_m * np.square(shifted_m), 0)
        return replace(frame, depth_m=depth_m.astype(np.float32))


def evened(depth_m: Depth, window_px: int) -> Depth:
    """Return depth (H, W), its mean over a window wherever no jump is in it."""
    if window_px == 1:
        return depth_m
    known = depth_m > 0
    farthest = cv2.dilate(depth_m, np.ones((window_px, window_px), np.uint8))
    whole = known & (farthest - _nearest_m(depth_m, window_px) < _JUMP * depth_m)
    total = cv2.blur(depth_m, (window_px, window_px))
    count = cv2.blur(known.astype(np.float32), (window_px, window_px))
    return np.where(whole, total / np.maximum(count, 1e-6), depth_m)


def _nearest_m(depth_m: Depth, window_px: int) -> Depth:
    """(H, W): the nearest depth that was measured in a window about each pixel."""
    far_m = np.where(depth_m > 0, depth_m, np.float32(1e3))
    return np.asarray(cv2.erode(far_m, np.ones((window_px, window_px), np.uint8)), np.float32)


class DefectiveSequence:
    """A sequence seen by a camera with defects, of which models with defects are known; its truth stays."""

    def __init__(self, sequence: Sequence, camera: CameraDefects, models: Mapping[str, ObjectModel]) -> None:
        self.name, self.frame_ids, self.object_names = sequence.name, sequence.frame_ids, sequence.object_names
        self.mask, self.truth = sequence.mask, sequence.truth
        self.model = models.__getitem__
        self._sequence, self._camera = sequence, camera
        self._frames: dict[str, Frame] = {}

    def frame(self, frame_id: str) -> Frame:
        if frame_id not in self._frames:
            self._frames[frame_id] = self._camera.of(self._sequence.frame(frame_id))
        return self._frames[frame_id]

    def visible_fraction(self, frame_id: str, object_name: str) -> float:
        """Return what the sequence says; 1 where that doesn't know."""
        known: Any = getattr(self._sequence, "visible_fraction", None)
        return 1.0 if known is None else known(frame_id, object_name)


def scanned(model: ObjectModel, rng: np.random.Generator, wrong_prints: bool = True) -> ObjectModel:
    """Make what a scan may be: size, shape and print a little off, or the print of something else."""
    centre, d = model.centre_m, model.diameter_m
    scale = rng.normal(1, _MESH_SCALE)
    off_m = min(_MESH_OFF_M * abs(rng.normal()), _MESH_OFF_SHARE * d)
    vertices = (model.vertices - centre) * scale
    # A wave or two over the object in each direction, and no shift of the whole.
    for axis in range(3):
        waves, phase = rng.normal(size=3) * (2 * np.pi / d), rng.uniform(0, 2 * np.pi)
        wave = np.sin(vertices @ waves + phase)
        vertices[:, axis] += off_m * (wave - wave.mean())
    appearance = None if rng.random() < _PLAIN_SHARE else model.appearance
    if appearance is not None:
        appearance = reprinted(appearance, rng, wrong_prints)
    return ObjectModel(
        model.name, (vertices + centre).astype(np.float32), model.faces, appearance, model.declared_symmetries
    )


def reprinted(appearance: Appearance, rng: np.random.Generator, wrong_prints: bool = True) -> Appearance:
    """Return colours under another light and exposure, blurred, stained; of some, those of another print."""
    gain, gamma = rng.uniform(0.75, 1.25, 3) * rng.uniform(0.7, 1.1), rng.uniform(0.75, 1.35)
    wrong = rng.random() < _WRONG_PRINT_SHARE and wrong_prints
    order = rng.permutation(3) if wrong else np.arange(3)
    blur_share, stain, seed = rng.uniform(0, 0.006), rng.uniform(0, 0.35), int(rng.integers(1 << 31))

    def printed(image: np.ndarray) -> np.ndarray:
        """Return (H, W, 3) in 0..1."""
        height, width = image.shape[:2]
        if wrong:
            image = np.roll(image[..., order], (height // 3, width // 2), (0, 1))
        if blur_share * width > 0.5:
            image = cv2.GaussianBlur(image, (0, 0), blur_share * width)
        coarse = np.random.default_rng(seed).uniform(-1, 1, (5, 5)).astype(np.float32)
        stains = 1 + stain * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        return np.clip(np.power(np.maximum(image * gain, 0), gamma) * stains[..., None], 0, 1)

    if isinstance(appearance, Texture):
        changed = copy(appearance)
        changed.levels = [
            np.round(255 * printed(level.astype(np.float32) / 255)).astype(np.uint8) for level in appearance.levels
        ]
        return changed
    assert isinstance(appearance, CornerColours)
    colours = appearance.corner_rgb[..., order]
    if wrong:
        colours = np.roll(colours, len(colours) // 2, axis=0)
    return CornerColours(np.clip(np.power(colours * gain, gamma), 0, 1))


def damaged_mask(mask: Mask, rng: np.random.Generator) -> np.ndarray:
    """Make of a mask (H, W) one as a segmenter may give it: too wide, too narrow, half of it, or beside the object."""
    size = max(3, round(np.sqrt(mask.sum()) * rng.uniform(0.05, 0.2)))
    kernel = np.ones((size, size), np.uint8)
    how = rng.integers(4)
    if how == 0:
        return cv2.dilate(mask.astype(np.uint8), kernel) > 0
    if how == 1:
        return cv2.erode(mask.astype(np.uint8), kernel) > 0
    if how == 2:
        rows, columns = np.nonzero(mask)
        along = random_direction(rng)[:2] @ np.stack([rows - rows.mean(), columns - columns.mean()])
        kept = mask.copy()
        kept[rows[along > 0], columns[along > 0]] = False
        return kept
    return np.roll(mask, tuple(rng.integers(-size, size + 1, 2)), (0, 1))


def mask_elsewhere(shape: tuple[int, int], diameter_px: float, avoid: np.ndarray, rng: np.random.Generator) -> Mask:
    """Make a mask (H, W) bool, an ellipse as large as an object, clear of what is to be avoided (H, W)."""
    for _ in range(20):
        middle = rng.uniform((0.15, 0.15), (0.85, 0.85)) * shape
        axes = np.maximum(diameter_px * rng.uniform(0.25, 0.5, 2), 6).astype(int)
        image = cv2.ellipse(
            np.zeros(shape, np.uint8), (int(middle[1]), int(middle[0])), (int(axes[0]), int(axes[1])), 0, 0, 360, 1, -1
        )
        if not (image.astype(bool) & avoid).any():
            break
    return image.astype(bool) & ~avoid


def random_direction(rng: np.random.Generator) -> np.ndarray:
    """Draw a unit vector (3,), all directions alike."""
    v = rng.normal(size=3)
    return v / np.linalg.norm(v)
