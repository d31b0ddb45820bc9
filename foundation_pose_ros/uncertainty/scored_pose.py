"""The score of a pose, and how far off it may be: made here, from evidence, for every task."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from ..object_model.model import ObjectModel
from ..refinement.refiner import Refinement
from ..selection.scorer import Evidence
from .confidence import Cues
from .fitted_constants import COVARIANCE, FOUND, REGISTERED, TRACKED


class Task(Enum):
    """How a pose came about, and with it how likely the wrong ones are among its kind."""

    REGISTERED = REGISTERED  # from a mask
    FOUND = FOUND  # from a proposal, without a mask
    TRACKED = TRACKED  # from the last pose


@dataclass(frozen=True)
class ScoredPoses:
    """What the evidence for B poses, best first, comes to.

    scores: (B,) in 0..1, how likely each is right.
    covariance: (6, 6) of the first, about the mesh's own origin, camera axes, m^2 and rad^2.
    """

    scores: np.ndarray
    covariance: np.ndarray


def score_poses(model: ObjectModel, refined: Refinement, evidence: Evidence, task: Task) -> ScoredPoses:
    """Turn the evidence for poses of one object into probabilities and the first one's covariance."""
    covariance = COVARIANCE.about_origin(refined, 0, model.centre_m, model.diameter_m)
    return ScoredPoses(task.value(Cues.of(evidence)), covariance)


def residual_covariance(model: ObjectModel, refined: Refinement) -> np.ndarray:
    """Return (6, 6) of the first pose as far as residuals show it: a twist about the object's centre, camera axes."""
    return COVARIANCE.of_residuals(refined.at(0), model.diameter_m)
