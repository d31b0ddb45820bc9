"""What observed depth asks of a pose: point-to-plane residuals along the rays that both images share.

Two forms. With the normals of the *observed* surface the jacobian of a pixel is the same for every hypothesis, and the
normal equations of all of them are two matrix products. With the normals of each *rendering* they are exact, where the
observed ones are blurred over creases and glancing faces.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import cv2
import numpy as np

from ..jit import compiled
from ..observation.observation import Observation
from .gauss_newton import DepthEquations, tukey, twist_jacobian

# Next to the mask's border a pixel may belong to something else.
_RIM_WEIGHT = 0.4
# A face seen at less than this cosine is blurred by the sensor; it fades out.
_GLANCING = np.float32(0.25)
# Observed and rendered normals further apart than 60 degrees aren't those of one surface.
_SAME_SURFACE = np.float32(0.5)


@dataclass(frozen=True)
class DepthPixels:
    """Observed pixels (N,), and what all hypotheses share of them.

    incidence: observed normal . ray, turns a difference in depth into one along the normal. trust: 0 where there is no
    depth, or it is next to a jump or outside the mask; lower at the mask's rim. shared_trust also needs a normal.
    """

    observation: Observation
    pivot: np.ndarray  # (3,)
    trust: np.ndarray

    @classmethod
    def of(cls, observation: Observation, pivot: np.ndarray) -> "DepthPixels":
        trust = ((observation.depth_m > 0) & ~observation.on_edge).astype(np.float32)
        allowed = observation.allowed
        if allowed is not None:
            trust *= np.where(_eroded(allowed, observation.size), 1, _RIM_WEIGHT) * allowed
        return cls(observation, pivot, trust)

    @cached_property
    def incidence(self) -> np.ndarray:
        return np.einsum("ni,ni->n", self.observation.normals, self.observation.rays)

    @cached_property
    def shared_trust(self) -> np.ndarray:
        return self.trust * self.observation.normals.any(axis=1)

    @cached_property
    def jacobian(self) -> np.ndarray:
        """Return (N, 6): residuals by twists."""
        return twist_jacobian(self.observation.points, self.observation.normals, self.pivot).astype(np.float32)

    @cached_property
    def jacobian_pairs(self) -> np.ndarray:
        """Return (N, 36): products of its columns."""
        return (self.jacobian[:, :, None] * self.jacobian[:, None, :]).reshape(-1, 36)

    def along_observed_normals(self, rendered_m: np.ndarray, hit: np.ndarray, gate_m: float) -> DepthEquations:
        """Sum up residuals along the observed normals.

        rendered_m (B, N): depth. hit (B, N) float32 in 0..1: how far the surface there is to be trusted, 0 where
        nothing was hit.
        """
        weight, weighted = np.empty((2, *rendered_m.shape), np.float32)
        sums = _weighed(
            self.observation.depth_m, self.incidence, self.shared_trust, rendered_m, hit, gate_m, weight, weighted
        )
        return DepthEquations(
            (weight @ self.jacobian_pairs).reshape(-1, 6, 6).astype(np.float64),
            (weighted @ self.jacobian).astype(np.float64),
            *sums,
        )

    def along_rendered_normals(
        self, rendered_m: np.ndarray, normals: np.ndarray, hit: np.ndarray, gate_m: float
    ) -> DepthEquations:
        """Sum up residuals along normals (B, N, 3) of the rendering, 0 where nothing was hit."""
        observation = self.observation
        samples = _Samples(observation.depth_m, observation.rays, observation.normals, self.trust)
        return DepthEquations(*_summed(samples, self.pivot, rendered_m, normals, hit, gate_m))


@compiled
def _weighed(
    depth_m: Any, incidence: Any, trust: Any, rendered_m: Any, hit: Any, gate_m: float, weight: Any, weighted: Any
) -> Any:
    """Fill weights and weighted residuals (B, N); return the weights' totals and the residuals' variance (B,)."""
    totals, variances = np.empty((2, len(rendered_m)))
    per_gate = np.float32(1 / gate_m)
    for b in range(len(rendered_m)):
        total = squares = np.float32(0)
        for i in range(len(depth_m)):
            residual = (depth_m[i] - rendered_m[b, i]) * incidence[i]
            w = tukey(residual * per_gate) * trust[i] * hit[b, i]
            weight[b, i], weighted[b, i] = w, w * residual
            total += w
            squares += w * residual * residual
        totals[b], variances[b] = total, squares / max(total, np.float32(1e-6))
    return totals, variances


class _Samples(NamedTuple):
    """Observed depth_m (N,), rays (N, 3) and normals (N, 3), and trust (N,) in them."""

    depth_m: np.ndarray
    rays: np.ndarray
    normals: np.ndarray
    trust: np.ndarray


@compiled
def _summed(samples: Any, pivot: Any, rendered_m: Any, normals: Any, hit: Any, gate_m: float) -> Any:
    """Information (B, 6, 6), gradient (B, 6), total weights and variances (B,), along the renderings' normals."""
    batch, count = rendered_m.shape
    depth_m, rays, observed_normals, trust = samples.depth_m, samples.rays, samples.normals, samples.trust
    information, gradient = np.empty((batch, 6, 6)), np.empty((batch, 6))
    totals, variances = np.empty(batch), np.empty(batch)
    jacobian = np.empty((6, count), np.float32)
    weight, residual = np.empty(count, np.float32), np.empty(count, np.float32)
    px, py, pz = np.float32(pivot[0]), np.float32(pivot[1]), np.float32(pivot[2])
    per_gate = np.float32(1 / gate_m)
    for b in range(batch):
        kept = 0
        for i in range(count):
            if rendered_m[b, i] == 0:
                continue
            nx, ny, nz = normals[b, i, 0], normals[b, i, 1], normals[b, i, 2]
            rx, ry, rz = rays[i, 0], rays[i, 1], rays[i, 2]
            ox, oy, oz = observed_normals[i, 0], observed_normals[i, 1], observed_normals[i, 2]
            incidence = nx * rx + ny * ry + nz * rz
            off = (depth_m[i] - rendered_m[b, i]) * incidence
            facing = min(max(incidence * np.float32(-1 / _GLANCING), np.float32(0)), np.float32(1))
            unlike = nx * ox + ny * oy + nz * oz <= _SAME_SURFACE and (ox != 0 or oy != 0 or oz != 0)
            w = tukey(off * per_gate) * trust[i] * hit[b, i] * facing
            if unlike or w == 0:
                continue
            weight[kept], residual[kept] = w, off
            x, y, z = rx * rendered_m[b, i] - px, ry * rendered_m[b, i] - py, rz * rendered_m[b, i] - pz
            jacobian[0, kept], jacobian[1, kept], jacobian[2, kept] = nx, ny, nz
            jacobian[3, kept] = y * nz - z * ny
            jacobian[4, kept] = z * nx - x * nz
            jacobian[5, kept] = x * ny - y * nx
            kept += 1
        total = squares = np.float32(0)
        for i in range(kept):
            total += weight[i]
            squares += weight[i] * residual[i] * residual[i]
        totals[b], variances[b] = total, squares / max(total, np.float32(1e-6))
        for row in range(6):
            along = np.float32(0)
            for i in range(kept):
                along += jacobian[row, i] * weight[i] * residual[i]
            gradient[b, row] = along
            for column in range(row + 1):
                both = np.float32(0)
                for i in range(kept):
                    both += jacobian[row, i] * jacobian[column, i] * weight[i]
                information[b, row, column] = information[b, column, row] = both
    return information, gradient, totals, variances


def _eroded(mask: np.ndarray, size: int) -> np.ndarray:
    image = mask.reshape(size, size).astype(np.uint8)
    return cv2.erode(image, np.ones((3, 3), np.uint8), borderValue=0).ravel().astype(bool)
