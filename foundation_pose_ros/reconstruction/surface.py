"""The surface that reference views give, with what is known of it: what fusion and the neural field both make."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import trimesh
from scipy import sparse

from ..arrays import Points

# Normals are averaged with those of neighbours within about this share of the surface's size, so many times over.
_NEIGHBOUR_SHARE, _ROUNDS = 0.015, 2


@dataclass(frozen=True, eq=False)
class ReconstructedSurface:
    """A triangle mesh in the object's frame, in metres.

    vertices (V, 3) float32; faces (F, 3) uint32, outwards by the right hand. sigma_m (V,) float32: standard deviation
    of the surface along its normal, inf where no view has seen it and holes were filled.
    """

    vertices: Points
    faces: np.ndarray
    sigma_m: np.ndarray

    @property
    def seen(self) -> np.ndarray:
        """Return (V,) bool: vertices that at least one view has measured."""
        return np.isfinite(self.sigma_m)

    @cached_property
    def normals(self) -> np.ndarray:
        """Return (V, 3) float32 outward unit normals, the noise of single faces averaged away."""
        mesh = trimesh.Trimesh(self.vertices, self.faces, process=False)
        a, b = mesh.edges_unique.T
        near_m = _NEIGHBOUR_SHARE * np.linalg.norm(np.ptp(self.vertices, axis=0))
        weight = np.exp(-0.5 * np.square(mesh.edges_unique_length / near_m))
        count = len(self.vertices)
        share = sparse.coo_array((np.tile(weight, 2), (np.r_[a, b], np.r_[b, a])), (count, count)).tocsr()
        normals = np.asarray(mesh.vertex_normals)
        for _ in range(_ROUNDS):
            normals = normals + share @ normals
            normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
        return normals.astype(np.float32)
