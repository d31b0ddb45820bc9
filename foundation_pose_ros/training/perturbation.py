"""How far from the truth the poses lie that networks learn from."""

from dataclasses import dataclass

import numpy as np

from .. import se3


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

    def drawn(
        self, rng: np.random.Generator, T_cam_obj: np.ndarray, centre_obj: np.ndarray, diameter_m: float
    ) -> np.ndarray:
        """Poses (B, 4, 4), each drawn about one of T_cam_obj (B, 4, 4); centre_obj (3,)."""
        count = len(T_cam_obj)
        push_m = rng.uniform(-1, 1, (count, 3)) * self.reach_m
        push_m += _directions(rng, count) * rng.uniform(0, self.reach_diameters * diameter_m, (count, 1))
        turn = _directions(rng, count) * rng.uniform(0, self.turn_rad, (count, 1))
        return se3.apply_twist(T_cam_obj, np.concatenate([push_m, turn], axis=1), centre_obj)


def moved_by(
    rng: np.random.Generator, T_cam_obj: np.ndarray, centre_obj: np.ndarray, push_m: float, turn_rad: float
) -> np.ndarray:
    """Poses (B, 4, 4) exactly so far from T_cam_obj (B, 4, 4), in random directions: what refinement is measured on."""
    count = len(T_cam_obj)
    twist = np.concatenate([push_m * _directions(rng, count), turn_rad * _directions(rng, count)], axis=1)
    return se3.apply_twist(T_cam_obj, twist, centre_obj)


def _directions(rng: np.random.Generator, count: int) -> np.ndarray:
    """Unit vectors (count, 3), all directions alike."""
    vectors = rng.standard_normal((count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
