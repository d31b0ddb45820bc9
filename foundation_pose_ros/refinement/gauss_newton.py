"""One Gauss-Newton step of many poses: solved, held to a sane length, and applied, in one compiled loop."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import se3
from ..jit import compiled


@compiled
def stepped(
    T_cam_obj: Any,
    information: Any,
    gradient: Any,
    pivot: Any,
    centre_obj: Any,
    diameter_m: Any,
    damping: Any,
    largest_turn_rad: Any,
) -> Any:
    """Move poses (B, 4, 4) by information @ twist = gradient, (B, 6, 6) and (B, 6), of twists about a pivot (3,).

    damping: share of the information on motion that is added to its diagonal; rotations are damped as if they moved
    points half a radius away. A step turns by at most largest_turn_rad and goes half a diameter, about each object's
    own centre_obj (3,). The information has to be positive semidefinite.
    """
    twists = np.empty((len(T_cam_obj), 6))
    damped = np.empty((6, 6))
    for b in range(len(T_cam_obj)):
        damped[:] = information[b]
        mean = (damped[0, 0] + damped[1, 1] + damped[2, 2]) / 3
        for k in range(6):
            damped[k, k] += damping * mean * (1 if k < 3 else diameter_m**2 / 16) + 1e-9
        twist = twists[b]
        twist[:] = gradient[b]
        solve(damped, twist)
        reach = np.sqrt(twist[0] ** 2 + twist[1] ** 2 + twist[2] ** 2)
        angle = np.sqrt(twist[3] ** 2 + twist[4] ** 2 + twist[5] ** 2)
        twist *= min(1.0, largest_turn_rad / max(angle, 1e-9), 0.5 * diameter_m / max(reach, 1e-9))
        x, y, z = placed(T_cam_obj[b], centre_obj)
        x, y, z = x - pivot[0], y - pivot[1], z - pivot[2]
        twist[0] += twist[4] * z - twist[5] * y
        twist[1] += twist[5] * x - twist[3] * z
        twist[2] += twist[3] * y - twist[4] * x
    return se3.moved(T_cam_obj, twists, centre_obj)


@compiled
def about_centres(information: Any, T_cam_obj: Any, pivot: Any, centre_obj: Any) -> Any:
    """Turn information (B, 6, 6) on twists about the pivot (3,) into that about each object's centre."""
    result = np.empty(information.shape)
    to_pivot, half = np.empty((6, 6)), np.empty((6, 6))
    for b in range(len(T_cam_obj)):
        x, y, z = placed(T_cam_obj[b], centre_obj)
        x, y, z = pivot[0] - x, pivot[1] - y, pivot[2] - z
        # A twist (v, w) about the centre c moves the pivot p by v + w x (p - c).
        to_pivot[:] = np.eye(6)
        to_pivot[0, 4], to_pivot[0, 5], to_pivot[1, 5] = z, -y, x
        to_pivot[1, 3], to_pivot[2, 3], to_pivot[2, 4] = -z, y, -x
        for row in range(6):
            for column in range(6):
                half[row, column] = 0
                for k in range(6):
                    half[row, column] += information[b, row, k] * to_pivot[k, column]
        for row in range(6):
            for column in range(6):
                result[b, row, column] = 0
                for k in range(6):
                    result[b, row, column] += to_pivot[k, row] * half[k, column]
    return result


@compiled
def placed(T: Any, point: Any) -> Any:
    """Return where a transform (4, 4) puts a point (3,)."""
    return (
        T[0, 0] * point[0] + T[0, 1] * point[1] + T[0, 2] * point[2] + T[0, 3],
        T[1, 0] * point[0] + T[1, 1] * point[1] + T[1, 2] * point[2] + T[1, 3],
        T[2, 0] * point[0] + T[2, 1] * point[1] + T[2, 2] * point[2] + T[2, 3],
    )


@compiled
def solve(matrix: Any, vector: Any) -> Any:
    """Overwrite vector (n,) by the solution of matrix (n, n) @ x = vector, and the matrix by its Cholesky factor."""
    count = len(vector)
    for row in range(count):
        for column in range(row + 1):
            left = matrix[row, column]
            for k in range(column):
                left -= matrix[row, k] * matrix[column, k]
            matrix[row, column] = np.sqrt(max(left, 1e-18)) if row == column else left / matrix[column, column]
    for row in range(count):
        for k in range(row):
            vector[row] -= matrix[row, k] * vector[k]
        vector[row] /= matrix[row, row]
    for row in range(count - 1, -1, -1):
        for k in range(row + 1, count):
            vector[row] -= matrix[k, row] * vector[k]
        vector[row] /= matrix[row, row]


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
    """Return (..., 6): how far points (..., 3) move along directions (..., 3) per unit of twist about a point (3,)."""
    # Written out: numpy's cross costs more than all the rest of a tracking step's small arrays.
    ax, ay, az = np.moveaxis(points - pivot, -1, 0)
    dx, dy, dz = np.moveaxis(directions, -1, 0)
    return np.stack(
        [*np.broadcast_arrays(dx, dy, dz), ay * dz - az * dy, az * dx - ax * dz, ax * dy - ay * dx], axis=-1
    )


@compiled
def tukey(relative: Any) -> Any:
    """Return the biweight (Beaton and Tukey 1974) of residuals in gates, one or an array: 1 at 0, 0 from 1 on."""
    near = np.maximum(np.float32(1) - relative * relative, np.float32(0))
    return near * near
