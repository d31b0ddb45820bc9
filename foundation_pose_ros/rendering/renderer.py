"""What a renderer gives, and what the rays behind it find: the only place where CPU and CUDA meet."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..arrays import Intrinsics, Poses


@dataclass(frozen=True)
class Rendering:
    """B images of one object. Pixels that miss it have depth 0, normal 0 and colour 0.

    depth_m (B, h, w) float32 along the optical axis; normals_cam (B, h, w, 3) float32 unit, towards the camera, or
    None; rgb (B, h, w, 3) float32 in 0..1, or None. sigma_m (B, h, w) float32: how well the model knows its surface
    there (ObjectModel.sigma_m), inf where it was never seen; None for a model that is known all over.
    """

    depth_m: np.ndarray
    normals_cam: np.ndarray | None = None
    rgb: np.ndarray | None = None
    sigma_m: np.ndarray | None = None


class Renderer(Protocol):
    """Renders one object in many poses."""

    def render(
        self,
        T_cam_obj: Poses,
        K: Intrinsics,
        size: tuple[int, int],
        normals: bool = False,
        colour: bool = False,
    ) -> Rendering:
        """Render T_cam_obj (B, 4, 4) of the mesh's own frame; K (3, 3) shared or (B, 3, 3), pixels; size = (h, w)."""
        ...


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
    def missing(cls, shape: tuple[int, int, int], normals: bool, faces: bool) -> "RayHits":
        """Return images of pixels (B, h, w) that all miss the object."""
        return cls(
            np.zeros(shape, np.float32),
            np.zeros((*shape, 3), np.float32) if normals else None,
            np.full(shape, -1, np.int32) if faces else None,
            np.zeros((*shape, 2), np.float32) if faces else None,
        )


class Caster(Protocol):
    """Casts a ray through every pixel at one object in many poses."""

    def cast(
        self, T_cam_obj: Poses, K: Intrinsics, size: tuple[int, int], normals: bool = False, faces: bool = False
    ) -> RayHits:
        """Cast rays for T_cam_obj (B, 4, 4) float32; K (3, 3) or (B, 3, 3) float32, pixels; size = (h, w)."""
        ...
