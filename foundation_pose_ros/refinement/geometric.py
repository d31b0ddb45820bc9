"""Learning-free refinement: Gauss-Newton steps on depth, the mask's outline and matched surface points together."""

from dataclasses import dataclass

import numpy as np

from ..arrays import Poses
from ..object_model.model import ObjectModel
from ..observation.keyframe import PointMatches
from ..observation.observation import Observation
from ..rendering import Renderer, Rendering
from .depth_residuals import DepthPixels
from .gauss_newton import DepthEquations, NormalEquations, about_centres, stepped
from .point_residuals import held_to_view, point_equations
from .refiner import Refinement
from .region_residuals import LearnedRegion
from .silhouette_residuals import Outline


@dataclass(frozen=True)
class GeometricSettings:
    """How steps are weighed.

    min_gate_m: below this a gate would cut into the sensor's noise, m.
    outline_weight: pull of the mask's outline, as a share of depth's, 0..1.
    region_weight: pull of the outline to where learned colours change, as a share of depth's, 0..1, while surfaces may
        be off by a tenth of the diameter. It is less the nearer they are: depth is then the finer of the two.
    damping: share of the information's diagonal that holds unobserved directions still.
    largest_turn_rad: of one step.
    few: at most so many hypotheses are aligned along the normals of their renderings, more along the observed ones.
    """

    min_gate_m: float = 0.006
    outline_weight: float = 0.3
    region_weight: float = 0.2
    damping: float = 1e-3
    largest_turn_rad: float = 0.4
    few: int = 8


class GeometricRefiner:
    """Iteratively reweighted point-to-plane alignment (Chen and Medioni 1992) by projective association."""

    def __init__(self, model: ObjectModel, renderer: Renderer, settings: GeometricSettings | None = None) -> None:
        """Bind the steps to an object and to what renders it."""
        self._renderer = renderer
        self._centre_obj = np.asarray(model.centre_m, np.float64)
        self._diameter_m = model.diameter_m
        self._settings = settings or GeometricSettings()

    def refine(
        self,
        observation: Observation,
        T_cam_obj: Poses,
        iterations: int,
        error_m: tuple[float, float],
        matches: PointMatches | None = None,
    ) -> Refinement:
        """Move poses as a `Refiner` does."""
        # A copy: the loops would be compiled once more for poses that mustn't be written to.
        T_cam_obj = np.array(T_cam_obj, np.float32)
        pivot = self._centre(T_cam_obj).mean(axis=0)
        pixels = DepthPixels.of(observation, pivot)
        outline = None if observation.allowed is None else Outline.of(observation, observation.allowed, pivot)
        region = None
        if observation.foreground is not None:
            region = LearnedRegion(observation, observation.foreground, pivot, self._diameter_m)
        for step in range(iterations):
            off_m = error_m[0] * (error_m[1] / error_m[0]) ** (step / max(iterations - 1, 1))
            region_share = self._settings.region_weight * min(off_m / (0.1 * self._diameter_m), 1.0) ** 1.5
            gate_m = max(off_m, self._settings.min_gate_m)
            depth, rendered_m = self._depth_equations(pixels, T_cam_obj, gate_m)
            surface: NormalEquations = depth
            if outline is not None:
                surface += outline.equations(rendered_m, gate_m, self._settings.outline_weight * depth.weight)
            equations = surface
            if region is not None:
                equations += region.equations(rendered_m, gate_m, region_share * depth.weight)
            if matches is not None:
                points = point_equations(matches, T_cam_obj, pivot, gate_m, matches.weight * depth.weight)
                equations += points
            T_cam_obj = self._step(T_cam_obj, pivot, equations)
        information = about_centres(surface.information, T_cam_obj, pivot, self._centre_obj)
        known = np.zeros_like(information)
        if matches is not None:
            own = about_centres(points.own_information, T_cam_obj, pivot, self._centre_obj)
            known = held_to_view(own, matches.covariance)
        return Refinement(T_cam_obj, information, depth.variance_m2, known)

    def depth_equations(self, observation: Observation, T_cam_obj: Poses, off_m: float) -> DepthEquations:
        """Return what depth alone asks of poses (B, 4, 4), of twists about the mean of their centres, in camera axes.

        off_m: how far surfaces may be off.
        """
        pixels = DepthPixels.of(observation, self._centre(T_cam_obj).mean(axis=0))
        return self._depth_equations(pixels, T_cam_obj, max(off_m, self._settings.min_gate_m))[0]

    def _depth_equations(
        self, pixels: DepthPixels, T_cam_obj: Poses, gate_m: float
    ) -> tuple[DepthEquations, np.ndarray]:
        """Also give the rendered depth (B, N), 0 where the model never saw its surface."""
        observation = pixels.observation
        few = len(T_cam_obj) <= self._settings.few
        rendering = self._renderer.render(T_cam_obj, observation.K, (observation.size,) * 2, normals=few)
        rendered_m = rendering.depth_m.reshape(len(T_cam_obj), -1)
        hit = _trusted(rendering, gate_m)
        known_m = rendered_m if rendering.sigma_m is None else rendered_m * (hit > 0)
        if rendering.normals_cam is None:
            return pixels.along_observed_normals(rendered_m, hit, gate_m), known_m
        normals = rendering.normals_cam.reshape(*rendered_m.shape, 3)
        return pixels.along_rendered_normals(rendered_m, normals, hit, gate_m), known_m

    def _centre(self, T_cam_obj: Poses) -> np.ndarray:
        return T_cam_obj[:, :3, :3] @ self._centre_obj + T_cam_obj[:, :3, 3]  # (B, 3)

    def _step(self, T_cam_obj: Poses, pivot: np.ndarray, equations: NormalEquations) -> np.ndarray:
        """Gauss-Newton step, solved about the shared pivot, applied about each object's own centre."""
        settings = self._settings
        return stepped(
            T_cam_obj,
            equations.information,
            equations.gradient,
            pivot,
            self._centre_obj,
            self._diameter_m,
            settings.damping,
            settings.largest_turn_rad,
        )


def _trusted(rendering: Rendering, gate_m: float) -> np.ndarray:
    """(B, N) float32: 1 on surface that the model knows to well below the gate, 0 where it never saw it, or is none."""
    hit = (rendering.depth_m > 0).reshape(len(rendering.depth_m), -1).astype(np.float32)
    if rendering.sigma_m is None:
        return hit
    sigma_m = rendering.sigma_m.reshape(hit.shape)
    return hit * np.float32(gate_m**2) / (np.float32(gate_m**2) + np.square(sigma_m))
