"""Which poses networks learn from: how objects stand before the camera, and how far from that the guesses lie."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from .. import se3
from ..arrays import Poses
from ..camera import Camera

CAMERA = Camera(600.0, 600.0, 319.5, 239.5, 640, 480)
# Upright, from 30 degrees above, turned by 35: three sides of a box show, and the handle of a mug.
_FACING = Rotation.from_euler("x", 120, degrees=True) * Rotation.from_euler("z", 35, degrees=True)


@dataclass(frozen=True)
class ViewDistribution:
    """distance_m: range of the centre's depth. aside: how far it is from the optical axis at most, as a tangent.

    within_rad: how far objects are turned at most away from upright as seen from above; None: anyhow.
    """

    distance_m: tuple[float, float] = (0.5, 1.0)
    aside: float = 0.2
    within_rad: float | None = None

    def drawn(self, rng: np.random.Generator, count: int, centre_obj: np.ndarray) -> Poses:
        """Draw poses (count, 4, 4), every rotation there is alike."""
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


@dataclass(frozen=True)
class Perturbation:
    """Poses around a true one, pushed and turned about the object's centre in camera axes.

    reach_m: largest push along each axis, evenly drawn. reach_diameters: largest length of a push in any direction,
    in the object's diameters, which comes on top. turn_rad: largest turn about any axis. The defaults are the
    published ones (Wen et al. 2024).
    """

    reach_m: tuple[float, float, float] = (0.02, 0.02, 0.05)
    reach_diameters: float = 0.0
    turn_rad: float = np.deg2rad(20.0)

    def drawn(self, rng: np.random.Generator, T_cam_obj: Poses, centre_obj: np.ndarray, diameter_m: float) -> Poses:
        """Draw poses (B, 4, 4), each about one of T_cam_obj (B, 4, 4); centre_obj (3,)."""
        return se3.apply_twist(T_cam_obj, self._twists(rng, len(T_cam_obj), diameter_m), centre_obj)

    def opposites(
        self, rng: np.random.Generator, T_cam_obj: Poses, centre_obj: np.ndarray, diameter_m: float
    ) -> np.ndarray:
        """Draw two poses (2, 4, 4) about T_cam_obj (1, 4, 4), on opposite sides of it.

        What the view itself looks like then cancels out of the gradient as long as a network says the same of both.
        """
        twist = self._twists(rng, 1, diameter_m)
        return se3.apply_twist(np.repeat(T_cam_obj, 2, axis=0), np.concatenate([twist, -twist]), centre_obj)

    def _twists(self, rng: np.random.Generator, count: int, diameter_m: float) -> np.ndarray:
        push_m = rng.uniform(-1, 1, (count, 3)) * self.reach_m
        push_m += _directions(rng, count) * rng.uniform(0, self.reach_diameters * diameter_m, (count, 1))
        turn = _directions(rng, count) * rng.uniform(0, self.turn_rad, (count, 1))
        return np.concatenate([push_m, turn], axis=1)  # (count, 6)


def moved_by(
    rng: np.random.Generator, T_cam_obj: Poses, centre_obj: np.ndarray, push_m: float, turn_rad: float
) -> Poses:
    """Draw poses (B, 4, 4) exactly so far from T_cam_obj (B, 4, 4), to measure refinement on."""
    count = len(T_cam_obj)
    twist = np.concatenate([push_m * _directions(rng, count), turn_rad * _directions(rng, count)], axis=1)
    return se3.apply_twist(T_cam_obj, twist, centre_obj)


def _directions(rng: np.random.Generator, count: int) -> np.ndarray:
    """Unit vectors (count, 3), all directions alike."""
    vectors = rng.standard_normal((count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
