"""The score of a pose, and how far off it may be: made here, from evidence, for every task."""

from enum import Enum

import numpy as np

from ..object_model.model import ObjectModel
from ..refinement.refiner import Refinement
from ..selection.scorer import Evidence
from .confidence import Cues
from .fitted_constants import COVARIANCE, ERRORS, FOUND, REGISTERED, TRACKED


class Task(Enum):
    """How a pose came about, and with it how likely the wrong ones are among its kind."""

    REGISTERED = REGISTERED  # from a mask
    FOUND = FOUND  # from a proposal, without a mask
    TRACKED = TRACKED  # from the last pose


def score_of(evidence: Evidence, lead: float, best_lead: float, task: Task) -> float:
    """Return how likely the first of some poses is right, 0..1; lead: over the best of its rivals, now and at best."""
    count = len(evidence.rank)
    return float(task.value(Cues.of(evidence, np.full(count, lead), np.full(count, best_lead)))[0])


def covariance_of(model: ObjectModel, refined: Refinement) -> np.ndarray:
    """Return (6, 6) of the first pose, about the mesh's own origin, camera axes, m^2 and rad^2."""
    return COVARIANCE.about_origin(refined, 0, model.centre_m, model.diameter_m)


def expected_errors(model: ObjectModel, refined: Refinement) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return what the first pose's errors stay below in 68 and 95 % where it is right: mm, and degrees."""
    one = refined.at(0)
    distance_m = float(np.linalg.norm(one.T_cam_obj[:3, :3] @ model.centre_m + one.T_cam_obj[:3, 3]))
    about_centre = COVARIANCE.about_centre(one, model.diameter_m, distance_m)
    axes_cam = np.array([one.T_cam_obj[:3, :3] @ np.array(axis.direction) for axis in model.symmetries.axes])
    return ERRORS.translation_mm(about_centre), ERRORS.rotation_deg(about_centre, axes_cam)


def residual_covariance(model: ObjectModel, refined: Refinement) -> np.ndarray:
    """Return (6, 6) of the first pose as far as residuals show it: a twist about the object's centre, camera axes."""
    return COVARIANCE.of_residuals(refined.at(0), model.diameter_m)
