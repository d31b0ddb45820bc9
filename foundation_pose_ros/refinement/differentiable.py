"""Differentiable render-and-compare: Gauss-Newton on depth, colour and outline of renderings."""

from dataclasses import dataclass

import numpy as np
import torch

from .. import se3
from ..arrays import Poses
from ..object_model.model import ObjectModel
from ..observation.keyframe import PointMatches
from ..observation.observation import Observation
from ..rendering.torch_renderer import TorchRenderer
from .differentiable_residuals import RenderedResiduals
from .refiner import Refinement


@dataclass(frozen=True)
class DifferentiableSettings:
    """How steps are weighed.

    min_gate_m: below this a gate would cut into the sensor's noise, m.
    colour_m: how far surfaces must be off to weigh as much as the whole range of a colour, m.
    damping: share of the information's diagonal that holds unobserved directions still.
    largest_turn_rad: of one step.
    """

    min_gate_m: float = 0.006
    colour_m: float = 0.02
    damping: float = 1e-3
    largest_turn_rad: float = 0.2


class DifferentiableRefiner:
    """For the few poses that are left at the end: sees in texture and outline what depth leaves open.

    Any renderer with tensors will do, on its own device.
    """

    def __init__(
        self, model: ObjectModel, renderer: TorchRenderer, settings: DifferentiableSettings | None = None
    ) -> None:
        """Bind the steps to an object and to what renders it."""
        self._renderer = renderer
        self._centre_obj = np.asarray(model.centre_m, np.float64)
        self._diameter_m = model.diameter_m
        self._settings = settings or DifferentiableSettings()

    @torch.no_grad()
    def refine(
        self,
        observation: Observation,
        T_cam_obj: Poses,
        iterations: int,
        error_m: tuple[float, float],
        matches: PointMatches | None = None,
    ) -> Refinement:
        """Move poses as a `Refiner` does; matches aren't used."""
        rendered = RenderedResiduals(self._renderer, observation, self._centre_obj, self._settings.colour_m)
        for gate_m in np.maximum(np.geomspace(*error_m, iterations), self._settings.min_gate_m):
            found = rendered.at(torch.from_numpy(T_cam_obj), float(gate_m))
            equations = [residuals.equations() for residuals in found]
            information = sum(own.cpu().numpy().astype(np.float64) for own, _ in equations)
            gradient = sum(own.cpu().numpy().astype(np.float64) for _, own in equations)
            T_cam_obj = self._step(T_cam_obj, np.asarray(information), np.asarray(gradient))
        variance_m2 = found[0].variance_m2().cpu().numpy().astype(np.float64)
        information = np.asarray(information)
        return Refinement(T_cam_obj, information, variance_m2, np.zeros_like(information))

    def _step(self, T_cam_obj: Poses, information: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        diagonal = np.einsum("bii->bi", information)
        # Rotations are damped as if they moved points half a radius away: units of both halves then agree.
        scale = np.repeat([1.0, self._diameter_m**2 / 16], 3) * diagonal[:, :3].mean(axis=1, keepdims=True)
        damped = information + np.eye(6) * (self._settings.damping * scale + 1e-9)[:, None, :]
        twist = np.linalg.solve(damped, gradient[..., None])[..., 0]  # (B, 6)
        angle = np.linalg.norm(twist[:, 3:], axis=1, keepdims=True)
        reach = np.linalg.norm(twist[:, :3], axis=1, keepdims=True)
        shrink = np.minimum(1.0, self._settings.largest_turn_rad / np.maximum(angle, 1e-9))
        twist *= np.minimum(shrink, 0.25 * self._diameter_m / np.maximum(reach, 1e-9))
        return se3.apply_twist(T_cam_obj, twist, self._centre_obj)
