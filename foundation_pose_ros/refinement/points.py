"""What matched surface points ask of a pose: each wants to lie on the ray on which it was seen."""

import numpy as np

from .. import se3
from ..surface_points import PointMatches
from .equations import NormalEquations, tukey, twist_jacobian

# A matched point is found to about a pixel; further off than this many it is a wrong match.
_GATE_PX = 4.0
# Fewer points than this pull with less than their full share.
_FULL_VOICE = 15.0


def point_equations(
    matches: PointMatches, T_cam_obj: np.ndarray, pivot: np.ndarray, gate_m: float, voice: np.ndarray
) -> NormalEquations:
    """Of twists about the pivot, for poses (B, 4, 4).

    A residual is how far a point is from its ray across the optical axis, in metres. Together all points weigh `voice`
    (B,), whatever their number.
    """
    points = se3.transform_points(T_cam_obj, matches.points_obj)  # (B, M, 3)
    z = points[..., 2:]
    place = points[..., :2] / z
    residual = (matches.rays[:, :2] - place) * z  # (B, M, 2)
    gates_m = np.maximum(gate_m, _GATE_PX * matches.pixel * z[..., 0])  # (B, M)
    weight = tukey(np.linalg.norm(residual, axis=-1) / gates_m)
    weight *= (voice / np.maximum(weight.sum(axis=1), _FULL_VOICE))[:, None]
    # A point that goes away from the camera goes towards the image's middle as well.
    across = np.broadcast_to(np.eye(2, 3), (*place.shape, 3)).copy()  # (B, M, 2, 3)
    across[..., 2] = -place
    jacobian = twist_jacobian(points[..., None, :], across, pivot)  # (B, M, 2, 6)
    rows = jacobian.reshape(len(points), -1, 6)  # (B, 2 M, 6)
    weighted = (jacobian * weight[..., None, None]).reshape(rows.shape).swapaxes(1, 2)
    return NormalEquations(weighted @ rows, (weighted @ residual.reshape(len(points), -1, 1))[..., 0])


def moved_to_points(
    matches: PointMatches, T_cam_obj: np.ndarray, centre_obj: np.ndarray, diameter_m: float
) -> np.ndarray:
    """A pose (4, 4) moved to where its points are seen, by them alone: a start for steps that look at depth.

    What points hardly fix, distance and tilt, is held where it is.
    """
    T = T_cam_obj[None]
    for gate_m in np.geomspace(0.4 * diameter_m, 0.04 * diameter_m, 4):
        pivot = se3.transform_points(T, centre_obj[None])[0, 0]
        equations = point_equations(matches, T, pivot, gate_m, np.ones(1))
        # A tenth of the points' own say, in directions; turns are weighed as they move points half a radius away.
        held = np.diag([0.1, 0.1, 0.1, *[0.1 * diameter_m**2 / 16] * 3])
        T = se3.apply_twist(
            T, np.linalg.solve(equations.information[0] + held, equations.gradient[0])[None], centre_obj
        )
    return T[0]
