"""Whether a pose that was found without a mask can be: what no depth along its surface says for or against it."""

from dataclasses import dataclass

import numpy as np

from ..arrays import Pose
from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..observation.observation import Observation
from ..rendering import Renderer, Rendering
from ..srgb import log_colours
from .outline_breaks import outline_breaks, outline_crop

# Depth this near to the object's surface is seen on it: a share of its diameter, and at least so much.
_SEEN_SHARE, _SEEN_M = 0.03, 0.004
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
    """

    hue: float = 0.0
    ends: float = 0.0
    flat: float = 0.0


def plausibility(model: ObjectModel, renderer: Renderer, frame: Frame, T_cam_obj: Pose) -> Plausibility:
    """Look at what is seen at a pose (4, 4), and across its outline; nothing is known of one that isn't in view."""
    try:
        seen = outline_crop(frame, model, T_cam_obj)
    except InputRefused:
        return Plausibility()
    rendering = renderer.render(T_cam_obj[None], seen.K, (seen.size,) * 2, colour=model.has_colour)
    breaks = outline_breaks(seen, rendering.depth_m[0])
    return Plausibility(-_hue_shift(model, seen, rendering), -breaks.nowhere, breaks.in_colour)


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
