"""Where objects stand before the camera in training."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from .. import se3
from ..camera import Camera

CAMERA = Camera(600.0, 600.0, 319.5, 239.5, 640, 480)


@dataclass(frozen=True)
class Views:
    """distance_m: range of the centre's depth. aside: how far it is from the optical axis at most, as a tangent."""

    distance_m: tuple[float, float] = (0.5, 1.0)
    aside: float = 0.2

    def drawn(self, rng: np.random.Generator, count: int, centre_obj: np.ndarray) -> np.ndarray:
        """Poses (count, 4, 4) with every rotation alike."""
        R = Rotation.random(count, rng=rng).as_matrix()
        z = rng.uniform(*self.distance_m, count)
        aside = rng.uniform(-self.aside, self.aside, (2, count)) * z
        return se3.from_rotation_translation(R, np.stack([*aside, z], axis=1) - R @ centre_obj)
