"""Whether a pose that no earlier frame speaks for can be: what no depth along its surface says for or against it."""

import math
from dataclasses import dataclass

import numpy as np

from ..arrays import Pose
from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..observation.observation import Observation
from ..rendering import Renderer, Rendering
from ..srgb import log_colours
from .outline_breaks import MARGIN, outline_breaks, outline_crop
from .region import colours_at

# Depth this near to the object's surface is seen on it: a share of its diameter, and at least so much.
_SEEN_SHARE, _SEEN_M = 0.03, 0.004
# What an outline that separates nothing is taken to: on a gray table a gray thing may be right.
UNKNOWN_SEPARATION = 0.75
# Fewer pixels have no colour of their own.
_FEWEST = 15
# Exposure and contrast multiply the object's own log chroma by a factor in this range.
_CONTRAST = (0.5, 2.0)


@dataclass(frozen=True)
class Plausibility:
    """Of one pose, each number growing with what speaks for it.

    hue: at most 0, how far its mean log chroma is from the object's own at any contrast: light's, or another thing's.
    Correlation, by which renderings are compared, takes means away.
    ends: at most 0, less the share of its outline across which depth and colour go on, as in the midst of something
    larger.
    flat: 0..1, the share of its outline where colours alone change, as around something that lies flat: there depth
    speaks against what is right.
    separates: 0..1, how well its outline separates the colours that are seen on either side of it, whatever they are:
    that of a pose on clutter crosses them.
    """

    hue: float = 0.0
    ends: float = 0.0
    flat: float = 0.0
    separates: float = UNKNOWN_SEPARATION


def plausibility(model: ObjectModel, renderer: Renderer, frame: Frame, T_cam_obj: Pose) -> Plausibility:
    """Look at what is seen at a pose (4, 4), and across its outline; nothing is known of one that isn't in view."""
    try:
        seen = outline_crop(frame, model, T_cam_obj)
    except InputRefused:
        return Plausibility()
    rendering = renderer.render(T_cam_obj[None], seen.K, (seen.size,) * 2, colour=model.has_colour)
    rendered_m = rendering.depth_m[0]
    breaks = outline_breaks(seen, rendered_m)
    colours = colours_at(seen, model, T_cam_obj, rendered_m, MARGIN)
    separates = UNKNOWN_SEPARATION if colours is None or math.isnan(colours.agreement) else colours.agreement
    return Plausibility(-_hue_shift(model, seen, rendering), -breaks.nowhere, breaks.in_colour, separates)


def _hue_shift(model: ObjectModel, seen: Observation, rendering: Rendering) -> float:
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
