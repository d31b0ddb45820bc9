"""A small network's choice among the poses of a set, beside the learning-free one: the surer has the last word.

Needs onnxruntime and weights, but no PyTorch.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..arrays import Poses
from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..observation.compared_images import MARGIN, compared_poses
from ..observation.crop import Crop
from ..rendering import Renderer


class SetScorer(Protocol):
    """Scores renderings (L, 6, 64, 64) beside one picture (1, 6, 64, 64): (L,), higher for likelier ones."""

    def scores(self, rendered: np.ndarray, observed: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class ChoiceSettings:
    """When the network is followed.

    weight: what a unit of its scores, logarithms of likelihoods, adds to a rank; fitted on scanned objects that it has
    never seen, by which poses were right (`benchmarks.pose.compact_choice`). largest: what counts of a score's distance
    from the best, at most, so that no rank is overruled beyond weight x largest.
    """

    weight: float = 0.011
    largest: float = 6.0


class CompactScorer:
    """Says what a network adds to the ranks of poses of one object."""

    def __init__(
        self, scorer: SetScorer, model: ObjectModel, renderer: Renderer, settings: ChoiceSettings | None = None
    ) -> None:
        self._scorer, self._model, self._renderer = scorer, model, renderer
        self._settings = settings or ChoiceSettings()

    def ranks(self, frame: Frame, T_cam_obj: Poses, rank: np.ndarray) -> np.ndarray:
        """Return the ranks (B,) of poses (B, 4, 4), likeliest first, with what the network says of them added.

        They stay as they are for one pose alone, and where the object is hardly in the image.
        """
        if len(T_cam_obj) < 2:
            return rank
        try:
            crop = Crop.around_pose(frame, self._model, T_cam_obj[0], MARGIN)
        except InputRefused:
            return rank
        scores = self._scorer.scores(*compared_poses(crop, self._renderer, self._model, T_cam_obj))
        return weighed(rank, scores, self._settings)


def weighed(rank: np.ndarray, scores: np.ndarray, settings: ChoiceSettings) -> np.ndarray:
    """Return ranks (B,) with scores (B,) added, each counted from the best of them."""
    return rank + settings.weight * np.maximum(scores - scores.max(), -settings.largest)
