"""How sure a pose is: from the last step's information to a covariance in ROS's order."""

import numpy as np

from . import se3
from .refinement.refiner import Refinement

# Before anything is seen, a pose is known to this share of the diameter, and to this angle.
_PRIOR_SHARE = 0.25
_PRIOR_RAD = 1.0


def covariance_about_origin(
    refined: Refinement, index: int, centre_obj: np.ndarray, diameter_m: float, inflation: float
) -> np.ndarray:
    """Covariance (6, 6) of the pose of the mesh's own origin: translation in m^2, rotation in rad^2, camera axes.

    inflation: by how much residuals of neighbouring rays repeat each other, and the model's own errors with them:
    the covariance that independent residuals would give is multiplied by it.
    """
    variance_m2 = max(float(refined.variance_m2[index]), 1e-8) * inflation
    prior = np.repeat([1 / (_PRIOR_SHARE * diameter_m) ** 2, 1 / _PRIOR_RAD**2], 3)
    about_centre = np.linalg.inv(refined.information[index] / variance_m2 + np.diag(prior))
    # The origin moves by v + w x (origin - centre).
    to_origin = np.eye(6)
    to_origin[:3, 3:] = se3.cross_matrix(refined.T_cam_obj[index, :3, :3] @ centre_obj)
    covariance = to_origin @ about_centre @ to_origin.T
    return (covariance + covariance.T) / 2
