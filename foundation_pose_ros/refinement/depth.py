"""What observed depth asks of a pose: point-to-plane residuals along the rays that both images share.

Two forms. With the normals of the *observed* surface the jacobian of a pixel is the same for every hypothesis, and the
normal equations of all of them are two matrix products. With the normals of each *rendering* they are exact, where the
observed ones are blurred over creases and glancing faces; a whole step then takes 1.4 times as long.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from ..observation import Observation
from .equations import DepthEquations, tukey, twist_jacobian

# Next to the mask's border a pixel may belong to something else.
_RIM_WEIGHT = 0.4
# A face seen at less than this cosine is blurred by the sensor; it fades out.
_GLANCING = 0.25
# Observed and rendered normals further apart than 60 degrees aren't those of one surface.
_SAME_SURFACE = 0.5


@dataclass(frozen=True)
class DepthPixels:
    """Observed pixels (N,), and what all hypotheses share of them.

    incidence: observed normal . ray, turns a difference in depth into one along the normal. trust: 0 where there is no
    depth, or it is next to a jump or outside the mask; lower at the mask's rim. shared_trust also needs a normal.
    """

    observation: Observation
    pivot: np.ndarray  # (3,)
    incidence: np.ndarray
    trust: np.ndarray
    shared_trust: np.ndarray
    jacobian: np.ndarray  # (N, 6)
    jacobian_pairs: np.ndarray  # (N, 36)

    @classmethod
    def of(cls, observation: Observation, pivot: np.ndarray) -> "DepthPixels":
        trust = ((observation.depth_m > 0) & ~observation.on_edge).astype(np.float32)
        if observation.mask is not None:
            trust *= np.where(_eroded(observation.mask, observation.size), 1, _RIM_WEIGHT) * observation.mask
        normals = observation.normals
        jacobian = twist_jacobian(observation.points, normals, pivot).astype(np.float32)
        return cls(
            observation=observation,
            pivot=pivot,
            incidence=np.einsum("ni,ni->n", normals, observation.rays),
            trust=trust,
            shared_trust=trust * normals.any(axis=1),
            jacobian=jacobian,
            jacobian_pairs=(jacobian[:, :, None] * jacobian[:, None, :]).reshape(-1, 36),
        )

    def along_observed_normals(self, behind_m: np.ndarray, hit: np.ndarray, gate_m: float) -> DepthEquations:
        """behind_m (B, N): observed behind rendered depth; hit (B, N) 0..1: how far the surface there is to be trusted,
        0 where the rendering hits none."""
        residual = behind_m * self.incidence
        weight = tukey(residual / np.float32(gate_m))
        weight *= self.shared_trust
        weight *= hit
        weighted = weight * residual
        return DepthEquations(
            (weight @ self.jacobian_pairs).reshape(-1, 6, 6).astype(np.float64),
            (weighted @ self.jacobian).astype(np.float64),
            *_total_and_variance(weight, weighted, residual),
        )

    def along_rendered_normals(
        self, depth_m: np.ndarray, normals: np.ndarray, behind_m: np.ndarray, hit: np.ndarray, gate_m: float
    ) -> DepthEquations:
        """The same with depth (B, N) and normals (B, N, 3) of the rendering, both 0 where nothing was hit."""
        observation = self.observation
        incidence = np.einsum("bni,ni->bn", normals, observation.rays)
        residual = behind_m * incidence
        weight = tukey(residual / np.float32(gate_m))
        weight *= self.trust
        weight *= hit
        weight *= np.clip(incidence * np.float32(-1 / _GLANCING), 0, 1)
        same = np.einsum("bni,ni->bn", normals, observation.normals)
        weight *= (same > _SAME_SURFACE) | ~observation.normals.any(axis=1)
        jacobian = twist_jacobian(observation.rays * depth_m[..., None], normals, self.pivot).astype(
            np.float32
        )  # (B, N, 6)
        weighted = weight * residual
        return DepthEquations(
            ((jacobian * weight[..., None]).swapaxes(1, 2) @ jacobian).astype(np.float64),
            np.matmul(weighted[:, None], jacobian)[:, 0].astype(np.float64),
            *_total_and_variance(weight, weighted, residual),
        )


def _total_and_variance(
    weight: np.ndarray, weighted: np.ndarray, residual: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    total = weight.sum(axis=1)
    return total, np.einsum("bn,bn->b", weighted, residual) / np.maximum(total, 1e-6)


def _eroded(mask: np.ndarray, size: int) -> np.ndarray:
    image = mask.reshape(size, size).astype(np.uint8)
    return cv2.erode(image, np.ones((3, 3), np.uint8), borderValue=0).ravel().astype(bool)
