"""The score of a pose, and how far off it may be: made here, from evidence, for every task."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from ..arrays import Covariance
from ..object_model.model import ObjectModel
from ..refinement.refiner import Refinement
from ..selection.plausibility import Plausibility
from ..selection.scorer import Evidence
from .confidence import Cues
from .covariance import about_origin
from .fitted_constants import COVARIANCE, FOUND, REGISTERED, REGISTERED_ERRORS, TRACKED, TRACKED_ERRORS


class Task(Enum):
    """How a pose came about, and with it how likely the wrong ones are among its kind."""

    REGISTERED = REGISTERED  # from a mask
    FOUND = FOUND  # from a proposal, without a mask
    TRACKED = TRACKED  # from the last pose


def score_of(
    evidence: Evidence,
    lead: float,
    earlier_lead: float,
    task: Task,
    plausible: Plausibility | None = None,
    ways: float = 1.0,
) -> float:
    """Return how likely the first of some poses is right, 0..1.

    lead: over the best of its rivals. earlier_lead: the most that it was in looks before, 0 without any. ways: for how
    many rivals the best one stands.
    """
    leads, earlier, each_ways = (np.full(len(evidence.rank), value) for value in (lead, earlier_lead, ways))
    return float(task.value(Cues.of(evidence, leads, earlier, plausible, each_ways))[0])


def by_odds(score: float, factor: float) -> float:
    """Return a probability (0..1) whose odds are multiplied by a factor."""
    return score * factor / max(score * factor + 1 - score, 1e-12)


@dataclass(frozen=True)
class Uncertainty:
    """How far off a pose may be where it is right.

    covariance: (6, 6) about the mesh's own origin, camera axes, m^2 and rad^2.
    translation_mm, rotation_deg: what its errors stay below in 68 and 95 %.
    """

    covariance: Covariance
    translation_mm: tuple[float, float]
    rotation_deg: tuple[float, float]

    @classmethod
    def of(cls, model: ObjectModel, refined: Refinement, tracked: bool) -> "Uncertainty":
        """Return that of the first of some poses; tracked: it follows from a pose before, and is the better known."""
        one = refined.at(0)
        R, t = one.T_cam_obj[:3, :3], one.T_cam_obj[:3, 3]
        from_origin_cam = R @ model.centre_m
        about_centre = COVARIANCE.about_centre(one, model.diameter_m, float(np.linalg.norm(from_origin_cam + t)))
        axes_cam = np.array([R @ np.array(axis.direction) for axis in model.symmetries.axes])
        errors = TRACKED_ERRORS if tracked else REGISTERED_ERRORS
        return cls(about_origin(about_centre, from_origin_cam), *errors.limits(about_centre, axes_cam))


def residual_covariance(model: ObjectModel, refined: Refinement) -> np.ndarray:
    """Return (6, 6) of the first pose as far as residuals show it: a twist about the object's centre, camera axes."""
    return COVARIANCE.of_residuals(refined.at(0), model.diameter_m)
