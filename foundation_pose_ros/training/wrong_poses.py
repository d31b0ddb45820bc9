"""Poses of one object that a registration may keep side by side: the right one, and what depth mistakes for it."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from .. import se3
from ..arrays import Intrinsics, Points, Pose, Poses
from ..object_model.model import ObjectModel
from ..rendering import Renderer

_COARSE = 24
# Kinds of wrong turns, and how often each is drawn.
_QUARTER, _HALF, _SPIN, _STEP, _ANY = range(5)
_SHARES = (0.22, 0.38, 0.16, 0.16, 0.08)
_STEP_RAD = (np.deg2rad(12.0), np.deg2rad(40.0))


@dataclass(frozen=True)
class Jitter:
    """What is left of an error once poses are refined: largest push, in diameters, and largest turn."""

    push: float = 0.02
    turn_rad: float = np.deg2rad(6.0)

    def drawn(self, rng: np.random.Generator, T_cam_obj: Poses, model: ObjectModel) -> Poses:
        """Move poses (B, 4, 4) about the object's centre."""
        count = len(T_cam_obj)
        push_m = _directions(rng, count) * rng.uniform(0, self.push * model.diameter_m, (count, 1))
        turn = _directions(rng, count) * rng.uniform(0, self.turn_rad, (count, 1))
        return se3.apply_twist(T_cam_obj, np.concatenate([push_m, turn], axis=1), model.centre_m)


def wrong_turns(rng: np.random.Generator, count: int, axes: np.ndarray) -> np.ndarray:
    """Draw turns (count, 3, 3) in the object's frame: by 90 or 180 degrees or anyhow about its axes (3, 3), by a small
    step, and at random.
    """
    turns = np.empty((count, 3, 3))
    for k, kind in enumerate(rng.choice(len(_SHARES), count, p=_SHARES)):
        axis = axes[int(rng.integers(3))]
        if kind == _ANY:
            turns[k] = Rotation.random(rng=rng).as_matrix()
            continue
        if kind == _QUARTER:
            angle = float(rng.choice([-1, 1])) * np.pi / 2
        elif kind == _HALF:
            angle = np.pi
        elif kind == _SPIN:
            angle = rng.uniform(0.2, 2 * np.pi - 0.2)
        else:
            axis, angle = _directions(rng, 1)[0], rng.uniform(*_STEP_RAD)
        turns[k] = Rotation.from_rotvec(angle * axis).as_matrix()
    return turns


def principal_axes(model: ObjectModel) -> np.ndarray:
    """Return the axes (3, 3), one a row, in which the surface is spread least, middling and most."""
    points = model.surface_points(256).astype(np.float64)
    _, axes = np.linalg.eigh(np.cov((points - points.mean(axis=0)).T))
    return axes.T


def turned(T_cam_obj: Pose, turns: np.ndarray, centre_obj: np.ndarray) -> Poses:
    """Return a pose (4, 4) turned about the object's centre: (B, 4, 4) for turns (B, 3, 3) in the object's frame."""
    R = T_cam_obj[:3, :3] @ turns
    centre_cam = T_cam_obj[:3, :3] @ centre_obj + T_cam_obj[:3, 3]
    return se3.from_rotation_translation(R, centre_cam - R @ centre_obj)


def laid_on_depth(T_cam_obj: Poses, T_true: Pose, K: Intrinsics, size: int, renderer: Renderer) -> Poses:
    """Shift poses (B, 4, 4) so that the middle of what is seen of them lies where that of T_true (4, 4) lies.

    So do depth steps with wrong turns. K (3, 3) of an image of size x size pixels, which is looked at coarsely.
    """
    scale = _COARSE / size
    coarse = K.copy()
    coarse[:2, 2] += 0.5
    coarse[:2] *= scale
    coarse[:2, 2] -= 0.5
    depth_m = renderer.render(np.concatenate([T_true[None], T_cam_obj]), coarse, (_COARSE, _COARSE)).depth_m
    v, u = np.mgrid[:_COARSE, :_COARSE].astype(np.float32)
    rays = np.stack([(u - coarse[0, 2]) / coarse[0, 0], (v - coarse[1, 2]) / coarse[1, 1], np.ones_like(u)], axis=-1)
    seen = np.count_nonzero(depth_m, axis=(1, 2))
    middle = np.einsum("bvu,vuc->bc", depth_m, rays) / np.maximum(seen, 1)[:, None]  # (1 + B, 3)
    moved = T_cam_obj.copy()
    moved[:, :3, 3] += np.where((seen[1:, None] > 0) & (seen[0] > 0), middle[:1] - middle[1:], 0)
    return moved


def distance(T: Poses, T_true: Pose, points: Points) -> np.ndarray:
    """Return the largest distance (B,) of points (P, 3) at poses (B, 4, 4) from where they are at T_true (4, 4)."""
    off = se3.transform_points(T, points) - se3.transform_points(T_true[None], points)
    return np.linalg.norm(off, axis=-1).max(axis=-1)


def _directions(rng: np.random.Generator, count: int) -> np.ndarray:
    vectors = rng.standard_normal((count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
