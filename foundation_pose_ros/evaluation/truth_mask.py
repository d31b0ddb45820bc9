"""The mask that an object's true pose gives, for recordings that come with poses but without masks."""

import numpy as np

from ..frame import Frame
from ..rendering.renderer import Renderer

# What stands this far in front of the rendered surface hides it; less is noise of sensor and truth.
OCCLUDER_GAP_M = 0.02


def mask_from_truth(renderer: Renderer, frame: Frame, T_cam_obj: np.ndarray) -> np.ndarray:
    """(H, W) bool: the model's silhouette in the true pose, less what the observed depth shows to be hidden."""
    rendered_m = renderer.render(T_cam_obj[None], frame.camera.K, frame.depth_m.shape).depth_m[0]
    hidden = (frame.depth_m > 0) & (frame.depth_m < rendered_m - OCCLUDER_GAP_M)
    return (rendered_m > 0) & ~hidden
