"""What matched surface points ask of a pose: each wants to lie on the ray on which it was seen."""

from typing import Any

import numpy as np

from .. import se3
from ..arrays import Pose, Poses
from ..jit import compiled
from ..observation.keyframe import FULL_WEIGHT, PointMatches
from .gauss_newton import PointEquations, placed, solve, tukey

# A matched point is found to about a pixel; further off than this many it is a wrong match.
_GATE_PX = 4.0
# Windows in which they are found overlap, about four deep; and however well they agree, none is found better than this.
_REPEAT, _FINEST_PX = 4.0, 0.2
# By points alone a pose is moved in so many steps, of gates that are shares of the diameter.
_GATE_SHARES = np.geomspace(0.4, 0.04, 4)


def point_equations(
    matches: PointMatches, T_cam_obj: Poses, pivot: np.ndarray, gate_m: float, total_weight: np.ndarray
) -> PointEquations:
    """Sum up what pulls poses (B, 4, 4) to matched points: equations of twists about the pivot.

    A residual is how far a point is from its ray across the optical axis, in metres. Together all points weigh
    `total_weight` (B,), whatever their number.
    """
    return PointEquations(
        *_pulled(matches.points_obj, matches.rays, matches.pixel, T_cam_obj, pivot.astype(float), gate_m, total_weight)
    )


def held_to_view(own_information: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Hold what points say (B, 6, 6) of a pose to what is known of the view they come from: its covariance (6, 6)."""
    held: np.ndarray = _held(own_information, covariance)
    return held


@compiled
def _held(own_information: Any, covariance: Any) -> Any:
    held = np.empty(own_information.shape)
    for b in range(len(own_information)):
        own = own_information[b]
        solved = np.linalg.solve(np.eye(6) + own @ covariance, own)
        held[b] = (solved + solved.T) / 2
    return held


@compiled
def _pulled(points_obj: Any, rays: Any, pixel: Any, T_cam_obj: Any, pivot: Any, gate_m: Any, total_weight: Any) -> Any:
    """Information (B, 6, 6), gradient (B, 6), and information by the points' own residuals (B, 6, 6)."""
    information, gradient = np.zeros((len(T_cam_obj), 6, 6)), np.zeros((len(T_cam_obj), 6))
    own_information = np.empty(information.shape)
    jacobian = np.empty(6)
    for b in range(len(T_cam_obj)):
        T, total, squares, finest = T_cam_obj[b], 0.0, 0.0, 0.0
        for i in range(len(points_obj)):
            a, c, d = points_obj[i, 0], points_obj[i, 1], points_obj[i, 2]
            x = T[0, 0] * a + T[0, 1] * c + T[0, 2] * d + T[0, 3]
            y = T[1, 0] * a + T[1, 1] * c + T[1, 2] * d + T[1, 3]
            z = T[2, 0] * a + T[2, 1] * c + T[2, 2] * d + T[2, 3]
            off_x, off_y = rays[i, 0] * z - x, rays[i, 1] * z - y
            weight = tukey(np.sqrt(off_x**2 + off_y**2) / max(gate_m, _GATE_PX * pixel * z))
            total += weight
            squares += weight * (off_x**2 + off_y**2) / 2
            finest += weight * (_FINEST_PX * pixel * z) ** 2
            # A point that goes away from the camera goes towards the image's middle as well.
            ax, ay, az = x - pivot[0], y - pivot[1], z - pivot[2]
            for axis in range(2):
                jacobian[axis], jacobian[1 - axis] = 1, 0
                jacobian[2] = -(x if axis == 0 else y) / z
                dx, dy, dz = jacobian[0], jacobian[1], jacobian[2]
                jacobian[3] = ay * dz - az * dy
                jacobian[4] = az * dx - ax * dz
                jacobian[5] = ax * dy - ay * dx
                off = off_x if axis == 0 else off_y
                for k in range(6):
                    gradient[b, k] += weight * off * jacobian[k]
                    for m in range(6):
                        information[b, k, m] += weight * jacobian[k] * jacobian[m]
        share = total_weight[b] / max(total, FULL_WEIGHT)
        precision = total / (_REPEAT * (squares + finest)) if total > 0 else 0.0
        for k in range(6):
            gradient[b, k] *= share
            for m in range(6):
                own_information[b, k, m] = precision * information[b, k, m]
                information[b, k, m] *= share
    return information, gradient, own_information


def moved_to_points(matches: PointMatches, T_cam_obj: Pose, centre_obj: np.ndarray, diameter_m: float) -> Pose:
    """Move a pose (4, 4) to where its points are seen, by them alone: a start for steps that look at depth.

    What points hardly fix, distance and tilt, is held where it is.
    """
    return _drawn(
        matches.points_obj,
        matches.rays,
        matches.pixel,
        np.array(T_cam_obj[None], np.float32),
        np.array(centre_obj, np.float64),
        diameter_m,
        diameter_m * _GATE_SHARES,
    )[0]


@compiled
def _drawn(
    points_obj: Any, rays: Any, pixel: Any, T_cam_obj: Any, centre_obj: Any, diameter_m: Any, gates_m: Any
) -> Any:
    """Move one pose (1, 4, 4), by a step per gate."""
    pivot, total_weight = np.empty(3), np.ones(1)
    for gate_m in gates_m:
        pivot[0], pivot[1], pivot[2] = placed(T_cam_obj[0], centre_obj)
        information, gradient, _ = _pulled(points_obj, rays, pixel, T_cam_obj, pivot, gate_m, total_weight)
        # A tenth of the points' own say, in directions; turns are weighed as they move points half a radius away.
        for k in range(6):
            information[0, k, k] += 0.1 if k < 3 else 0.1 * diameter_m**2 / 16
        solve(information[0], gradient[0])
        T_cam_obj = se3.moved(T_cam_obj, gradient, centre_obj)
    return T_cam_obj
