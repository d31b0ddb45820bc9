"""Pictures of poses: outline, tint, axes and label on the colour image."""

from collections.abc import Sequence

import numpy as np

from ..arrays import Rgb
from ..camera import Camera, PixelBox
from ..errors import InputRefused
from .marks import draw_axes, draw_labels, draw_outline, silhouette_box
from .overlay_pose import BoxView, OverlayPose
from .renderers import OverlayRenderers

# Larger silhouettes are cast more coarsely: the outline is smoothed anyway.
_MOST_RAYS = 30_000


def draw_overlay(
    rgb: Rgb,
    camera: Camera,
    poses: Sequence[OverlayPose],
    tint: float = 0.16,
    axes: bool = True,
    line_px: float | None = None,
    renderers: OverlayRenderers | None = None,
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
            draw_axes(image, camera, pose)
    visible = [(pose, box) for pose, box in zip(poses, boxes, strict=True) if box is not None]
    draw_labels(image, visible, max(13.0, camera.width / 46))
    return image


def _outline(
    image: Rgb,
    camera: Camera,
    pose: OverlayPose,
    renderers: OverlayRenderers,
    tint: float,
    width_px: float,
) -> PixelBox | None:
    """Draw outline and tint; gives the silhouette's box (left, top, right, bottom), None where nothing is visible."""
    view = BoxView.around(pose, camera, int(np.ceil(3 * width_px)))
    if view is None:
        return None
    view = view.of_at_most(_MOST_RAYS)
    T_cam_obj = np.asarray(pose.T_cam_obj, np.float32)
    mask = (renderers[pose.model].render(T_cam_obj[None], view.K, view.size).depth_m[0] > 0).astype(np.float32)
    if not mask.any():
        return None
    mask, part = view.magnified(mask), view.part(image)
    if tint:
        painted = part + (tint * mask)[..., None] * (np.array(pose.colour, np.float32) - part)
        part[:] = np.clip(painted + 0.5, 0, 255).astype(np.uint8)
    draw_outline(part, mask, pose, width_px)
    return silhouette_box(mask, view.box)
