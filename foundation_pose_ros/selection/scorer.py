"""What a scorer gives: one of the two places where geometric and learned methods meet."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..arrays import Poses
from ..observation.observation import Observation


@dataclass(frozen=True)
class Evidence:
    """What speaks for each of B poses, (B,) float each.

    rank: poses of one object in one frame are ordered by it, higher for better.
    agreement: 0..1, share of the union of observed and rendered object on which depth and outline agree.
    inliers: 0..1, share of the seen surface whose depth agrees.
    visible: 0..1, share of the rendered outline that nothing hides.
    outline: 0..1, intersection over union of mask and rendering, 1 without a mask.
    colour: -1..1, correlation of colours, 0 where the model has none that tell.
    colour_expected: 0..1, what that would be if observed and rendered colours were the same.
    border: 0..1, share of the rendered outline beside which the observed depth steps away from the surface; 0.5 where
        nothing is known.
    region: 0..1, how well the outline separates the colours that were learned of the object from those beside it, NaN
        where they don't tell or none were learned.
    region_expected: 0..1, what that has been of late, where the pose was believed; NaN where it isn't known.
    """

    rank: np.ndarray
    agreement: np.ndarray
    inliers: np.ndarray
    visible: np.ndarray
    outline: np.ndarray
    colour: np.ndarray
    colour_expected: np.ndarray
    border: np.ndarray
    region: np.ndarray
    region_expected: np.ndarray


class Scorer(Protocol):
    """Orders poses of one object by what was observed."""

    def score(self, observation: Observation, T_cam_obj: Poses) -> Evidence:
        """Weigh what speaks for each of poses (B, 4, 4)."""
        ...
