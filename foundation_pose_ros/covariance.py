"""How sure a pose is: from the last step's information to a covariance in ROS's order."""

import numpy as np

from . import se3
from .refinement.refiner import Refinement

# Residuals of neighbouring rays repeat each other: independent ones would give a covariance so many times too small.
# benchmarks/calibrate.py, 2026-11-25: without the floor, 6 brings the median normalised error squared of right poses
# in rendered scenes to 5.1 in registration (n = 161) and 2.8 in tracking (n = 389); that of chi-squared is 5.35.
RESIDUALS_REPEAT = 6.0
# What no residual shows: the camera's calibration, the mesh and its scale. Rendered scenes know nothing of it; on
# recordings the medians were 24 to 107 without this floor, and are 4 to 16 with it; it was chosen on them
# (docs/scores.md).
FLOOR_M = 0.0003
FLOOR_RAD = np.deg2rad(0.3)
# Before anything is seen, a pose is known to this share of the diameter, and to this angle.
_PRIOR_SHARE = 0.25
_PRIOR_RAD = 1.0


def covariance_about_centre(information: np.ndarray, variance_m2: float, diameter_m: float) -> np.ndarray:
    """Covariance (6, 6) of a twist about the object's centre, from a refinement's information (6, 6) and variance."""
    variance_m2 = max(variance_m2, 1e-8) * RESIDUALS_REPEAT
    prior = np.repeat([1 / (_PRIOR_SHARE * diameter_m) ** 2, 1 / _PRIOR_RAD**2], 3)
    floor = np.repeat([FLOOR_M**2, FLOOR_RAD**2], 3)
    return np.linalg.inv(information / variance_m2 + np.diag(prior)) + np.diag(floor)


def covariance_about_origin(refined: Refinement, index: int, centre_obj: np.ndarray, diameter_m: float) -> np.ndarray:
    """Covariance (6, 6) of the pose of the mesh's own origin: translation in m^2, rotation in rad^2, camera axes."""
    about_centre = covariance_about_centre(refined.information[index], float(refined.variance_m2[index]), diameter_m)
    # The origin moves by v + w x (origin - centre).
    to_origin = np.eye(6)
    to_origin[:3, 3:] = se3.cross_matrix(refined.T_cam_obj[index, :3, :3] @ centre_obj)
    covariance = to_origin @ about_centre @ to_origin.T
    return (covariance + covariance.T) / 2
