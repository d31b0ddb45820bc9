"""Whether a pose that was found without a mask can be: what no depth along its surface says for or against it."""

import numpy as np

from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..observation.crop import Crop
from ..rendering import Renderer
from .support_planes import SupportPlanes

_SIZE = 48
# What is dark is mostly noise: its logarithm is held back by this much of full scale.
_DARK = 0.06
# Depth this near to the object's surface is seen on it: a share of its diameter, and at least so much.
_SEEN_SHARE, _SEEN_M = 0.03, 0.004
# Fewer pixels have no colour of their own.
_FEWEST = 15
# White balance and coloured light shift log chroma by so much without notice, and by so much more in one standard
# deviation. Exposure and contrast scale it, so what is colourful may be off by more: by its chroma so many times.
_SHIFT, _SHIFT_SIGMA, _COLOURFUL = 0.2, 0.05, 2.0


def plausibility(
    model: ObjectModel, renderer: Renderer, frame: Frame, T_cam_obj: np.ndarray, planes: SupportPlanes
) -> float:
    """Return 0..1 for a pose (4, 4): by what the odds are multiplied that it is right.

    0 where the object would stick in a table or wall. Small where its mean colour is another than light and camera
    explain: correlation, by which renderings are compared, takes means away.
    """
    if planes.penetrated_by(renderer, T_cam_obj, model):
        return 0.0
    shift = _colour_shift(model, renderer, frame, T_cam_obj) if model.has_colour else 0.0
    return float(np.exp(-0.5 * np.square(max(shift - _SHIFT, 0.0) / _SHIFT_SIGMA)))


def by_odds(score: float, factor: float) -> float:
    """Return a probability (0..1) whose odds are multiplied by a factor."""
    return score * factor / max(score * factor + 1 - score, 1e-12)


def _colour_shift(model: ObjectModel, renderer: Renderer, frame: Frame, T_cam_obj: np.ndarray) -> float:
    """Return by how much the log chroma that is seen differs from the object's own, less where both are colourful.

    0 where hardly any of it is seen.
    """
    try:
        seen = Crop.around_pose(frame, model, T_cam_obj, 1.1).observe(_SIZE)
    except InputRefused:
        return 0.0
    rendering = renderer.render(T_cam_obj[None], seen.K, (_SIZE, _SIZE), colour=True)
    rendered_m = rendering.depth_m.ravel()
    off_m = np.abs(rendered_m - seen.depth_m)
    on = (rendered_m > 0) & (seen.depth_m > 0) & (off_m < max(_SEEN_SHARE * model.diameter_m, _SEEN_M))
    if rendering.rgb is None or on.sum() < _FEWEST:
        return 0.0
    own, observed = (_chroma(rgb[on]) for rgb in (rendering.rgb.reshape(-1, 3), seen.rgb))
    colourful = max(np.linalg.norm(own), np.linalg.norm(observed))
    return float(np.linalg.norm(observed - own) / (1 + _COLOURFUL * colourful))


def _chroma(rgb: np.ndarray) -> np.ndarray:
    """Return log red/green and log blue/green (2,) of the mean of colours (N, 3), in which dark ones hardly count."""
    logs = np.log(rgb.mean(axis=0) + _DARK)
    return np.asarray(logs[[0, 2]] - logs[1])
