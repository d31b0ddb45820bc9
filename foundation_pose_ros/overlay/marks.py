"""What both kinds of pictures show of a pose beside its surface: outline, axes and label."""

from collections.abc import Sequence

import cv2
import numpy as np

from ..arrays import Rgb
from ..camera import Camera, PixelBox
from ..jit import compiled
from .overlay_pose import OverlayPose
from .words import coverage, paint

_AXIS_COLOURS = ((235, 64, 52), (52, 190, 72), (56, 116, 255))
DOUBT_COLOUR = (255, 78, 44)
# Of the dashes of an outline, and of the stripes of a surface, that are in doubt.
DASH_PX = 6
_NEAR_M = 0.02


def draw_outline(
    part: np.ndarray, mask: np.ndarray, pose: OverlayPose, width_px: float, strength: np.ndarray | float = 1.0
) -> None:
    """Draw the border of a silhouette (h, w) float32, 0..1, into a part (h, w, 3) of an image; dashed if in doubt.

    strength: how opaque it is, 0..1, for all or for each pixel (h, w).
    """
    # A blurred silhouette falls from 1 to 0 across the border, so distance from its middle level is distance from the
    # border: an outline with soft edges at any width, holes included.
    sigma = 0.75 * width_px
    soft = cv2.GaussianBlur(mask, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    opacity = np.ascontiguousarray(np.broadcast_to(np.float32(strength), soft.shape))
    per_px = np.float32(sigma * np.sqrt(2 * np.pi))
    colour = np.array(DOUBT_COLOUR if pose.in_doubt else pose.colour, np.float32)
    _draw_line(part, soft, opacity, np.array([width_px, per_px], np.float32), colour, pose.in_doubt)


def silhouette_box(mask: np.ndarray, box: PixelBox) -> PixelBox:
    """Return where a silhouette (h, w), 0 outside, reaches in an image whose part in the box it is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, top = box[:2]
    return left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]), top + int(rows[-1])


def draw_axes(image: Rgb, camera: Camera, pose: OverlayPose) -> None:
    """Draw the mesh frame's axes, the far ones first, thinner with distance."""
    T_cam_obj = np.asarray(pose.T_cam_obj, np.float64)
    start = T_cam_obj[:3, 3]
    if start[2] <= _NEAR_M:
        return
    length_m, radius_m = 0.5 * pose.model.diameter_m, 0.012 * pose.model.diameter_m
    axes = length_m * T_cam_obj[:3, :3].T  # (3, 3)
    in_view = np.minimum((start[2] - _NEAR_M) / np.maximum(-axes[:, 2], 1e-9), 1.0)
    points_cam = np.vstack([start + in_view[:, None] * axes, start])  # (4, 3), the tips and the origin
    points_px = camera.project(points_cam)
    if not _drawable(points_px[3]):
        return
    halves_px = np.clip(camera.fx * radius_m / points_cam[:, 2], 0.9, 0.008 * camera.width)
    along = points_px[:3] - points_px[3]
    long_px = np.hypot(along[:, 0], along[:, 1])
    across = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.maximum(long_px, 1.0)[:, None]
    for k in np.argsort(-(start + axes)[:, 2]):
        if long_px[k] < 1 or not _drawable(points_px[k]):
            continue
        for extra_px, colour in ((1.0, (20, 20, 20)), (0.0, _AXIS_COLOURS[k])):
            tip, origin = ((halves_px[end] + extra_px) * across[k] for end in (k, 3))
            corners_px = (points_px[3] + origin, points_px[k] + tip, points_px[k] - tip, points_px[3] - origin)
            cv2.fillConvexPoly(image, np.rint(16 * np.array(corners_px)).astype(np.int32), colour, cv2.LINE_AA, 4)
    radius_px = np.clip(camera.fx * 1.6 * radius_m / start[2], 2, 8)
    cv2.circle(image, _fixed(points_px[3]), int(16 * radius_px), (250, 250, 250), -1, cv2.LINE_AA, 4)


def draw_labels(image: Rgb, labelled: Sequence[tuple[OverlayPose, PixelBox]], size_px: float) -> None:
    """Write each label on a plate above its silhouette's box, below where there is no room above, none over another."""
    taken: list[PixelBox] = []
    for pose, box in labelled:
        if not pose.label:
            continue
        words = coverage(pose.label, size_px)
        pad = round(size_px * 0.35)
        height, width = words.shape[0] + pad, words.shape[1] + 2 * pad
        left = int(np.clip((box[0] + box[2] - width) // 2, 0, max(image.shape[1] - width, 0)))
        top = _free_top(box, left, (height, width), pad, taken)
        top = int(np.clip(top, 0, max(image.shape[0] - height, 0)))
        plate = image[top : top + height, left : left + width]
        plate[:] = (0.25 * plate).astype(np.uint8)
        plate[-max(2, pad // 3) :] = DOUBT_COLOUR if pose.in_doubt else pose.colour
        paint(image, words, left + pad, top + pad // 3, (250, 250, 250))
        taken.append((left, top, left + width, top + height))


def _free_top(box: PixelBox, left: int, size: tuple[int, int], pad: int, taken: list[PixelBox]) -> int:
    """Where a plate (height, width) beside a box begins: higher and higher above it, else below."""
    height, width = size
    top = box[1] - height - pad
    while in_the_way := [
        t for t in taken if t[0] < left + width and left < t[2] and t[1] < top + height and top < t[3]
    ]:
        top = min(other[1] for other in in_the_way) - height - 2
    return top if top >= 0 else box[3] + pad


def draw_note(image: Rgb, text: str, line: int, size_px: float) -> None:
    """Write a line of text on a plate at the lower left, `line` counted from below."""
    words = coverage(text, size_px)
    pad = round(size_px * 0.35)
    height = words.shape[0] + pad // 2
    top = image.shape[0] - pad - (line + 1) * (height + 2)
    if top < 0:
        return
    plate = image[top : top + height, pad : 3 * pad + words.shape[1]]
    plate[:] = (0.25 * plate).astype(np.uint8)
    paint(image, words, 2 * pad, top, (235, 235, 235))


def _drawable(points_px: np.ndarray) -> bool:
    """Tell whether cv2's integers reach all points."""
    return bool((np.abs(points_px) < 1e5).all())


def _fixed(point_px: np.ndarray) -> tuple[int, int]:
    """Sixteenths of a pixel, for cv2's `shift=4`."""
    return round(float(point_px[0]) * 16), round(float(point_px[1]) * 16)


@compiled
def _draw_line(
    part: np.ndarray, soft: np.ndarray, opacity: np.ndarray, widths: np.ndarray, colour: np.ndarray, dashed: bool
) -> None:
    """Paint the line of a blurred silhouette (h, w), and a shade beside it. widths: of the line, and per unit of it."""
    width_px, per_px = widths[0], widths[1]
    for v in range(soft.shape[0]):
        for u in range(soft.shape[1]):
            if soft[v, u] <= 0.005 or soft[v, u] >= 0.995 or (dashed and (u + v) // DASH_PX % 2):
                continue
            within_px = width_px / 2 - abs(soft[v, u] - np.float32(0.5)) * per_px
            line = min(max(within_px + np.float32(0.5), 0), 1) * opacity[v, u]
            shade = min(max(within_px + np.float32(1.8), 0), 1) * np.float32(0.45) * opacity[v, u]
            for c in range(3):
                value = part[v, u, c] * (1 - shade)
                part[v, u, c] = np.uint8(value + line * (colour[c] - value) + np.float32(0.5))
