"""Learning-free refinement: point-to-plane steps between rendered and observed depth along the same rays.

The normals are those of the *observed* surface. So the Jacobian of a pixel is the same for every hypothesis, and the
normal equations of all of them are two matrix products; what is left per ray is one cast and a robust weight.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from .. import se3
from ..observation import Observation
from ..rendering import Renderer
from .refiner import Refinement


@dataclass(frozen=True)
class GeometricSettings:
    """min_gate_m: below this a gate would cut into the sensor's noise. outline_weight: pull of the mask's outline, as a
    share of the depth's weight. damping: share of the information's diagonal that holds unobserved directions still.
    """

    min_gate_m: float = 0.006
    outline_weight: float = 0.3
    damping: float = 1e-3
    largest_turn_rad: float = 0.4


class GeometricRefiner:
    """Iteratively reweighted point-to-plane alignment (Chen and Medioni 1992) by projective association."""

    def __init__(self, centre_obj: np.ndarray, diameter_m: float, settings: GeometricSettings | None = None) -> None:
        self._centre_obj = np.asarray(centre_obj, np.float64)
        self._diameter_m = diameter_m
        self._settings = settings or GeometricSettings()

    def refine(
        self,
        renderer: Renderer,
        observation: Observation,
        T_cam_obj: np.ndarray,
        iterations: int,
        error_m: tuple[float, float],
    ) -> Refinement:
        settings = self._settings
        pixels = _Pixels.of(observation, self._centre(T_cam_obj).mean(axis=0))
        for gate in np.maximum(np.geomspace(*error_m, iterations), settings.min_gate_m):
            depth_m = renderer.render(T_cam_obj, observation.K, (observation.size,) * 2).depth_m
            equations = self._normal_equations(pixels, depth_m.reshape(len(T_cam_obj), -1), gate)
            T_cam_obj = self._step(T_cam_obj, pixels.pivot, equations)
        return Refinement(T_cam_obj, self._about_centres(equations.information, T_cam_obj, pixels.pivot), equations.variance_m2)

    def _centre(self, T_cam_obj: np.ndarray) -> np.ndarray:
        return T_cam_obj[:, :3, :3] @ self._centre_obj + T_cam_obj[:, :3, 3]  # (B, 3)

    def _about_centres(self, information: np.ndarray, T_cam_obj: np.ndarray, pivot: np.ndarray) -> np.ndarray:
        """Information (B, 6, 6) on twists about the pivot, turned into that on twists about the objects' centres."""
        # A twist (v, w) about the centre c moves the pivot p by v + w x (p - c).
        to_pivot = np.tile(np.eye(6), (len(T_cam_obj), 1, 1))
        to_pivot[:, :3, 3:] = -se3.cross_matrix(pivot - self._centre(T_cam_obj))
        return np.swapaxes(to_pivot, 1, 2) @ information @ to_pivot

    def _normal_equations(self, pixels: "_Pixels", depth_m: np.ndarray, gate_m: float) -> "_NormalEquations":
        """Of twists about the pivot, from rendered depth (B, N)."""
        hit = depth_m > 0
        ahead = pixels.depth_m - depth_m  # (B, N) along the optical axis, observed behind rendered where positive
        residual = ahead * pixels.incidence
        weight = np.square(np.maximum(1 - np.square(residual / np.float32(gate_m)), 0))  # Tukey's biweight
        weight *= pixels.weight
        weight *= hit
        information = weight @ pixels.jacobian_pairs
        weighted_residual = weight * residual
        gradient = weighted_residual @ pixels.jacobian
        variance_m2 = np.einsum("bn,bn->b", weighted_residual, residual) / np.maximum(weight.sum(axis=1), 1e-6)
        if pixels.outline_jacobian is not None:
            # Rendered where the mask is not and nothing stands in front: sticks out, and is pulled back in.
            sticks_out = (hit & (ahead > -gate_m)) * pixels.outside
            total = weight.sum(axis=1, keepdims=True)
            share = self._settings.outline_weight * total / np.maximum(total + sticks_out.sum(axis=1, keepdims=True), 1)
            information += share * (sticks_out @ pixels.outline_pairs)
            gradient += share * ((sticks_out * pixels.outline_m) @ pixels.outline_jacobian)
        return _NormalEquations(
            information.reshape(-1, 6, 6).astype(np.float64), gradient.astype(np.float64), variance_m2
        )

    def _step(self, T_cam_obj: np.ndarray, pivot: np.ndarray, equations: "_NormalEquations") -> np.ndarray:
        """Gauss-Newton step, solved about the shared pivot, applied about each object's own centre."""
        information = equations.information
        diagonal = np.einsum("bii->bi", information)
        # Rotations are damped as if they moved points half a radius away: units of both halves then agree.
        scale = np.repeat([1.0, self._diameter_m**2 / 16], 3) * diagonal[:, :3].mean(axis=1, keepdims=True)
        damped = information + np.eye(6) * (self._settings.damping * scale + 1e-9)[:, None, :]
        twist = np.linalg.solve(damped, equations.gradient[..., None])[..., 0]  # (B, 6)
        angle = np.linalg.norm(twist[:, 3:], axis=1, keepdims=True)
        reach = np.linalg.norm(twist[:, :3], axis=1, keepdims=True)
        shrink = np.minimum(1.0, self._settings.largest_turn_rad / np.maximum(angle, 1e-9))
        twist *= np.minimum(shrink, 0.5 * self._diameter_m / np.maximum(reach, 1e-9))
        twist[:, :3] += np.cross(twist[:, 3:], self._centre(T_cam_obj) - pivot)
        return se3.apply_twist(T_cam_obj, twist, self._centre_obj)


@dataclass(frozen=True)
class _NormalEquations:
    information: np.ndarray  # (B, 6, 6)
    gradient: np.ndarray  # (B, 6)
    variance_m2: np.ndarray  # (B,) of the residuals


@dataclass(frozen=True)
class _Pixels:
    """What all hypotheses share, per pixel N."""

    pivot: np.ndarray  # (3,)
    depth_m: np.ndarray  # (N,)
    incidence: np.ndarray  # (N,) normal . ray: turns a difference in depth into one along the normal
    weight: np.ndarray  # (N,)
    jacobian: np.ndarray  # (N, 6) of the residual by a twist about the pivot
    jacobian_pairs: np.ndarray  # (N, 36)
    outside: np.ndarray | None  # (N,) float, 1 where the mask is not
    outline_m: np.ndarray | None  # (N,) distance to the mask at the object's depth
    outline_jacobian: np.ndarray | None
    outline_pairs: np.ndarray | None

    @classmethod
    def of(cls, observation: Observation, pivot: np.ndarray) -> "_Pixels":
        normals = observation.normals
        valid = (observation.depth_m > 0) & (np.abs(normals).sum(axis=1) > 0)
        weight = valid.astype(np.float32)
        outside = outline_m = outline_jacobian = outline_pairs = None
        if observation.mask is not None:
            weight *= observation.mask
            weight *= np.where(_eroded(observation.mask, observation.size), np.float32(1), np.float32(0.4))
            outside, outline_m, outline_jacobian = _outline(observation, pivot)
            outline_pairs = _pairs(outline_jacobian)
        jacobian = np.concatenate([normals, np.cross(observation.points - pivot, normals)], axis=1).astype(np.float32)
        return cls(
            pivot=pivot,
            depth_m=observation.depth_m,
            incidence=np.einsum("ni,ni->n", normals, observation.rays),
            weight=weight,
            jacobian=jacobian,
            jacobian_pairs=_pairs(jacobian),
            outside=outside,
            outline_m=outline_m,
            outline_jacobian=outline_jacobian,
            outline_pairs=outline_pairs,
        )


def _pairs(jacobian: np.ndarray) -> np.ndarray:
    return (jacobian[:, :, None] * jacobian[:, None, :]).reshape(-1, 36)


def _eroded(mask: np.ndarray, size: int) -> np.ndarray:
    image = mask.reshape(size, size).astype(np.uint8)
    return cv2.erode(image, np.ones((3, 3), np.uint8), borderValue=0).ravel().astype(bool)


def _outline(observation: Observation, pivot: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For pixels outside the mask: 1.0, how far it is in metres at the pivot's depth, and the jacobian of that."""
    size = observation.size
    outside = ~observation.mask.reshape(size, size)
    distance_px = cv2.distanceTransform(outside.astype(np.uint8), cv2.DIST_L2, 5)
    down, right = np.gradient(distance_px)
    length = np.maximum(np.hypot(right, down), 1e-6)
    # Residual: minus the distance, along the direction away from the mask; a point in front of the camera at the
    # pivot's depth stands for the rendered one.
    direction = np.stack([right / length, down / length, np.zeros_like(right)], axis=-1).reshape(-1, 3)
    metres_per_px = pivot[2] / observation.K[0, 0]
    points = observation.rays * pivot[2] - pivot
    jacobian = np.concatenate([direction, np.cross(points, direction)], axis=1).astype(np.float32)
    outline_m = -(np.minimum(distance_px, 0.1 * size).ravel() * metres_per_px).astype(np.float32)
    return outside.ravel().astype(np.float32), outline_m, jacobian
