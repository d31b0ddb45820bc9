"""Turns of an object that a view may not tell from its pose.

About what is round but for a part, half turns, and quarter turns of a box that is about as wide as it is deep.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.transform import Rotation

from ..arrays import Points, Poses
from .model import ObjectModel
from .symmetry import Axis, turn_about

# Normals of a body of revolution meet its axis; of a mug's all but the handle's do, so near, in diameters.
_NEAR_AXIS, _ROUND_SHARE = 0.05, 0.65
# A normal along the axis meets it anywhere, as a box's top does: so much of the surface has to look aside.
_LEAST_ASIDE = 0.35
_STEP_DEG = 15.0
_SAME_AXIS = np.cos(np.deg2rad(10.0))
_SAMPLES = 2000
_REWEIGHTED = 8
_APART_RAD = np.deg2rad(20.0)
# A box that is at most so many times as wide as it is deep may lie on its other side; of the smallest one around it, a
# box fills at least this share.
_NEARLY_EQUAL, _BOXY = 1.4, 0.8


@dataclass(frozen=True, eq=False)
class ConfusableTurns:
    """Turns about one axis, in the mesh's frame: transforms (A, 4, 4), and their angles (A,) from -180 to 180 degrees.

    Neighbours are `step_deg` apart all around; 0: they stand alone.
    """

    axis: Axis
    transforms: Poses
    angles_deg: np.ndarray
    step_deg: float = 0.0


def confusable_turns(model: ObjectModel, near: np.ndarray) -> list[ConfusableTurns]:
    """List turns that are no symmetries of a model; near (T, 4, 4): those that leave its shape nearly as it was."""
    turns, own = [], model.symmetries
    axis = None if own.axes else round_axis(*_surface(model), model.diameter_m)
    if axis is not None:
        angles_deg = np.arange(-180.0 + _STEP_DEG, 180.0 + _STEP_DEG / 2, _STEP_DEG)
        transforms = turn_about(np.asarray(axis.direction), np.deg2rad(angles_deg), np.asarray(axis.point_m))
        turns.append(ConfusableTurns(axis, transforms, angles_deg, _STEP_DEG))
    single = [*near[1:], *_half_turns(model, axis), *_quarter_turns(model)]
    kept = own.transforms(step_deg=5.0)[:, :3, :3]
    for transform in single:
        R = transform[:3, :3]
        about = _axis_of(transform, model.centre_m)
        if axis is not None and abs(np.dot(about.direction, axis.direction)) > _SAME_AXIS:
            continue  # one of the turns all around
        if _least_angle_rad(kept, R) > _APART_RAD:
            kept = np.concatenate([kept, R @ own.transforms(step_deg=5.0)[:, :3, :3]])
            angle_deg = float(np.rad2deg(Rotation.from_matrix(R).magnitude()))
            turns.append(ConfusableTurns(about, np.asarray(transform)[None], np.array([angle_deg])))
    return turns


def round_axis(points: Points, normals: np.ndarray, diameter_m: float) -> Axis | None:
    """Find the axis about which most of a surface, points and normals (N, 3), is one of revolution; None: it isn't.

    That is the line which most normals meet (Pottmann and Randrup 1998), each weighed by how near it comes.
    """
    middle = points.mean(axis=0)
    p, moments = points - middle, np.cross(points - middle, normals)
    best: tuple[float, Axis] | None = None
    starts = np.concatenate([np.linalg.svd(p, full_matrices=False)[2], np.eye(3)])
    for direction in starts:
        # A normal's distance from the line through c along d, times its lever: n . (c x d) + (p x n) . d.
        weights = np.ones(len(p))
        for _ in range(_REWEIGHTED):
            across = np.cross(direction, normals)  # of c: n . (c x d) = c . (d x n)
            A = across.T @ (weights[:, None] * across) + 1e-9 * len(p) * np.eye(3)
            offset = np.linalg.solve(A, -across.T @ (weights * (moments @ direction)))
            lever = across @ offset + moments @ direction
            scale = max(_NEAR_AXIS * diameter_m, 0.5 * float(np.median(np.abs(lever))))
            weights = 1 / (1 + np.square(lever / scale)) ** 2
            rows = np.cross(normals, offset) + moments  # lever as a function of d
            direction = _smallest(rows.T @ (weights[:, None] * rows), direction)
        lever = np.cross(direction, normals) @ offset + moments @ direction
        aside = np.linalg.norm(np.cross(direction, normals), axis=1) > 0.3
        near = np.abs(lever) < _NEAR_AXIS * diameter_m
        if aside.mean() < _LEAST_ASIDE or (near & aside).sum() < _ROUND_SHARE * aside.sum():
            continue
        share = float((near & aside).sum() / aside.sum())
        if best is None or share > best[0]:
            on_axis = middle + offset - (offset @ direction) * direction
            best = share, Axis(tuple(direction), tuple(on_axis))
    return None if best is None else best[1]


def _smallest(matrix: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Return the unit vector of the least eigenvalue, on the side of `near`."""
    vector = np.linalg.eigh(matrix)[1][:, 0]
    return vector if vector @ near > 0 else -vector


def _surface(model: ObjectModel) -> tuple[np.ndarray, np.ndarray]:
    points, faces, _ = model.surface_samples(_SAMPLES)
    return points.astype(float), model.face_normals[faces]


def _half_turns(model: ObjectModel, axis: Axis | None) -> np.ndarray:
    """Return half turns (3, 4, 4) about the principal axes; across an axis of what is round, where there is one."""
    points = model.surface_points(_SAMPLES).astype(float)
    points -= points.mean(axis=0)
    if axis is not None:
        # Of what is about as wide as it is high they would lie at a slant, by chance.
        points -= np.outer(points @ axis.direction, axis.direction)
    directions = np.linalg.svd(points, full_matrices=False)[2]
    return np.concatenate([turn_about(direction, np.array([np.pi]), model.centre_m) for direction in directions])


def _quarter_turns(model: ObjectModel) -> list[np.ndarray]:
    """Return quarter turns (4, 4), both ways, that map a box nearly onto itself; none of what is no box."""
    try:
        hull = ConvexHull(model.surface_points(_SAMPLES).astype(float))
    except QhullError:  # flat
        return []
    axes, extents, middle = _smallest_box(hull)
    if hull.volume < _BOXY * np.prod(extents):
        return []
    turns: list[np.ndarray] = []
    for k, axis in enumerate(axes):
        others = np.delete(extents, k)
        if others.max() < _NEARLY_EQUAL * others.min():
            turns += [*turn_about(axis, np.deg2rad([90.0, -90.0]), middle)]
    return turns


def _smallest_box(hull: ConvexHull) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return axes (3, 3), as rows, extents (3,) and middle (3,) of the least box around a hull that lies on a facet."""
    corners = hull.points[hull.vertices]
    best = np.eye(3), np.full(3, np.inf), np.zeros(3)
    for normal in np.unique(np.round(hull.equations[:, :3], 3), axis=0):
        z = normal / np.linalg.norm(normal)
        x, y = np.linalg.svd(z[None])[2][1:]
        (u, v), (width, height), turn_deg = cv2.minAreaRect((corners @ np.stack([x, y], axis=1)).astype(np.float32))
        along, low, high = np.deg2rad(turn_deg), (corners @ z).min(), (corners @ z).max()
        extents = np.array([width, height, high - low])
        if np.prod(extents) < np.prod(best[1]):
            x_box, y_box = np.cos(along) * x + np.sin(along) * y, np.cos(along) * y - np.sin(along) * x
            best = np.stack([x_box, y_box, z]), extents, u * x + v * y + (low + high) / 2 * z
    return best


def _axis_of(transform: np.ndarray, centre_m: np.ndarray) -> Axis:
    """Return the axis of a turn (4, 4), through the point of it that is nearest to the centre."""
    rotvec = Rotation.from_matrix(transform[:3, :3]).as_rotvec()
    direction = rotvec / np.linalg.norm(rotvec)
    # (I - R) x = t has a line of solutions; of those, the one nearest to the centre.
    moved = transform[:3, 3] - (np.eye(3) - transform[:3, :3]) @ centre_m
    point = centre_m + np.linalg.lstsq(np.eye(3) - transform[:3, :3], moved, rcond=1e-6)[0]
    return Axis(tuple(direction), tuple(point))


def _least_angle_rad(rotations: np.ndarray, R: np.ndarray) -> float:
    cosine = (np.einsum("sij,ij->s", rotations, R) - 1) / 2
    return float(np.arccos(np.clip(cosine.max(), -1, 1)))
