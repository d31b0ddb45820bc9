"""How far off a pose is where it is right: errors that 68 and 95 % of such poses stay below."""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

SHARES = (0.68, 0.95)


@dataclass(frozen=True)
class ErrorModel:
    """By what factor errors are larger than normal ones of their covariance, at 68 and at 95 %; fitted.

    translation, rotation: of the centre's place, and of the turn.
    """

    translation: tuple[float, float]
    rotation: tuple[float, float]

    def translation_mm(self, about_centre: np.ndarray) -> tuple[float, float]:
        """Return what the centre's error stays below in 68 and 95 %, mm; about_centre (6, 6): covariance, m^2."""
        low, high = 1000 * np.array(self.translation) * normal_limits(about_centre[None, :3, :3])[0]
        return float(low), float(high)

    def rotation_deg(self, about_centre: np.ndarray, axes_cam: np.ndarray) -> tuple[float, float]:
        """Return the same of the rotation, degrees; turns about axes_cam (n, 3) of symmetry are no error."""
        square_rad2 = about_centre[3:, 3:]
        for axis in axes_cam:
            across = np.eye(3) - np.outer(axis, axis)
            square_rad2 = across @ square_rad2 @ across
        low, high = np.rad2deg(np.array(self.rotation) * normal_limits(square_rad2[None])[0])
        return float(low), float(high)


def normal_limits(covariance: np.ndarray) -> np.ndarray:
    """Return (B, 2): the length that normal vectors of covariances (B, 3, 3) stay below in 68 and 95 %.

    Their squares are taken to have the chi-squared distribution of the same mean and variance (Satterthwaite 1946).
    """
    # Of the eigenvalues: their sum, and that of their squares.
    total, squares = np.trace(covariance, axis1=1, axis2=2), np.square(covariance).sum(axis=(1, 2))
    scale = squares / np.maximum(total, 1e-30)
    degrees = np.square(total) / np.maximum(squares, 1e-60)
    limits = 2 * gammaincinv(degrees[:, None] / 2, np.array(SHARES))
    return np.asarray(np.sqrt(scale[:, None] * limits))
