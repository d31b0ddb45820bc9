"""Augmented-reality pictures of poses: outline, tint, axes and label on the colour image."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .arrays import Pose, Rgb
from .camera import Camera
from .errors import InputRefused
from .object_model.model import ObjectModel
from .rendering.embree import EmbreeRenderer
from .se3 import transform_points

PALETTE = ((64, 224, 160), (255, 176, 46), (92, 176, 255), (255, 110, 150), (190, 140, 255), (240, 236, 90))
_AXIS_COLOURS = ((235, 64, 52), (52, 190, 72), (56, 116, 255))
_NEAR_M = 0.02
# Silhouettes of more pixels than this are cast at half the resolution: the outline is smoothed anyway.
_FULL_RESOLUTION_PX = 30_000
_SHEET_COLOUR, _CAPTION_COLOUR = (24, 26, 30), (226, 228, 232)


@dataclass(frozen=True)
class OverlayPose:
    """One object to draw: T_cam_obj (4, 4) of the mesh's own frame; an empty label draws none; colour RGB 0..255."""

    model: ObjectModel
    T_cam_obj: Pose
    label: str = ""
    colour: tuple[int, int, int] = PALETTE[0]


def draw_overlay(
    rgb: Rgb,
    camera: Camera,
    poses: Sequence[OverlayPose],
    tint: float = 0.16,
    axes: bool = True,
    line_px: float | None = None,
    renderers: "OverlayRenderers | None" = None,
) -> Rgb:
    """Draw each pose's outline, light tint, axes (x red, y green, z blue) and label on a copy of rgb (H, W, 3) uint8.

    What is behind the camera or outside the image isn't drawn. line_px: width of the outline, None chooses by image
    size. renderers: those of earlier pictures, for whoever draws many. Raises InputRefused where image and camera
    differ in size.
    """
    if rgb.shape[:2] != (camera.height, camera.width):
        raise InputRefused(
            "size_mismatch",
            f"the image is {rgb.shape[1]}x{rgb.shape[0]} but its camera is {camera.width}x{camera.height}: "
            "give the camera of this image",
        )
    image = rgb.copy()
    width_px = line_px if line_px is not None else max(2.0, camera.width / 320)
    renderers = renderers or OverlayRenderers()
    renderers.keep([pose.model for pose in poses])
    boxes = [_outline(image, camera, pose, renderers, tint, width_px) for pose in poses]
    for pose, box in zip(poses, boxes, strict=True):
        if axes and box is not None:
            _axes(image, camera, pose)
    for pose, box in zip(poses, boxes, strict=True):
        if pose.label and box is not None:
            _label(image, pose, box, max(13.0, camera.width / 46))
    return image


def contact_sheet(
    images: Sequence[np.ndarray], columns: int = 4, captions: Sequence[str] = (), cell_width_px: int = 480
) -> np.ndarray:
    """Lay RGB images out in a grid, captions below, on dark ground; all cells have the first image's proportions."""
    if not images or columns < 1:
        raise InputRefused(
            "no_images", f"a contact sheet of {len(images)} images in {columns} columns: give at least one of each"
        )
    gap, bar = 8, 28 if any(captions) else 0
    height_px = round(cell_width_px * images[0].shape[0] / images[0].shape[1])
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    sheet = np.empty((rows * (height_px + bar + gap) + gap, columns * (cell_width_px + gap) + gap, 3), np.uint8)
    sheet[:] = _SHEET_COLOUR
    for k, image in enumerate(images):
        top, left = gap + k // columns * (height_px + bar + gap), gap + k % columns * (cell_width_px + gap)
        shrinks = image.shape[1] > cell_width_px
        cell = cv2.resize(
            image, (cell_width_px, height_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        )
        sheet[top : top + height_px, left : left + cell_width_px] = cell
        if k < len(captions) and captions[k]:
            words = _words(captions[k], 15.0)[:bar, : cell_width_px - 8]
            y = top + height_px + (bar - words.shape[0]) // 2
            _paint(sheet, words, left + 4, y, _CAPTION_COLOUR)
    return sheet


class OverlayRenderers:
    """Renderers of the models in the last picture: the next one mostly shows the same."""

    def __init__(self) -> None:
        self._renderers: dict[int, EmbreeRenderer] = {}

    def keep(self, models: Sequence[ObjectModel]) -> None:
        """Forget all other models; they, and what is made of them, may go."""
        wanted = {id(model) for model in models}
        self._renderers = {key: renderer for key, renderer in self._renderers.items() if key in wanted}

    def __getitem__(self, model: ObjectModel) -> EmbreeRenderer:
        """Return the model's renderer, made where there is none yet."""
        # A renderer holds its model, so no other model has its id.
        if id(model) not in self._renderers:
            self._renderers[id(model)] = EmbreeRenderer(model)
        return self._renderers[id(model)]


def _outline(
    image: np.ndarray,
    camera: Camera,
    pose: OverlayPose,
    renderers: OverlayRenderers,
    tint: float,
    width_px: float,
) -> tuple[int, int, int, int] | None:
    """Draw outline and tint; gives the silhouette's box (left, top, right, bottom), None where nothing is visible."""
    T_cam_obj = np.asarray(pose.T_cam_obj, np.float32)
    corners_cam = transform_points(T_cam_obj, pose.model.box_corners)
    box = camera.pixel_box(corners_cam, margin_px=int(np.ceil(3 * width_px)))
    if box is None:
        return None
    left, top, right, bottom = box
    scale = 1.0 if (right - left) * (bottom - top) <= _FULL_RESOLUTION_PX else 0.5
    size = (int(np.ceil((bottom - top) * scale)), int(np.ceil((right - left) * scale)))
    K = camera.K.copy()
    K[0, 2] -= left
    K[1, 2] -= top
    K[:2, 2] = (K[:2, 2] + 0.5) * scale - 0.5
    K[[0, 1], [0, 1]] *= scale
    mask = (renderers[pose.model].render(T_cam_obj[None], K, size).depth_m[0] > 0).astype(np.float32)
    if not mask.any():
        return None
    if scale < 1:
        full = (round(size[1] / scale), round(size[0] / scale))
        mask = cv2.resize(mask, full, interpolation=cv2.INTER_LINEAR)[: bottom - top, : right - left]
    # A blurred silhouette falls from 1 to 0 across the border, so distance from its middle level is distance from the
    # border: an outline with soft edges at any width, holes included.
    sigma = 0.75 * width_px
    soft = cv2.GaussianBlur(mask, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    distance_px = np.abs(soft - 0.5) * (sigma * np.sqrt(2 * np.pi))
    line = np.clip(width_px / 2 + 0.5 - distance_px, 0, 1)
    shade = np.clip(width_px / 2 + 1.8 - distance_px, 0, 1) * 0.45 * (soft < 0.995) * (soft > 0.005)
    line *= (soft < 0.995) & (soft > 0.005)
    part = image[top:bottom, left:right]
    colour = np.array(pose.colour, np.float32)
    painted = part.astype(np.float32)
    painted += (tint * mask)[..., None] * (colour - painted)
    painted *= (1 - shade)[..., None]
    painted += line[..., None] * (colour - painted)
    part[:] = np.clip(painted + 0.5, 0, 255).astype(np.uint8)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]), top + int(rows[-1])


def _axes(image: np.ndarray, camera: Camera, pose: OverlayPose) -> None:
    """Draw the mesh frame's axes, the far ones first, thinner with distance."""
    T_cam_obj = np.asarray(pose.T_cam_obj, np.float64)
    start = T_cam_obj[:3, 3]
    if start[2] <= _NEAR_M:
        return
    length_m, radius_m = 0.5 * pose.model.diameter_m, 0.012 * pose.model.diameter_m
    tips = start + length_m * T_cam_obj[:3, :3].T
    for k in np.argsort(-tips[:, 2]):
        tip = tips[k]
        if tip[2] <= _NEAR_M:
            tip = start + (start[2] - _NEAR_M) / (start[2] - tip[2]) * (tip - start)
        ends = camera.project(np.stack([start, tip]))
        along = ends[1] - ends[0]
        if not _drawable(ends) or np.linalg.norm(along) < 1:
            continue
        across = np.array([-along[1], along[0]]) / np.linalg.norm(along)
        halves = np.clip(camera.fx * radius_m / np.array([start[2], tip[2]]), 0.9, 0.008 * camera.width)
        for extra, colour in ((1.0, (20, 20, 20)), (0.0, _AXIS_COLOURS[k])):
            a, b = (halves + extra)[:, None] * across
            _polygon(image, np.array([ends[0] + a, ends[1] + b, ends[1] - b, ends[0] - a]), colour)
    origin = camera.project(start)
    if not _drawable(origin):
        return
    cv2.circle(
        image,
        _fixed(origin),
        int(16 * np.clip(camera.fx * 1.6 * radius_m / start[2], 2, 8)),
        (250, 250, 250),
        -1,
        cv2.LINE_AA,
        4,
    )


def _label(image: np.ndarray, pose: OverlayPose, box: tuple[int, int, int, int], size_px: float) -> None:
    """Write the label on a plate above the silhouette, or below where there is no room above."""
    words = _words(pose.label, size_px)
    pad = round(size_px * 0.35)
    height, width = words.shape[0] + pad, words.shape[1] + 2 * pad
    top = box[1] - height - pad
    if top < 0:
        top = box[3] + pad
    top = int(np.clip(top, 0, max(image.shape[0] - height, 0)))
    left = int(np.clip((box[0] + box[2] - width) // 2, 0, max(image.shape[1] - width, 0)))
    plate = image[top : top + height, left : left + width]
    plate[:] = (0.25 * plate).astype(np.uint8)
    plate[-max(2, pad // 3) :] = pose.colour
    _paint(image, words, left + pad, top + pad // 3, (250, 250, 250))


@lru_cache(maxsize=256)
def _words(text: str, size_px: float) -> np.ndarray:
    """Coverage (h, w) float32 in 0..1 of words in the font that Pillow brings along."""
    font = ImageFont.load_default(size_px)
    left, _, right, _ = font.getbbox(text)
    assert isinstance(font, ImageFont.FreeTypeFont)  # a bitmap font only where Pillow lacks FreeType: no wheel does
    ascent, descent = font.getmetrics()
    glyphs = Image.new("L", (max(round(right - left), 1), ascent + descent), 0)
    ImageDraw.Draw(glyphs).text((-left, 0), text, fill=255, font=font)
    return np.asarray(glyphs, np.float32) / 255


def _paint(image: np.ndarray, coverage: np.ndarray, left: int, top: int, colour: tuple[int, int, int]) -> None:
    part = image[top : top + coverage.shape[0], left : left + coverage.shape[1]]
    alpha = coverage[: part.shape[0], : part.shape[1], None]
    part[:] = (part + alpha * (np.array(colour, np.float32) - part)).astype(np.uint8)


def _polygon(image: np.ndarray, corners_px: np.ndarray, colour: tuple[int, int, int]) -> None:
    cv2.fillConvexPoly(image, np.round(corners_px * 16).astype(np.int32), colour, cv2.LINE_AA, 4)


def _drawable(points_px: np.ndarray) -> bool:
    """Tell whether cv2's integers reach all points."""
    return bool((np.abs(points_px) < 1e5).all())


def _fixed(point_px: np.ndarray) -> tuple[int, int]:
    """Sixteenths of a pixel, for cv2's `shift=4`."""
    return round(float(point_px[0]) * 16), round(float(point_px[1]) * 16)
