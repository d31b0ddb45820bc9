"""How sure a pose is: from the normal equations to a covariance in ROS's order."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import se3
from ..arrays import Covariance
from ..jit import compiled
from ..pose_result import PoseResult
from ..refinement.refiner import Refinement

# Before anything is seen, a pose is known to this share of the diameter, and to this angle.
_PRIOR_SHARE = 0.25
_PRIOR_RAD = 1.0
_SMALLEST_VARIANCE_M2 = 1e-8
# What is the same along all axes, as covariances of twists.
_TRANSLATION, _ROTATION = np.diag([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]), np.diag([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])


@dataclass(frozen=True)
class CovarianceModel:
    """What normal equations don't know of their own errors, fitted where those are known (benchmarks/calibration).

    repeat: residuals of neighbouring rays repeat each other; independent ones would give a covariance so many times too
    small. shift_per_m: no residual shows a shift, of depth against colour or of all depths; as a share of the distance.
    rim_m: nor a bend of depth or mesh, which turns the object as if its rim were moved by so much.
    """

    repeat: float
    shift_per_m: float
    rim_m: float

    def of_residuals(self, refined: Refinement, diameter_m: np.ndarray | float) -> np.ndarray:
        """Return covariances (..., 6, 6) of twists about objects' centres, m^2 and rad^2, that residuals show."""
        batch = refined.variance_m2.shape
        covariances: np.ndarray = _of_residuals(
            refined.information.reshape(-1, 6, 6),
            refined.points_information.reshape(-1, 6, 6),
            np.maximum(refined.variance_m2, _SMALLEST_VARIANCE_M2).reshape(-1) * self.repeat,
            _each(diameter_m, batch),
        )
        return covariances.reshape(*batch, 6, 6)

    def about_centre(
        self, refined: Refinement, diameter_m: np.ndarray | float, distance_m: np.ndarray | float
    ) -> np.ndarray:
        """Return covariances (..., 6, 6) of twists about objects' centres, in m^2 and rad^2.

        distance_m (...): from camera to centre.
        """
        covariances = self.of_residuals(refined, diameter_m)
        own = covariances.reshape(-1, 36)[:, ::7]  # (B, 6) of each diagonal, in place
        batch = refined.variance_m2.shape
        own[:, :3] += np.square(self.shift_per_m * _each(distance_m, batch))[:, None]
        own[:, 3:] += np.square(2 * self.rim_m / _each(diameter_m, batch))[:, None]
        return covariances


def _each(values: np.ndarray | float, batch: tuple[int, ...]) -> np.ndarray:
    """(B,): values of a batch (...), or the one that all share."""
    each = np.empty(batch)
    each[...] = values  # NumPy takes longer to broadcast than for all the rest
    return each.reshape(-1)


@compiled
def _of_residuals(information: Any, points_information: Any, variance_m2: Any, diameter_m: Any) -> Any:
    """(B, 6, 6) of information (B, 6, 6) per variance (B,), of points, and of what is known beforehand."""
    found = np.empty(information.shape)
    for b in range(len(found)):
        known = information[b] / variance_m2[b] + points_information[b]
        for k in range(3):
            known[k, k] += (_PRIOR_SHARE * diameter_m[b]) ** -2
            known[3 + k, 3 + k] += _PRIOR_RAD**-2
        found[b] = np.linalg.inv(known)
    return found


def about_origin(about_centre: np.ndarray, from_origin_cam: np.ndarray) -> Covariance:
    """Return the covariance (6, 6) of the mesh's own origin, m^2 and rad^2, from that of the object's centre.

    from_origin_cam (3,): from that origin to the centre, in camera axes.
    """
    to_origin = _to_origin(from_origin_cam)
    covariance = to_origin @ about_centre @ to_origin.T
    return np.asarray((covariance + covariance.T) / 2)


def doubted(result: PoseResult) -> Covariance:
    """Widen a result's covariance (6, 6) by what isn't known where it is wrong, as likely as its score leaves that."""
    doubt = min(max(1 - result.score, 0.0), 1.0)
    prior = _diagonal(np.array((_PRIOR_SHARE * result.diameter_m) ** 2), np.array(_PRIOR_RAD**2))
    to_origin = _to_origin(result.T_cam_obj[:3, :3] @ result.centre_obj)
    return np.asarray((1 - doubt) * result.covariance + doubt * (to_origin @ prior @ to_origin.T))


def _to_origin(from_origin_cam: np.ndarray) -> np.ndarray:
    """Return (6, 6): from twists about the centre, which is from_origin_cam (3,) off the mesh's origin, to its own."""
    to_origin = np.eye(6)
    # The origin moves by v + w x (origin - centre).
    to_origin[:3, 3:] = se3.cross_matrix(from_origin_cam)
    return to_origin


def _diagonal(translation: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """(..., 6, 6) from (...) for each axis of either half."""
    return translation[..., None, None] * _TRANSLATION + rotation[..., None, None] * _ROTATION
