"""What the mask's outline asks of a pose: what is rendered outside it, with nothing in front, is pulled back in."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..depth import in_front
from ..observation.observation import Observation
from .gauss_newton import NormalEquations, twist_jacobian

# Pixels further out than this share of the crop pull no harder.
_LONGEST_PULL = 0.1


@dataclass(frozen=True)
class Outline:
    """Per pixel (N,): whether it is outside the mask but in the image, how far in metres at the pivot's depth, the
    jacobian of that, and the depth of what is seen there.
    """

    outside: np.ndarray
    surroundings_m: np.ndarray
    distance_m: np.ndarray
    jacobian: np.ndarray  # (N, 6)
    jacobian_pairs: np.ndarray  # (N, 36)

    @classmethod
    def of(cls, observation: Observation, mask: np.ndarray, pivot: np.ndarray) -> "Outline":
        size = observation.size
        outside = ~mask.reshape(size, size)
        distance_px = cv2.distanceTransform(outside.astype(np.uint8), cv2.DIST_L2, 5)
        down, right = np.gradient(distance_px)
        length = np.maximum(np.hypot(right, down), 1e-6)
        away = np.stack([right / length, down / length, np.zeros_like(right)], axis=-1).reshape(-1, 3)
        # A point at the pivot's depth stands for the rendered one, so that all hypotheses share the jacobian.
        jacobian = twist_jacobian(observation.rays * pivot[2], away, pivot).astype(np.float32)
        metres_per_px = pivot[2] / observation.K[0, 0]
        return cls(
            outside=outside.ravel() & observation.in_image,
            surroundings_m=observation.surroundings_m,
            distance_m=(np.minimum(distance_px, _LONGEST_PULL * size).ravel() * metres_per_px).astype(np.float32),
            jacobian=jacobian,
            jacobian_pairs=(jacobian[:, :, None] * jacobian[:, None, :]).reshape(-1, 36),
        )

    def equations(self, rendered_m: np.ndarray, gate_m: float, total_weight: np.ndarray) -> NormalEquations:
        """Sum up what pulls renderings of depth (B, N) back in: all of it weighs at most `total_weight` (B,)."""
        hidden = (self.surroundings_m == 0) | in_front(self.surroundings_m, rendered_m, gate_m)
        sticks_out = ((rendered_m > 0) & self.outside & ~hidden).astype(np.float32)
        share = (total_weight / np.maximum(total_weight + sticks_out.sum(axis=1), 1))[:, None]
        return NormalEquations(
            (share * (sticks_out @ self.jacobian_pairs)).reshape(-1, 6, 6).astype(np.float64),
            (share * ((sticks_out * -self.distance_m) @ self.jacobian)).astype(np.float64),
        )
