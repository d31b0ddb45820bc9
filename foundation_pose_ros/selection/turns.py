"""Which of a pose's turns is the right one, where depth can't tell: what sets their renderings apart decides."""

import numpy as np

from ..observation import Observation
from ..rendering import Renderer
from .colour import ColourComparison
from .geometric import GeometricScorer

# Depth this near, as a share of itself and at least, is that of one surface.
_AGREES_SHARE, _AGREES_M = 0.01, 0.004


def ranked_turns(
    scorer: GeometricScorer, renderer: Renderer, observation: Observation, T_cam_obj: np.ndarray
) -> np.ndarray:
    """Rank (B,) of poses (B, 4, 4) that show nearly the same surface, higher for better.

    To the scorer's rank comes the correlation of what sets each rendering apart from their mean with what sets the
    picture apart from it: bands and plain parts that all share say nothing, however much of the surface they are.
    """
    rendering = scorer.rendered(renderer, observation, T_cam_obj)
    rank = scorer.judged(observation, rendering).rank
    if rendering.rgb is None:
        return rank
    shape = (observation.size, observation.size)
    off_m = np.abs(rendering.depth_m - observation.depth_m.reshape(shape))
    agrees = (rendering.depth_m > 0) & (off_m < np.maximum(_AGREES_SHARE * rendering.depth_m, _AGREES_M))
    comparison = ColourComparison(observation.rgb.reshape(*shape, 3))
    return rank + comparison.told_apart(rendering.rgb, agrees.astype(np.float32))
