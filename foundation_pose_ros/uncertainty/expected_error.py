"""How far off a pose is where it is right: errors that 68 and 95 % of such poses stay below."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

from ..arrays import Covariance

SHARES = (0.68, 0.95)


@dataclass(frozen=True)
class ErrorModel:
    """By what factor errors are larger than normal ones of their covariance, at 68 and at 95 %; fitted.

    translation, rotation: of the centre's place, and of the turn.
    """

    translation: tuple[float, float]
    rotation: tuple[float, float]

    def limits(self, about_centre: np.ndarray, axes_cam: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return what the centre's error, mm, and the rotation's, degrees, stay below in 68 and 95 %.

        about_centre (6, 6): covariance, m^2 and rad^2. Turns about axes_cam (n, 3) of symmetry are no error.
        """
        square_rad2 = about_centre[3:, 3:]
        for axis in axes_cam:
            across = np.eye(3) - np.outer(axis, axis)
            square_rad2 = across @ square_rad2 @ across
        found = normal_limits(np.array((about_centre[:3, :3], square_rad2)))
        (low_m, high_m), (low_rad, high_rad) = (found * (self.translation, self.rotation)).tolist()
        return (1000 * low_m, 1000 * high_m), (math.degrees(low_rad), math.degrees(high_rad))


def normal_limits(covariance: Covariance) -> np.ndarray:
    """Return (B, 2): the length that normal vectors of covariances (B, 3, 3) stay below in 68 and 95 %.

    Their squares are taken to have the chi-squared distribution of the same mean and variance (Satterthwaite 1946).
    """
    # Of the eigenvalues: their sum, and that of their squares.
    total, squares = np.einsum("bii->b", covariance), np.einsum("bij,bij->b", covariance, covariance)
    scale = squares / np.maximum(total, 1e-30)
    degrees = np.square(total) / np.maximum(squares, 1e-60)
    limits = 2 * gammaincinv(degrees[:, None] / 2, np.array(SHARES))
    return np.asarray(np.sqrt(scale[:, None] * limits))
