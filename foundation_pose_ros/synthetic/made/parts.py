"""Closed parts that tools and packages are put together of: sweeps of cross sections, in any unit, z up."""

import numpy as np
import trimesh
from numpy.typing import ArrayLike
from scipy.spatial.transform import Rotation

from ...arrays import Points
from ..shapes import Shape, grid_faces, joined, revolved, without_degenerate_faces

_AROUND = 32


def skinned(rings: Points) -> Shape:
    """Lay a skin over cross sections (N, S, 3), each counter-clockwise seen from the next one.

    Ends are closed, but where the last section is the first one again. u runs around, v from the first to the last.
    """
    around = np.concatenate([rings, rings[:, :1]], axis=1)
    if not np.array_equal(rings[0], rings[-1]):
        ends = rings[[0, -1]].mean(axis=1)[:, None].repeat(around.shape[1], axis=1)
        around = np.concatenate([ends[:1], around, ends[1:]])
    rows = len(around)
    length = np.linalg.norm(np.diff(rings.mean(axis=1), axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(length)]) / max(length.sum(), 1e-9)
    if rows > len(rings):
        along = np.concatenate([[0], along, [1]])
    girth = np.linalg.norm(np.diff(around, axis=1), axis=2).sum(axis=0)
    u = np.concatenate([[0], np.cumsum(girth) / girth.sum()])
    uv = np.stack(np.broadcast_arrays(u, along[:, None]), axis=-1)
    return without_degenerate_faces(Shape(around.reshape(-1, 3), grid_faces(*around.shape[:2]), uv.reshape(-1, 2)))


def loft(
    z: ArrayLike, half_x: ArrayLike, half_y: ArrayLike, power: ArrayLike = 2.0, x: ArrayLike = 0.0, y: ArrayLike = 0.0
) -> Shape:
    """Make a solid of level cross sections, lowest first.

    All are (N,) or one number for all: height, half widths, and the section's middle. power: 2 for an ellipse, the
    larger the more of a rectangle.
    """
    z, half_x, half_y, power, x, y = (
        value[:, None] for value in np.broadcast_arrays(*(np.atleast_1d(v) for v in (z, half_x, half_y, power, x, y)))
    )
    angle = 2 * np.pi * np.arange(_AROUND) / _AROUND
    # Points gather at the corners of what is nearly a rectangle, where they are needed.
    across, along = (np.sign(a) * np.abs(a) ** (2 / power) for a in (np.cos(angle), np.sin(angle)))
    return skinned(np.stack(np.broadcast_arrays(x + half_x * across, y + half_y * along, z), axis=-1))


def band(inner: np.ndarray, outer: np.ndarray, thickness: float) -> Shape:
    """Make a flat piece, z from -thickness / 2 to thickness / 2, between two outlines.

    Outlines (N, 2) run counter-clockwise, point by point beside each other; a ring ends where it began.
    """
    corners = [(inner, -1), (inner, 1), (outer, 1), (outer, -1)]
    rings = [np.column_stack([line, np.full(len(line), side * thickness / 2)]) for line, side in corners]
    return skinned(np.stack(rings, axis=1))


def turned_part(profile: ArrayLike) -> Shape:
    """Turn (radius, z) of an outside, bottom first, about z; its ends are closed."""
    profile = np.asarray(profile, float)
    closed = np.concatenate([[[0, profile[0, 1]]], profile, [[0, profile[-1, 1]]]])
    return revolved(closed, np.linspace(0, 1, len(closed)), segments=_AROUND)


def rod(radius: float, low: float, high: float) -> Shape:
    """Make a round rod about z."""
    return turned_part([(radius, low), (radius, high)])


def placed(shape: Shape, at: ArrayLike = (0.0, 0.0, 0.0), axes: str = "z", angles_deg: ArrayLike = 0.0) -> Shape:
    """Turn a part about fixed axes in order, as scipy's `from_euler` does, then move it."""
    turn = Rotation.from_euler(axes, angles_deg, degrees=True).as_matrix()
    return shape._replace(vertices=shape.vertices @ turn.T + np.asarray(at, float))


def plain_mesh(*parts: Shape) -> trimesh.Trimesh:
    """Put parts, which may lie in one another, together as a mesh without colours."""
    whole = joined(*parts)
    return trimesh.Trimesh(whole.vertices, whole.faces)
