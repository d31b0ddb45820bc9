"""Turns that leave an object as it was: declared, read from BOP, or found from mesh and texture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import open3d as o3d
import trimesh
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from . import se3
from .errors import InputRefused

if TYPE_CHECKING:
    from .object_model import ObjectModel

_SAME_TURN_RAD = np.deg2rad(8.0)
_SPHERE_STEP_DEG = 18.0


@dataclass(frozen=True)
class Axis:
    """A continuous symmetry: any angle about `direction` (3,) through `point_m` (3,), in the mesh's frame."""

    direction: tuple[float, float, float]
    point_m: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Symmetries:
    """discrete (S, 4, 4): object-frame transforms besides the identity; axes: continuous ones."""

    discrete: np.ndarray
    axes: tuple[Axis, ...] = ()

    @classmethod
    def none(cls) -> Symmetries:
        return cls(np.zeros((0, 4, 4)))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Symmetries:
        """From a YAML mapping, angles in degrees, points in metres:

        `discrete: [{axis: [0, 0, 1], angle: 180, point: [0, 0, 0]}]`, `continuous: [{axis: [0, 0, 1], flip: true}]`.
        `flip` adds the half turn about an axis across. Raises InputRefused on anything else.
        """
        discrete, axes = [], []
        try:
            unknown = set(config) - {"discrete", "continuous"}
            if unknown:
                raise ValueError(f"unknown key {sorted(unknown)[0]}")
            for entry in config.get("discrete") or []:
                axis = _unit(entry["axis"])
                turns = _turns_of(float(entry["angle"]))
                for k in range(1, turns):
                    discrete.append(_turn(axis, 2 * np.pi * k / turns, np.asarray(entry.get("point", (0, 0, 0)), float)))
            for entry in config.get("continuous") or []:
                axis, point = _unit(entry["axis"]), np.asarray(entry.get("point", (0, 0, 0)), float)
                axes.append(Axis(tuple(axis), tuple(point)))
                if entry.get("flip", False):
                    discrete.append(_turn(_across(axis), np.pi, point))
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise InputRefused(
                "bad_symmetries",
                f"symmetries {config} can't be read ({error}): write discrete: [{{axis: [0, 0, 1], angle: 180}}] "
                "or continuous: [{axis: [0, 0, 1], flip: true}], degrees and metres",
            ) from error
        return cls(np.array(discrete).reshape(-1, 4, 4), tuple(axes))

    @classmethod
    def from_bop(cls, model_info: dict[str, Any]) -> Symmetries:
        """From one object's entry of BOP's models_info.json, which is in millimetres."""
        discrete = np.array(model_info.get("symmetries_discrete", []), float).reshape(-1, 4, 4)
        discrete[:, :3, 3] /= 1000.0
        axes = tuple(
            Axis(tuple(_unit(entry["axis"])), tuple(np.asarray(entry["offset"], float) / 1000.0))
            for entry in model_info.get("symmetries_continuous", [])
        )
        return cls(discrete, axes)

    @property
    def is_sphere(self) -> bool:
        """Two continuous axes make every rotation about their point a symmetry."""
        return len(self.axes) > 1

    def transforms(self, step_deg: float = 5.0) -> np.ndarray:
        """All of them as (S, 4, 4), the identity first; continuous ones in steps of step_deg (of a sphere: 18 or more)."""
        if self.is_sphere:
            return _every_turn(max(step_deg, _SPHERE_STEP_DEG), np.asarray(self.axes[0].point_m))
        result = np.concatenate([np.eye(4)[None], self.discrete])
        for axis in self.axes:
            angles = np.deg2rad(np.arange(0, 360, step_deg))
            turns = np.stack([_turn(np.asarray(axis.direction), a, np.asarray(axis.point_m)) for a in angles])
            result = (result[None] @ turns[:, None]).reshape(-1, 4, 4)
        return result

    @property
    def order(self) -> float:
        """How many there are with the identity; infinite where one is continuous."""
        return np.inf if self.axes else 1 + len(self.discrete)

    def nearest(self, T_cam_obj: np.ndarray, reference: np.ndarray) -> np.ndarray:
        """The pose equivalent to T_cam_obj that is turned least from `reference`, both (4, 4)."""
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
            turns = np.stack([_turn(direction, angle, np.asarray(axis.point_m)) for angle in np.arctan2(b, a)])
            candidates = candidates @ turns
        angles = se3.rotation_angle_rad(candidates[:, :3, :3], reference[:3, :3])
        return candidates[int(np.argmin(angles))].astype(np.float32)

    def told_apart(self, others: Symmetries, separation_rad: float) -> np.ndarray:
        """Of the turns (T, 4, 4) of `others`, those that these symmetries don't make equivalent; the identity first."""
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


def find_symmetries(model: ObjectModel, colour: bool = True, loose: bool = False) -> Symmetries:
    """Turns of 1/2 to 1/6 and continuous ones that leave surface and colours as they were, in the mesh's own frame.

    With `colour` off only the shape counts; `loose` also admits turns between which noisy depth can hardly decide.
    Candidate axes cover the half sphere and are refined by closest points (Besl and McKay 1992) on samples of the
    surface, then tested on the exact surface.
    """
    surface = _Surface(model, _LOOSE if loose else _STRICT, colour)
    axes = trimesh.creation.icosphere(subdivisions=2).vertices
    axes = axes[(axes @ (0.01, 0.1, 1.0)) > 0]
    candidates = np.array([_turn(axis, 2 * np.pi / n, surface.centre_m) for n in (2, 3, 4, 5, 6) for axis in axes])
    separation_rad = np.deg2rad(25.0) if loose else _SAME_TURN_RAD
    found: list[np.ndarray] = []
    fresh = _distinct(surface.refined(candidates), found, _SAME_TURN_RAD)
    while fresh and len(found) < 60:
        graded = [(surface.asymmetry(turn), turn) for turn in map(surface.polished, fresh)]
        graded = sorted((pair for pair in graded if surface.accepts(pair[0])), key=lambda pair: pair[0].mean_distance)
        added = _distinct([turn for _, turn in graded], found, separation_rad)
        found += added
        # Symmetries form a group: what the search missed is a product of what it found.
        fresh = _distinct([a @ b for a in added for b in found], found, separation_rad)
    axes = _continuous_axes(surface, found)
    if len(axes) > 1:
        return Symmetries(np.zeros((0, 4, 4)), axes)
    if axes:
        found = _distinct(found, [], separation_rad, axes)
    return Symmetries(np.array(found).reshape(-1, 4, 4), axes)


@dataclass(frozen=True)
class _Asymmetry:
    """How much a turn changes an object: distances as shares of the diameter, angle between normals, colour 0..1."""

    mean_distance: float
    far_distance: float
    normal_deg: float
    colour: float


# Between what scanned objects show under their true symmetries (0.5 %, 8 degrees, 0.025) and the least that others
# show (0.7 %, 15 degrees, 0.045) over the 23 meshes on which this was measured.
_STRICT = _Asymmetry(mean_distance=0.006, far_distance=0.02, normal_deg=12.0, colour=0.035)
_LOOSE = _Asymmetry(mean_distance=0.02, far_distance=0.08, normal_deg=60.0, colour=0.035)


class _Surface:
    """A model's surface, on which turns are tested."""

    def __init__(self, model: ObjectModel, limit: _Asymmetry, colour: bool) -> None:
        self._limit = limit
        self._diameter_m = model.diameter_m
        points, faces, barycentric = model.surface_samples(2400)
        self._tree = KDTree(points)
        self.centre_m = points.mean(axis=0).astype(float)
        self.principal_axes = np.linalg.svd(points - self.centre_m, full_matrices=False)[2]  # rows
        self._points = points[::6].astype(float)  # (400, 3)
        self._face_normals = np.asarray(model.mesh.face_normals)
        self._normals = self._face_normals[faces[::6]]
        self._scene = o3d.t.geometry.RaycastingScene(nthreads=2)
        self._scene.add_triangles(o3d.core.Tensor(model.vertices), o3d.core.Tensor(model.faces))
        self._albedo = None
        if colour and model.appearance is not None:
            self._albedo = partial(model.appearance.sample, footprint_m=0.04 * model.diameter_m)
            self._rgb = self._albedo(faces[::6], barycentric[::6])  # (400, 3)

    def refined(self, turns: np.ndarray) -> np.ndarray:
        """Closest-point steps for all turns (T, 4, 4) at once; those that stay far off are dropped."""
        points = self._points[::3]
        for step in range(6):
            distance, index = self._tree.query(se3.transform_points(turns, points))
            limit = self._limit.mean_distance * self._diameter_m + self._diameter_m * (0.1 if step < 2 else 0.03)
            keep = distance.mean(axis=1) < limit
            turns = _best_fit(points, self._tree.data[index[keep]])
        return turns

    def polished(self, turn: np.ndarray) -> np.ndarray:
        """A few more steps on the exact surface."""
        for _ in range(4):
            turn = _best_fit(self._points, self._closest(turn)[0]["points"].numpy()[None])[0]
        return turn

    def _closest(self, turn: np.ndarray) -> tuple[dict, np.ndarray]:
        moved = se3.transform_points(turn, self._points)
        return self._scene.compute_closest_points(o3d.core.Tensor(moved.astype(np.float32))), moved

    def asymmetry(self, turn: np.ndarray) -> _Asymmetry:
        closest, moved = self._closest(turn)
        distance = np.linalg.norm(closest["points"].numpy() - moved, axis=1) / self._diameter_m
        faces = closest["primitive_ids"].numpy()
        cosine = np.einsum("ni,ni->n", self._normals @ turn[:3, :3].T, self._face_normals[faces])
        colour = 0.0
        if self._albedo is not None:
            colour = float(np.abs(self._albedo(faces, closest["primitive_uvs"].numpy()) - self._rgb).mean())
        normal_deg = float(np.rad2deg(np.arccos(np.clip(cosine, -1, 1))).mean())
        return _Asymmetry(float(distance.mean()), float(np.quantile(distance, 0.95)), normal_deg, colour)

    def accepts(self, asymmetry: _Asymmetry) -> bool:
        return (
            asymmetry.mean_distance < self._limit.mean_distance
            and asymmetry.far_distance < self._limit.far_distance
            and asymmetry.normal_deg < self._limit.normal_deg
            and asymmetry.colour < self._limit.colour
        )


def _continuous_axes(surface: _Surface, turns: list[np.ndarray]) -> tuple[Axis, ...]:
    """Principal axes near those of found turns about which odd angles pass as well."""
    axes: list[Axis] = []
    for turn in turns:
        rotvec = Rotation.from_matrix(turn[:3, :3]).as_rotvec()
        cosines = surface.principal_axes @ (rotvec / np.linalg.norm(rotvec))
        direction = surface.principal_axes[int(np.argmax(np.abs(cosines)))]
        if np.abs(cosines).max() < 0.95 or any(abs(direction @ np.asarray(axis.direction)) > 0.97 for axis in axes):
            continue
        angles = np.deg2rad([20.0, 50.0, 75.0, 100.0, 145.0, 200.0, 310.0])
        if all(surface.accepts(surface.asymmetry(_turn(direction, angle, surface.centre_m))) for angle in angles):
            axes.append(Axis(tuple(direction), tuple(surface.centre_m)))
    return tuple(axes)


def _distinct(
    turns: Sequence[np.ndarray], known: list[np.ndarray], separation_rad: float, axes: tuple[Axis, ...] = ()
) -> list[np.ndarray]:
    """Turns that are neither near the identity nor near a known or earlier one, up to what `axes` make equivalent."""
    kept: list[np.ndarray] = []
    for turn in turns:
        equivalents = Symmetries(np.array(known + kept).reshape(-1, 4, 4), axes).transforms()
        if se3.rotation_angle_rad(equivalents[:, :3, :3], turn[:3, :3]).min() > separation_rad:
            kept.append(turn)
    return kept


def _best_fit(points: np.ndarray, matched: np.ndarray) -> np.ndarray:
    """Rigid transforms (T, 4, 4) that bring points (n, 3) closest to matched (T, n, 3) (Kabsch 1976)."""
    mean_from, mean_to = points.mean(axis=0), matched.mean(axis=1)
    u, _, vt = np.linalg.svd((matched - mean_to[:, None]).swapaxes(1, 2) @ (points - mean_from))
    u[..., -1] *= np.linalg.det(u @ vt)[:, None]
    R = u @ vt
    return se3.from_rotation_translation(R, mean_to - mean_from @ R.swapaxes(1, 2)).astype(float)


def _turn(axis: np.ndarray, angle_rad: float, point_m: np.ndarray) -> np.ndarray:
    """Rotation (4, 4) about a line."""
    return _about(Rotation.from_rotvec(np.asarray(axis) * angle_rad).as_matrix(), point_m)


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


def _unit(axis: Any) -> np.ndarray:
    axis = np.asarray(axis, float)
    norm = np.linalg.norm(axis)
    if axis.shape != (3,) or norm == 0:
        raise ValueError(f"axis {axis.tolist()} is no direction")
    return axis / norm


def _across(axis: np.ndarray) -> np.ndarray:
    """Some unit vector at right angles to `axis`."""
    other = np.eye(3)[int(np.argmin(np.abs(axis)))]
    return _unit(np.cross(axis, other))
