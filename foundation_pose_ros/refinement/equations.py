"""Normal equations of Gauss-Newton steps, one set per hypothesis."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..compiled import compiled


@dataclass(frozen=True)
class NormalEquations:
    """information (B, 6, 6), gradient (B, 6) of twists about a pivot: a step solves information @ twist = gradient."""

    information: np.ndarray
    gradient: np.ndarray

    def __add__(self, other: "NormalEquations") -> "NormalEquations":
        return NormalEquations(self.information + other.information, self.gradient + other.gradient)


@dataclass(frozen=True)
class DepthEquations(NormalEquations):
    """Those of depth, with the pixels' total weight (B,) and the weighted variance of their residuals (B,) in m^2."""

    weight: np.ndarray
    variance_m2: np.ndarray


@dataclass(frozen=True)
class PointEquations(NormalEquations):
    """Those of matched points, and what the points say by their own residuals (B, 6, 6), per m^2 and rad^2."""

    own_information: np.ndarray


def twist_jacobian(points: np.ndarray, directions: np.ndarray, pivot: np.ndarray) -> np.ndarray:
    """(..., 6): how far points (..., 3) move along directions (..., 3) per unit of a twist about the pivot (3,)."""
    # Written out: numpy's cross costs more than all the rest of a tracking step's small arrays.
    ax, ay, az = np.moveaxis(points - pivot, -1, 0)
    dx, dy, dz = np.moveaxis(directions, -1, 0)
    return np.stack(
        [*np.broadcast_arrays(dx, dy, dz), ay * dz - az * dy, az * dx - ax * dz, ax * dy - ay * dx], axis=-1
    )


@compiled
def tukey(relative: Any) -> Any:
    """Biweight (Beaton and Tukey 1974) of residuals, one or an array, relative to the gate: 1 at none, 0 from it on."""
    near = np.maximum(np.float32(1) - relative * relative, np.float32(0))
    return near * near
