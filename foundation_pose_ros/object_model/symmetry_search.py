"""Symmetries found from a model's surface and colours."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from .. import se3
from ..arrays import Poses
from .appearance import Appearance
from .closest_points import ClosestPoints, SurfacePoints
from .directions import icosphere
from .symmetry import Axis, Symmetries, turn_about

# Colours, averaged over patches of this share of the diameter, differ by more where a turn is no symmetry's.
FOOTPRINT_SHARE, COLOURS_DIFFER = 0.04, 0.035
_SAME_TURN_RAD = np.deg2rad(8.0)
# The rotations of an icosahedron, the largest group besides those of prisms and bodies of revolution.
_MOST_TURNS = 60
# Angles that no turn of 1/2 to 1/6 shares.
_ODD_ANGLES_RAD = np.deg2rad([20.0, 50.0, 75.0, 100.0, 145.0, 200.0, 310.0])


class ColouredSurface(Protocol):
    """What is searched: a mesh in metres whose surface can be sampled evenly, coloured or not (an ObjectModel)."""

    @property
    def vertices(self) -> np.ndarray: ...  # (V, 3)

    @property
    def faces(self) -> np.ndarray: ...  # (F, 3)

    @property
    def appearance(self) -> Appearance | None: ...

    @property
    def face_normals(self) -> np.ndarray: ...  # (F, 3)

    @property
    def diameter_m(self) -> float: ...

    def surface_samples(self, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]: ...


class SymmetrySearch:
    """Finds turns of 1/2 to 1/6 and continuous ones that leave a model as it was, in the mesh's own frame.

    Continuous axes are sought among the principal ones. For the rest, candidate axes cover the half sphere and are
    refined by closest points (Besl and McKay 1992) on samples of the surface, then tested on the exact surface.
    """

    def __init__(self, model: ColouredSurface) -> None:
        self._surface = _Surface(model)

    def found(self, colour: bool = True, loose: bool = False) -> Symmetries:
        """Return the turns that keep surface and colours; with `colour` off only the shape counts.

        loose: also turns between which noisy depth can hardly decide.
        """
        trial = _Trial(self._surface, _LOOSE if loose else _STRICT, colour)
        axes = trial.continuous_axes(self._surface.principal_axes)
        if len(axes) > 1:
            return Symmetries(np.zeros((0, 4, 4)), axes)
        separation_rad = np.deg2rad(25.0) if loose else _SAME_TURN_RAD
        turns = _discrete_turns(trial, axes, separation_rad)
        if turns and not axes:
            # Of a body with equal moments of inertia any axis is a principal one: its own is that of a turn.
            axes = trial.continuous_axes(_rotation_axes(turns))
            turns = _distinct(turns, [], separation_rad, axes)
        return Symmetries(np.array(turns).reshape(-1, 4, 4), axes)


@dataclass(frozen=True)
class _Asymmetry:
    """How much a turn changes an object: distances as shares of the diameter, angle between normals, colour 0..1."""

    mean_distance: float
    far_distance: float
    normal_deg: float
    colour: float


# Between what scanned objects show under their true symmetries (0.5 %, 8 degrees, 0.025) and the least that others
# show (0.7 %, 15 degrees, 0.045) over the 23 meshes on which this was measured.
_STRICT = _Asymmetry(mean_distance=0.006, far_distance=0.02, normal_deg=12.0, colour=COLOURS_DIFFER)
_LOOSE = _Asymmetry(mean_distance=0.02, far_distance=0.08, normal_deg=60.0, colour=COLOURS_DIFFER)


class _Surface:
    """A model's surface, on which turns are refined."""

    def __init__(self, model: ColouredSurface) -> None:
        self.diameter_m = model.diameter_m
        points, faces, barycentric = model.surface_samples(2400)
        self._tree = KDTree(points)
        self._closest_points = ClosestPoints(model.vertices, model.faces)
        self.centre_m = points.mean(axis=0).astype(float)
        self.principal_axes = np.linalg.svd(points - self.centre_m, full_matrices=False)[2]  # rows
        self.points = points[::6].astype(float)  # (400, 3)
        self.face_normals = model.face_normals
        self.normals = self.face_normals[faces[::6]]
        self.albedo: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
        if model.appearance is not None:
            self.albedo = partial(model.appearance.sample, footprint_m=FOOTPRINT_SHARE * model.diameter_m)
            self.rgb = self.albedo(faces[::6], barycentric[::6])  # (400, 3)

    def near_turns(self, limit_m: float) -> Poses:
        """Return candidates (T, 4, 4) that closest-point steps leave near the surface: within limit_m on average."""
        turns, distance_m = self._refined
        return turns[distance_m < limit_m]

    @cached_property
    def _refined(self) -> tuple[np.ndarray, np.ndarray]:
        """Closest-point steps for all candidate turns at once: the turns, and how far off each was at its worst.

        What is allowed to all in a step doesn't count. Those that stay farther off than any search admits are dropped.
        """
        directions = icosphere(subdivisions=2)
        directions = directions[(directions @ (0.01, 0.1, 1.0)) > 0]
        angles_rad = 2 * np.pi / np.arange(2, 7)
        turns = np.concatenate([turn_about(direction, angles_rad, self.centre_m) for direction in directions])
        worst_m = np.zeros(len(turns))
        points, limit_m = self.points[::3], _LOOSE.mean_distance * self.diameter_m
        for step in range(6):
            distance_m, index = self._tree.query(se3.transform_points(turns, points))
            allowed_m = self.diameter_m * (0.1 if step < 2 else 0.03)
            worst_m = np.maximum(worst_m, distance_m.mean(axis=1) - allowed_m)
            keep = worst_m < limit_m
            turns, worst_m = se3.best_fit(points, self._tree.data[index[keep]]), worst_m[keep]
        return turns, worst_m

    def polished(self, turn: np.ndarray) -> np.ndarray:
        """Take a few more steps on the exact surface."""
        for _ in range(4):
            turn = se3.best_fit(self.points, self.closest(turn)[0].points)
        return turn

    def closest(self, turn: np.ndarray) -> tuple[SurfacePoints, np.ndarray]:
        """Return the surface's points closest to its own after a turn (4, 4), and these (400, 3)."""
        moved = se3.transform_points(turn, self.points)
        return self._closest_points.query(moved), moved


class _Trial:
    """What turns of a surface are tested for, colours included or not."""

    def __init__(self, surface: _Surface, limit: _Asymmetry, colour: bool) -> None:
        self.surface = surface
        self.limit = limit
        self._albedo = surface.albedo if colour else None

    def continuous_axes(self, directions: np.ndarray) -> tuple[Axis, ...]:
        """Return of directions (n, 3) at most two about which odd angles pass as well."""
        centre_m = self.surface.centre_m
        axes: list[Axis] = []
        for direction in directions:
            if len(axes) == 2 or any(abs(direction @ np.asarray(axis.direction)) > 0.97 for axis in axes):
                continue
            turns = turn_about(direction, _ODD_ANGLES_RAD, centre_m)
            if all(self.accepts(self.asymmetry(turn)) for turn in turns):
                axes.append(Axis(tuple(direction), tuple(centre_m)))
        return tuple(axes)

    def asymmetry(self, turn: np.ndarray) -> _Asymmetry:
        """Measure how much a turn (4, 4) changes the object."""
        surface = self.surface
        closest, moved = surface.closest(turn)
        distance = np.linalg.norm(closest.points - moved, axis=1) / surface.diameter_m
        cosine = np.einsum("ni,ni->n", surface.normals @ turn[:3, :3].T, surface.face_normals[closest.faces])
        colour = 0.0
        if self._albedo is not None:
            colour = float(np.abs(self._albedo(closest.faces, closest.uv) - surface.rgb).mean())
        normal_deg = float(np.rad2deg(np.arccos(np.clip(cosine, -1, 1))).mean())
        return _Asymmetry(float(distance.mean()), float(np.quantile(distance, 0.95)), normal_deg, colour)

    def accepts(self, asymmetry: _Asymmetry) -> bool:
        """Return whether a turn changes the object so little that it is a symmetry."""
        return (
            asymmetry.mean_distance < self.limit.mean_distance
            and asymmetry.far_distance < self.limit.far_distance
            and asymmetry.normal_deg < self.limit.normal_deg
            and asymmetry.colour < self.limit.colour
        )


def _discrete_turns(trial: _Trial, axes: tuple[Axis, ...], separation_rad: float) -> list[np.ndarray]:
    """Turns besides the identity that pass, up to what `axes` make equivalent."""
    surface = trial.surface
    candidates = surface.near_turns(trial.limit.mean_distance * surface.diameter_m)
    found: list[np.ndarray] = []
    fresh = _distinct(candidates, found, _SAME_TURN_RAD, axes)
    while fresh and len(found) < _MOST_TURNS:
        graded = [(trial.asymmetry(turn), turn) for turn in map(surface.polished, fresh)]
        graded = sorted((pair for pair in graded if trial.accepts(pair[0])), key=lambda pair: pair[0].mean_distance)
        added = _distinct([turn for _, turn in graded], found, separation_rad, axes)[: _MOST_TURNS - len(found)]
        found += added
        # Symmetries form a group: what the search missed is a product of what it found.
        fresh = _distinct([a @ b for a in added for b in found], found, separation_rad, axes)
    return found


def _rotation_axes(turns: Sequence[np.ndarray]) -> np.ndarray:
    """Unit axes (n, 3) of turns, none of them the identity."""
    rotvecs = Rotation.from_matrix(np.array(turns)[:, :3, :3]).as_rotvec()
    return rotvecs / np.linalg.norm(rotvecs, axis=1, keepdims=True)


def _distinct(
    turns: Iterable[np.ndarray], known: list[np.ndarray], separation_rad: float, axes: tuple[Axis, ...]
) -> list[np.ndarray]:
    """Turns that are neither near the identity nor near a known or earlier one, up to what `axes` make equivalent."""
    kept: list[np.ndarray] = []
    for turn in turns:
        equivalents = Symmetries(np.array(known + kept).reshape(-1, 4, 4), axes).transforms()
        if se3.rotation_angle_rad(equivalents[:, :3, :3], turn[:3, :3]).min() > separation_rad:
            kept.append(turn)
    return kept
