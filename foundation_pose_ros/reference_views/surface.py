"""The surface that reference views give, with what is known of it: what fusion and the neural field both make."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Surface:
    """A triangle mesh in the object's frame, in metres.

    vertices (V, 3) float32; faces (F, 3) uint32, outwards by the right hand. sigma_m (V,) float32: standard deviation
    of the surface along its normal, inf where no view has seen it and holes were filled.
    """

    vertices: np.ndarray
    faces: np.ndarray
    sigma_m: np.ndarray

    @property
    def seen(self) -> np.ndarray:
        """(V,) bool: vertices that at least one view has measured."""
        return np.isfinite(self.sigma_m)
