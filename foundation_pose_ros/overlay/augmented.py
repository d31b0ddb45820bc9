"""Meshes put into a camera's picture as if they stood there: lit, and hidden by what the camera sees nearer."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..arrays import Depth, Mask, Rgb
from ..camera import Camera, PixelBox
from ..depth import IN_FRONT_M, in_front
from ..errors import InputRefused
from ..jit import compiled
from .marks import DASH_PX, DOUBT_COLOUR, draw_axes, draw_labels, draw_note, draw_outline, silhouette_box
from .overlay_pose import BoxView, OverlayPose
from .renderers import OverlayRenderers

SURFACES = ("plain", "textured", "none")
# Of all objects together: larger ones are cast more coarsely, so that a picture takes as long from near as from afar.
_MOST_RAYS = 40_000
# Towards a lamp above the left shoulder of whoever looks, and the light that comes from everywhere.
_TO_LAMP_CAM = np.array([-0.35, -0.6, -0.72], np.float32)
_AMBIENT = np.float32(0.45)
# Depth flickers along edges: a pixel is hidden where most of the object's in a window of this side are.
_SPECK_PX = 5
# How opaque the outline of a hidden part is.
_HIDDEN_OUTLINE = 0.25


@dataclass(frozen=True)
class AugmentedSettings:
    """How objects are drawn.

    surface: in the object's own colour, in those of the mesh, or not at all. opacity: of the surface, 0..1. in_front_m:
    what is measured nearer than the surface by more than this hides it.
    """

    surface: str = "plain"
    opacity: float = 0.55
    outline: bool = True
    axes: bool = True
    labels: bool = True
    in_front_m: float = IN_FRONT_M

    def __post_init__(self) -> None:
        if self.surface not in SURFACES:
            raise InputRefused("bad_parameter", f"surface {self.surface!r} is not one of {', '.join(SURFACES)}")


@dataclass(frozen=True)
class _Layer:
    """An object as rendered: silhouette and what is seen of it (size) float32 0..1, colours (size, 4) premultiplied."""

    view: BoxView
    silhouette: np.ndarray
    seen: np.ndarray
    rgba: np.ndarray | None


class AugmentedReality:
    """Draws pictures of the same objects, one after the other. Not safe to use from several threads at once."""

    def __init__(self, settings: AugmentedSettings | None = None, threads: int = 2) -> None:
        self.settings = settings or AugmentedSettings()
        self._renderers = OverlayRenderers(threads)

    def draw(
        self,
        rgb: Rgb,
        camera: Camera,
        poses: Sequence[OverlayPose],
        depth_m: Depth | None = None,
        notes: Sequence[str] = (),
    ) -> Rgb:
        """Return a copy of rgb (H, W, 3) uint8 with the objects in it, the nearer before the farther.

        depth_m (H, W): what the camera measured, 0 where it didn't; None: nothing hides an object. A pose in doubt is
        striped and its outline dashed. What is hidden is left out, but for a faint outline. notes: lines at the lower
        left. Raises InputRefused where sizes differ.
        """
        _check_size("image", rgb, camera)
        if depth_m is not None:
            _check_size("depth", depth_m, camera)
        picture = rgb.copy()
        self._renderers.keep([pose.model for pose in poses])
        line_px = max(1.6, camera.width / 400)
        drawn: list[tuple[OverlayPose, PixelBox]] = []
        for pose, view in _views(poses, camera, int(np.ceil(3 * line_px))):
            layer = self._layer(pose, view, depth_m)
            if layer is None:
                continue
            silhouette = layer.view.magnified(layer.silhouette)
            self._put(picture, layer, silhouette, pose, line_px)
            drawn.append((pose, silhouette_box(silhouette, layer.view.box)))
        size_px = max(12.0, camera.width / 50)
        for pose, _ in drawn:
            if self.settings.axes:
                draw_axes(picture, camera, pose)
        if self.settings.labels:
            draw_labels(picture, drawn, size_px)
        for line, note in enumerate(reversed(notes)):
            draw_note(picture, note, line, 0.85 * size_px)
        return picture

    def _put(self, picture: Rgb, layer: _Layer, silhouette: np.ndarray, pose: OverlayPose, line_px: float) -> None:
        """Lay colours and outline over their part of a picture."""
        part = layer.view.part(picture)
        if layer.rgba is not None:
            _blend(part, np.ascontiguousarray(layer.view.magnified(layer.rgba)))
        if self.settings.outline:
            near_px = 2 * int(line_px) + 1
            seen = cv2.dilate(layer.view.magnified(layer.seen), np.ones((near_px, near_px), np.uint8))
            draw_outline(part, silhouette, pose, line_px, np.maximum(seen, _HIDDEN_OUTLINE))

    def _layer(self, pose: OverlayPose, view: BoxView, depth_m: Depth | None) -> _Layer | None:
        settings, model = self.settings, pose.model
        coloured = settings.surface == "textured" and model.has_colour
        T_cam_obj = np.asarray(pose.T_cam_obj, np.float32)[None]
        lit = settings.surface != "none"
        rendered = self._renderers[model].render(T_cam_obj, view.K, view.size, normals=lit, colour=coloured)
        surface_m = rendered.depth_m[0]
        on_object = surface_m > 0
        if not on_object.any():
            return None
        seen = on_object
        if depth_m is not None:
            seen = on_object & ~_hidden(on_object, in_front(view.reduced(depth_m), surface_m, settings.in_front_m))
        rgba = None
        if rendered.normals_cam is not None:
            own = np.array(DOUBT_COLOUR if pose.in_doubt else pose.colour, np.float32) / 255
            albedo = rendered.rgb[0] if rendered.rgb is not None else np.zeros((0, 0, 3), np.float32)
            stripe_px = max(1, round(DASH_PX * view.size[0] / (view.box[3] - view.box[1]))) if pose.in_doubt else 0
            rgba = _lit(seen, rendered.normals_cam[0], albedo, own, np.float32(settings.opacity), stripe_px)
        return _Layer(view, on_object.astype(np.float32), seen.astype(np.float32), rgba)


def _check_size(what: str, image: np.ndarray, camera: Camera) -> None:
    if image.shape[:2] != (camera.height, camera.width):
        raise InputRefused(
            "size_mismatch",
            f"the {what} is {image.shape[1]}x{image.shape[0]} but its camera is {camera.width}x{camera.height}: give "
            "the camera of this image",
        )


def _views(poses: Sequence[OverlayPose], camera: Camera, margin_px: int) -> list[tuple[OverlayPose, BoxView]]:
    """Views of what is in the image, the farthest first, with no more rays together than are to be cast."""
    views = [(pose, view) for pose in poses if (view := BoxView.around(pose, camera, margin_px)) is not None]
    share = _MOST_RAYS / max(1, sum(view.pixels for _, view in views))
    views.sort(key=lambda placed: -float(placed[0].T_cam_obj[2, 3]))
    return [(pose, view.of_at_most(max(1, int(share * view.pixels)))) for pose, view in views]


def _hidden(on_object: np.ndarray, nearer: np.ndarray) -> Mask:
    """Where (h, w) bool something stands before an object, without specks: what most of its pixels around are."""
    window = (_SPECK_PX, _SPECK_PX)
    hidden, all_around = (
        cv2.boxFilter(each.astype(np.float32), -1, window, normalize=False, borderType=cv2.BORDER_CONSTANT)
        for each in (on_object & nearer, on_object)
    )
    return np.asarray(hidden > 0.5 * all_around)


@compiled
def _lit(
    seen: np.ndarray, normals_cam: np.ndarray, albedo: np.ndarray, own: np.ndarray, opacity: float, stripe_px: int
) -> np.ndarray:
    """Colours (h, w, 4) 0..255 by opacity, and opacity, of a lit surface; stripes of its own colour if wanted."""
    height, width = seen.shape
    rgba = np.zeros((height, width, 4), np.float32)
    textured = albedo.shape[0] > 0
    for v in range(height):
        for u in range(width):
            if not seen[v, u]:
                continue
            towards = np.float32(0)
            for axis in range(3):
                towards += normals_cam[v, u, axis] * _TO_LAMP_CAM[axis]
            light = _AMBIENT + (1 - _AMBIENT) * max(towards, np.float32(0))
            striped = stripe_px > 0 and (u + v) // stripe_px % 3 == 0
            alpha = opacity if stripe_px == 0 or striped else np.float32(0.35) * opacity
            for c in range(3):
                value = albedo[v, u, c] if textured and not striped else own[c]
                rgba[v, u, c] = 255 * alpha * value * light
            rgba[v, u, 3] = alpha
    return rgba


@compiled
def _blend(part: np.ndarray, rgba: np.ndarray) -> None:
    """Put colours (h, w, 4), premultiplied, over a part (h, w, 3) of a picture."""
    for v in range(part.shape[0]):
        for u in range(part.shape[1]):
            if rgba[v, u, 3] > 0:
                for c in range(3):
                    value = rgba[v, u, c] + (1 - rgba[v, u, 3]) * part[v, u, c] + np.float32(0.5)
                    part[v, u, c] = np.uint8(min(max(value, 0), 255))
