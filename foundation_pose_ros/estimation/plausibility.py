"""Whether a pose that was found without a mask can be: what no depth along its surface says for or against it."""

import numpy as np

from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..observation.observation import Observation
from ..rendering import Renderer, Rendering
from ..selection.outline_breaks import outline_breaks, outline_crop
from ..srgb import log_colours
from .candidates import Candidates
from .support_planes import SupportPlanes

# Depth this near to the object's surface is seen on it: a share of its diameter, and at least so much.
_SEEN_SHARE, _SEEN_M = 0.03, 0.004
# Fewer pixels have no colour of their own.
_FEWEST = 15
# White balance and coloured light shift log chroma by so much without notice, and by so much more in one standard
# deviation. Exposure and contrast multiply the object's own by a factor in this range.
_SHIFT, _SHIFT_SIGMA, _CONTRAST = 0.2, 0.05, (0.5, 2.0)
# Of the outline so much may lie in the midst of something that goes on beyond it, and so much more in one standard
# deviation: at 82 true poses 0.06 at most, at half of the wrong ones on a recorded desk 0.15 and more.
_NOWHERE, _NOWHERE_SIGMA = 0.05, 0.04
# Where more of an outline than this shows in colour alone, the object lies flat, and odds grow that depth, by which
# they were reckoned, kept small: their logarithm by so much for all of the outline, up to so many times.
_FLAT, _FLAT_GAIN, MOST_PLAUSIBLE = 0.3, 8.0, 30.0


def plausibility(
    model: ObjectModel, renderer: Renderer, frame: Frame, T_cam_obj: np.ndarray, planes: SupportPlanes
) -> float:
    """Return for a pose (4, 4) by what the odds are multiplied that it is right: 0 to MOST_PLAUSIBLE.

    0 where the object would stick in a table or wall. Small where its mean colour is another than light and camera
    explain, since correlation, by which renderings are compared, takes means away; and where what is seen goes on
    beyond its outline as if there were none, in depth and in colour. Above 1 where it lies flat, and colours alone
    change at its outline.
    """
    if planes.penetrated_by(renderer, T_cam_obj, model):
        return 0.0
    try:
        seen = outline_crop(frame, model, T_cam_obj)
    except InputRefused:
        return 1.0
    rendering = renderer.render(T_cam_obj[None], seen.K, (seen.size,) * 2, colour=model.has_colour)
    breaks = outline_breaks(seen, rendering.depth_m[0])
    return float(
        _within(_colour_shift(model, seen, rendering), _SHIFT, _SHIFT_SIGMA)
        * _within(breaks.nowhere, _NOWHERE, _NOWHERE_SIGMA)
        * min(np.exp(_FLAT_GAIN * max(breaks.in_colour - _FLAT, 0.0)), MOST_PLAUSIBLE)
    )


def above_planes(candidates: Candidates, model: ObjectModel, renderer: Renderer, planes: SupportPlanes) -> Candidates:
    """Leave out the candidates, best first, that would stick in a table or wall, up to the first that doesn't.

    What they show may agree best: of a thing that stands on a table, half of it lying in the table explains the rest.
    Where all of them would, all stay.
    """
    for k, T_cam_obj in enumerate(candidates.refined.T_cam_obj):
        if not planes.penetrated_by(renderer, T_cam_obj, model):
            return candidates if k == 0 else candidates.picked(np.arange(k, len(candidates.refined.T_cam_obj)))
    return candidates


def by_odds(score: float, factor: float) -> float:
    """Return a probability (0..1) whose odds are multiplied by a factor."""
    return score * factor / max(score * factor + 1 - score, 1e-12)


def _within(value: float, limit: float, sigma: float) -> float:
    """Return 1 up to a limit, and the less the more standard deviations a value lies beyond it."""
    return float(np.exp(-0.5 * np.square(max(value - limit, 0.0) / sigma)))


def _colour_shift(model: ObjectModel, seen: Observation, rendering: Rendering) -> float:
    """Return by how much the log chroma that is seen differs from the object's own times some contrast.

    0 where hardly any of it is seen.
    """
    rendered_m = rendering.depth_m.ravel()
    off_m = np.abs(rendered_m - seen.depth_m)
    on = (rendered_m > 0) & (seen.depth_m > 0) & (off_m < max(_SEEN_SHARE * model.diameter_m, _SEEN_M))
    if rendering.rgb is None or on.sum() < _FEWEST:
        return 0.0
    # Of means, in which dark pixels hardly count.
    own, observed = (log_colours(rgb[on].mean(axis=0))[:2] for rgb in (rendering.rgb.reshape(-1, 3), seen.rgb))
    # What is gray stays gray at any contrast: there all of the difference has to be light's.
    contrast = np.clip(own @ observed / max(own @ own, 1e-9), *_CONTRAST)
    return float(np.linalg.norm(observed - contrast * own))
