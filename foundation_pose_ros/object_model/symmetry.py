"""Turns that leave an object as it was: declared, or read from BOP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from .. import se3
from ..arrays import Pose, Poses
from ..errors import InputRefused, shortened
from ..input_limits.limits import LIMITS

_SPHERE_STEP_DEG = 18.0


@dataclass(frozen=True)
class Axis:
    """A continuous symmetry: any angle about `direction` (3,) through `point_m` (3,), in the mesh's frame."""

    direction: tuple[float, float, float]
    point_m: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Symmetries:
    """discrete (S, 4, 4): object-frame transforms besides the identity; axes: continuous ones."""

    discrete: Poses
    axes: tuple[Axis, ...] = ()

    @classmethod
    def none(cls) -> Symmetries:
        return cls(np.zeros((0, 4, 4)))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Symmetries:
        """Read a YAML mapping, angles in degrees, points in metres:

        `discrete: [{axis: [0, 0, 1], angle: 180, point: [0, 0, 0]}]`, `continuous: [{axis: [0, 0, 1], flip: true}]`.
        `flip` adds the half turn about an axis across. Raises InputRefused on anything else.
        """
        discrete, axes, count = [], [], 0
        try:
            unknown = set(config) - {"discrete", "continuous"}
            if unknown:
                raise ValueError(f"unknown key {sorted(unknown)[0]}")
            for entry in config.get("discrete") or []:
                turns = _turns_of(float(entry["angle"]))
                angles_rad = 2 * np.pi * np.arange(1, turns) / turns
                count += turns - 1
                if count > LIMITS.symmetry_turns:
                    raise ValueError(f"more than {LIMITS.symmetry_turns} turns: a round object has a continuous axis")
                discrete.append(turn_about(_direction(entry["axis"]), angles_rad, _point(entry)))
            for entry in config.get("continuous") or []:
                axis, point_m = _direction(entry["axis"]), _point(entry)
                axes.append(Axis(tuple(axis), tuple(point_m)))
                if entry.get("flip", False):
                    discrete.append(turn_about(_across(axis), np.array([np.pi]), point_m))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputRefused(
                "bad_symmetries",
                f"symmetries {shortened(config)} can't be read ({shortened(error)}): "
                "write discrete: [{axis: [0, 0, 1], angle: 180}] "
                "or continuous: [{axis: [0, 0, 1], flip: true}], degrees and metres",
            ) from error
        return cls(np.concatenate([np.zeros((0, 4, 4)), *discrete]), tuple(axes))

    @classmethod
    def from_bop(cls, model_info: dict[str, Any]) -> Symmetries:
        """Read an object's entry of BOP's models_info.json, which is in millimetres; raises InputRefused."""
        try:
            discrete = np.array(model_info.get("symmetries_discrete", []), float).reshape(-1, 4, 4)
            discrete[:, :3, 3] /= 1000.0
            axes = tuple(
                Axis(tuple(_direction(entry["axis"])), tuple(np.asarray(entry["offset"], float) / 1000.0))
                for entry in model_info.get("symmetries_continuous", [])
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputRefused(
                "bad_symmetries",
                f"symmetries in models_info.json can't be read ({error}): take the file from the dataset",
            ) from error
        return cls(discrete, axes)

    @property
    def is_sphere(self) -> bool:
        """Tell whether two continuous axes make every rotation about their point a symmetry."""
        return len(self.axes) > 1

    @property
    def order(self) -> float:
        """Tell how many there are with the identity; infinite where one is continuous."""
        return np.inf if self.axes else 1 + len(self.discrete)

    def transforms(self, step_deg: float = 5.0) -> Poses:
        """Return all as (S, 4, 4), the identity first; continuous in steps of step_deg (of a sphere: 18 or more)."""
        if self.is_sphere:
            return _every_turn(max(step_deg, _SPHERE_STEP_DEG), np.asarray(self.axes[0].point_m))
        result = np.concatenate([np.eye(4)[None], self.discrete])
        for axis in self.axes:
            angles_rad = np.deg2rad(np.arange(0, 360, step_deg))
            turns = turn_about(np.asarray(axis.direction), angles_rad, np.asarray(axis.point_m))
            result = (result[None] @ turns[:, None]).reshape(-1, 4, 4)
        return result

    def nearest(self, T_cam_obj: Pose, reference: Pose) -> Pose:
        """Return the pose equivalent to T_cam_obj that is turned least from `reference`, both (4, 4)."""
        if self.order == 1:
            return T_cam_obj
        T_cam_obj = np.asarray(T_cam_obj, float)
        if self.is_sphere:
            turn = se3.inverse(T_cam_obj)[:3, :3] @ reference[:3, :3]
            return (T_cam_obj @ _about(turn, np.asarray(self.axes[0].point_m))).astype(np.float32)
        candidates = T_cam_obj @ np.concatenate([np.eye(4)[None], self.discrete])  # (S, 4, 4)
        for axis in self.axes:
            # trace(reference^T R turn(angle)) is a cos(angle) + b sin(angle) + c: its peak is the least turn.
            direction = np.asarray(axis.direction)
            M = reference[:3, :3].T @ candidates[:, :3, :3]
            a = np.trace(M, axis1=1, axis2=2) - direction @ M @ direction
            b = np.einsum("sij,ji->s", M, se3.cross_matrix(direction))
            candidates = candidates @ turn_about(direction, np.arctan2(b, a), np.asarray(axis.point_m))
        angles_rad = se3.rotation_angle_rad(candidates[:, :3, :3], reference[:3, :3])
        return candidates[int(np.argmin(angles_rad))].astype(np.float32)

    def distinguishable(self, others: Symmetries, separation_rad: float) -> Poses:
        """Return the turns (T, 4, 4) of `others` that these don't make equivalent; the identity first."""
        if self.is_sphere:
            return np.eye(4)[None]
        turns = others.transforms(step_deg=30.0)
        own = self.transforms(step_deg=5.0)[:, :3, :3]
        kept, equivalents = [turns[0]], own
        for turn in turns[1:]:
            if se3.rotation_angle_rad(equivalents, turn[:3, :3]).min() > separation_rad:
                kept.append(turn)
                # The pose T turn is as good as T turn own, for each of the true symmetries.
                equivalents = np.concatenate([equivalents, turn[:3, :3] @ own])
        return np.array(kept)


def turn_about(direction: np.ndarray, angles_rad: np.ndarray, point_m: np.ndarray) -> Poses:
    """Return rotations (A, 4, 4) by angles (A,) about the line through point_m (3,) along a unit direction (3,)."""
    return _about(Rotation.from_rotvec(np.outer(angles_rad, direction)).as_matrix(), point_m)


def _about(R: np.ndarray, point_m: np.ndarray) -> np.ndarray:
    """Rotations (..., 3, 3) about a point as (..., 4, 4)."""
    T = np.zeros((*R.shape[:-2], 4, 4))
    T[..., :3, :3] = R
    T[..., :3, 3] = point_m - R @ point_m
    T[..., 3, 3] = 1
    return T


def _every_turn(step_deg: float, point_m: np.ndarray) -> np.ndarray:
    """Rotations about a point in steps of three angles, the identity first."""
    around = np.arange(0, 360, step_deg)
    tilt = np.arange(0, 180 + step_deg / 2, step_deg)
    angles = np.stack(np.meshgrid(around, tilt, around, indexing="ij"), axis=-1).reshape(-1, 3)
    return _about(Rotation.from_euler("ZYZ", angles, degrees=True).as_matrix(), point_m)


def _turns_of(angle_deg: float) -> int:
    """How many turns by an angle make a full one."""
    turns = round(360 / abs(angle_deg)) if 1 <= abs(angle_deg) <= 180 else 0
    if turns == 0 or abs(turns * abs(angle_deg) - 360) > 0.1:
        raise ValueError(f"angle {angle_deg:g} is no whole part of a full turn")
    return turns


def _direction(axis: Any) -> np.ndarray:
    axis = np.asarray(axis, float)
    norm = np.linalg.norm(axis)
    if axis.shape != (3,) or not np.isfinite(norm) or norm == 0:
        raise ValueError(f"axis {axis.tolist()} is no direction")
    return axis / norm


def _point(entry: dict[str, Any]) -> np.ndarray:
    point_m = np.asarray(entry.get("point", (0, 0, 0)), float)
    if point_m.shape != (3,) or not np.isfinite(point_m).all():
        raise ValueError(f"point {point_m.tolist()} is none")
    return point_m


def _across(axis: np.ndarray) -> np.ndarray:
    """Some unit vector at right angles to `axis`."""
    other = np.eye(3)[int(np.argmin(np.abs(axis)))]
    return _direction(np.cross(axis, other))
