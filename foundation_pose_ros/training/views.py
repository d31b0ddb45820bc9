"""Where objects stand before the camera in training."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from .. import se3
from ..camera import Camera

CAMERA = Camera(600.0, 600.0, 319.5, 239.5, 640, 480)


# Upright, from 30 degrees above, turned by 35: three sides of a box show, and the handle of a mug.
_FACING = Rotation.from_euler("x", 120, degrees=True) * Rotation.from_euler("z", 35, degrees=True)


@dataclass(frozen=True)
class Views:
    """distance_m: range of the centre's depth. aside: how far it is from the optical axis at most, as a tangent.

    within_rad: how far objects are turned at most away from upright as seen from above; None: anyhow.
    """

    distance_m: tuple[float, float] = (0.5, 1.0)
    aside: float = 0.2
    within_rad: float | None = None

    def drawn(self, rng: np.random.Generator, count: int, centre_obj: np.ndarray) -> np.ndarray:
        """Poses (count, 4, 4), every rotation there is alike."""
        R = self._rotations(rng, count).as_matrix()
        z = rng.uniform(*self.distance_m, count)
        aside = rng.uniform(-self.aside, self.aside, (2, count)) * z
        return se3.from_rotation_translation(R, np.stack([*aside, z], axis=1) - R @ centre_obj)

    def _rotations(self, rng: np.random.Generator, count: int) -> Rotation:
        if self.within_rad is None:
            return Rotation.random(count, rng=rng)
        axis = rng.standard_normal((count, 3))
        angle_rad = self.within_rad * np.cbrt(rng.uniform(size=(count, 1)))  # rotation vectors evenly in a ball
        return Rotation.from_rotvec(angle_rad * axis / np.linalg.norm(axis, axis=1, keepdims=True)) * _FACING
