"""Solids that are united, cut or met with one another: as machined and moulded parts are, by signed distances.

The exact combination of distances is smoothed over about a voxel, so that edges come out rounded and not jagged.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import trimesh
from scipy.spatial.transform import Rotation

from ...reconstruction.fusion.tsdf_fusion import isosurface, largest_solid

_VOXELS = 44
# Of which kinds the first solid is, what cuts through it, and what takes its corners off.
_FIRST = ("box", "cylinder", "prism", "cone", "ring")
_THROUGH = ("box", "cylinder", "prism")
_ABOUT = ("box", "cylinder", "prism", "cone", "ball")
# In voxels: how far combinations are smoothed, and how near the surface comes to a grid point.
_SMOOTHED = 1.6
_LEAST = 0.01
# A combination is kept if each step changes this share of the solid, and more than crumbs are left in the grid.
_LEAST_CHANGE, _LEAST_FILLED = 0.03, 0.04


@dataclass(frozen=True)
class _Solid:
    """One solid at a place: turn (3, 3) from its own frame. half (3,): of its box, in its own frame."""

    kind: str
    half: np.ndarray
    at: np.ndarray
    turn: np.ndarray

    @property
    def reach(self) -> np.ndarray:
        """Return the half size (3,) of its box along the axes that all share."""
        return np.asarray(np.abs(self.turn) @ self.half)

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Return signed distances (P,) of points (3, P), negative inside."""
        own = self.turn.T.astype(np.float32) @ (points - self.at[:, None].astype(np.float32))
        return _DISTANCES[self.kind](own, self.half.astype(np.float32))


def combined(rng: np.random.Generator) -> trimesh.Trimesh:
    """Draw two to four solids and combine them, until all of them show; about 1 across, without colours."""
    while True:
        solids = [_Solid(_kind(rng, _FIRST), rng.uniform(0.2, 0.5, 3), np.zeros(3), np.eye(3))]
        how = []
        for _ in range(int(rng.integers(1, 4))):
            name = str(rng.choice(list(_NEXT)))
            solids.append(_NEXT[name](rng, solids[0]))
            how.append(name)
        mesh = _meshed(solids, how)
        if mesh is not None:
            return mesh


def _meshed(solids: list[_Solid], how: list[str]) -> trimesh.Trimesh | None:
    kept = [solids[0], *(solid for solid, name in zip(solids[1:], how, strict=True) if name == "unite")]
    low = np.min([solid.at - solid.reach for solid in kept], axis=0)
    high = np.max([solid.at + solid.reach for solid in kept], axis=0)
    voxel = (high - low).max() / _VOXELS
    # Two voxels of margin close the surface.
    axes = [np.arange(a - 2 * voxel, b + 2.5 * voxel, voxel, dtype=np.float32) for a, b in zip(low, high, strict=True)]
    shape = tuple(len(axis) for axis in axes)
    # Coordinates first: numpy is slow at sums of three neighbours.
    points = np.stack(np.meshgrid(*axes, indexing="ij")).reshape(3, -1)
    field, smooth = solids[0].distance(points), np.float32(_SMOOTHED * voxel)
    for solid, name in zip(solids[1:], how, strict=True):
        other, before = solid.distance(points), field
        if name == "unite":
            field = -_larger(-field, -other, smooth)
        else:
            field = _larger(field, -other if name == "cut" else other, smooth)
        changed = np.count_nonzero((field < 0) != (before < 0))
        if changed < _LEAST_CHANGE * np.count_nonzero(before < 0):
            return None
    if (field < 0).mean() < _LEAST_FILLED:
        return None
    # A surface through a grid point would have triangles without area there.
    field = np.where(np.abs(field) < _LEAST * voxel, np.float32(_LEAST * voxel), field)
    vertices, faces = isosurface(largest_solid(field.reshape(shape)))
    return trimesh.Trimesh(low - 2 * voxel + voxel * vertices, faces)


def _larger(a: np.ndarray, b: np.ndarray, smooth: np.float32) -> np.ndarray:
    """Return the larger of both, with a rounded corner where they are nearly equal (Quilez' polynomial)."""
    near = np.maximum(smooth - np.abs(a - b), 0)
    return np.asarray(np.maximum(a, b) + near * near / (4 * smooth))


def _united(rng: np.random.Generator, first: _Solid) -> _Solid:
    """Something smaller that sticks out of the first."""
    outward = rng.standard_normal(3)
    at = outward / np.abs(outward).max() * first.half * rng.uniform(0.5, 1.0)
    return _Solid(_kind(rng, tuple(_DISTANCES)), first.half.mean() * rng.uniform(0.3, 1.0, 3), at, _turn(rng))


def _cut(rng: np.random.Generator, first: _Solid) -> _Solid:
    """A hole or slot through the first, or a hollow in it."""
    at = rng.uniform(-0.5, 0.5, 3) * first.half
    width = float(first.half.min() * rng.uniform(0.25, 0.6))
    if rng.random() < 0.25:
        side = np.eye(3)[rng.integers(3)] * rng.choice((-1, 1))
        return _Solid("ball", np.full(3, 1.6 * width), at + side * first.half, np.eye(3))
    half = np.array([width, width * rng.uniform(0.5, 1.5), 2.0])
    if rng.random() < 0.4:
        # A slot that is open at a side.
        at = at + np.eye(3)[rng.integers(3)] * first.half
    return _Solid(_kind(rng, _THROUGH), half, at, _turn(rng))


def _met(rng: np.random.Generator, first: _Solid) -> _Solid:
    """A body about the first that takes its corners off."""
    return _Solid(
        _kind(rng, _ABOUT), first.half.max() * rng.uniform(0.75, 1.15, 3), 0.1 * rng.standard_normal(3), _turn(rng)
    )


def _turn(rng: np.random.Generator) -> np.ndarray:
    """Most parts are square to each other."""
    if rng.random() < 0.3:
        return Rotation.random(rng=rng).as_matrix()
    return np.roll(np.eye(3), int(rng.integers(3)), axis=0)


def _kind(rng: np.random.Generator, kinds: tuple[str, ...]) -> str:
    return str(rng.choice(kinds))


def _box(points: np.ndarray, half: np.ndarray) -> np.ndarray:
    return _within(np.abs(points) - half[:, None])


def _cylinder(points: np.ndarray, half: np.ndarray) -> np.ndarray:
    return _drawn_up(np.hypot(points[0], points[1]) - half[:2].min(), points, half)


def _prism(points: np.ndarray, half: np.ndarray, sides: int = 6) -> np.ndarray:
    angle = 2 * np.pi * np.arange(sides) / sides
    out = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    flat = half[:2].min() * np.float32(np.cos(np.pi / sides))
    return _drawn_up((out @ points[:2]).max(axis=0) - flat, points, half)


def _cone(points: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Half as wide at its upper end."""
    radius = half[:2].min()
    slope = radius / (4 * half[2])
    side = np.hypot(points[0], points[1]) - np.float32(0.75) * radius + slope * points[2]
    return _drawn_up(side / np.sqrt(1 + slope * slope), points, half)


def _ball(points: np.ndarray, half: np.ndarray) -> np.ndarray:
    return _length(points) - half.min()


def _ring(points: np.ndarray, half: np.ndarray) -> np.ndarray:
    radius = half[:2].min()
    tube = np.float32(0.35) * radius
    return np.asarray(np.hypot(np.hypot(points[0], points[1]) - (radius - tube), points[2]) - tube)


def _drawn_up(across: np.ndarray, points: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Distances of what stands on a flat outline, from those of the outline (P,)."""
    return _within(np.stack([across, np.abs(points[2]) - half[2]]))


def _within(beyond: np.ndarray) -> np.ndarray:
    """Distances (P,) of what ends at several sides square to each other, from those of the sides (S, P)."""
    return _length(np.maximum(beyond, 0)) + np.minimum(beyond.max(axis=0), 0)


def _length(vectors: np.ndarray) -> np.ndarray:
    """Lengths (P,) of vectors (S, P)."""
    return np.asarray(np.sqrt((vectors * vectors).sum(axis=0)))


_DISTANCES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "box": _box,
    "cylinder": _cylinder,
    "prism": _prism,
    "cone": _cone,
    "ball": _ball,
    "ring": _ring,
}
_NEXT: dict[str, Callable[[np.random.Generator, _Solid], _Solid]] = {"unite": _united, "cut": _cut, "meet": _met}
