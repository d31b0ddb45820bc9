"""What casting rays at one object gives."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class RayHits:
    """B images of h x w pixels; what misses the object has depth and normal 0, and face -1.

    depth_m (B, h, w) float32 along the optical axis; normals_cam (B, h, w, 3) float32 unit, towards the camera; face
    (B, h, w) int32 and barycentric (B, h, w, 2) float32, the shares of that face's second and third corner. None for
    what wasn't asked for.
    """

    depth_m: np.ndarray
    normals_cam: np.ndarray | None
    face: np.ndarray | None
    barycentric: np.ndarray | None

    @classmethod
    def unfilled(cls, shape: tuple[int, int, int], normals: bool, faces: bool) -> "RayHits":
        """Room for the hits of pixels (B, h, w)."""
        return cls(
            np.empty(shape, np.float32),
            np.empty((*shape, 3), np.float32) if normals else None,
            np.empty(shape, np.int32) if faces else None,
            np.empty((*shape, 2), np.float32) if faces else None,
        )


class Caster(Protocol):
    """Casts a ray through every pixel at one object in many poses."""

    def cast(
        self, T_cam_obj: np.ndarray, K: np.ndarray, size: tuple[int, int], normals: bool = False, faces: bool = False
    ) -> RayHits:
        """T_cam_obj (B, 4, 4) float32; K (3, 3) or (B, 3, 3) float32, pixels; size = (h, w)."""
        ...
