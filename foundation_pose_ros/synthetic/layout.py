"""Where bodies stand on the table: at rest, apart from each other, hiding the objects as much as asked for."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import trimesh
from scipy.spatial import ConvexHull

from ..camera import Camera
from ..errors import InputRefused
from ..object_model.model import ObjectModel
from ..rendering.embree import EmbreeRenderer
from ..se3 import from_rotation_translation, inverse
from .body import Body, image_box, render_box
from .meshes import DESIGNS

_GAP_M = 0.006


@dataclass(frozen=True)
class Placing:
    """Rules for clutter: distance from the middle of the table, and how much of an object it may hide."""

    radius_m: tuple[float, float] = (0.10, 0.42)
    hidden: float = 0.03
    tries: int = 60


def resting_rotation(model: ObjectModel, rng: np.random.Generator) -> np.ndarray:
    """(3, 3) rotation in which a model rests on a level table, turned about the vertical at random.

    Made-up objects mostly stand as they were built; others rest on a side that holds them, wide and low ones first.
    """
    R = np.eye(3)
    if model.name not in DESIGNS or rng.random() > 0.85:
        rotations, weights = stable_rotations(model)
        R = rotations[rng.choice(len(rotations), p=weights)]
    yaw = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    return turn @ R


@lru_cache(maxsize=32)
def stable_rotations(model: ObjectModel) -> tuple[np.ndarray, np.ndarray]:
    """Rotations (N, 3, 3) in which a model stays where it is put on a level table, and their weights (N,), sum 1.

    It does where its centre of mass is above the facet of its convex hull that it stands on. The weight is the facet's
    area over the squared height of the centre: about the solid angle of falls that end there.
    """
    vertices = model.vertices.astype(np.float64)
    centre = _centre_of_mass(model)
    hull = ConvexHull(vertices)
    # Triangles of one facet share their plane; a millidegree or so of rounding must not split it.
    normals, group = np.unique(np.round(hull.equations[:, :3], 2) + 0.0, axis=0, return_inverse=True)
    rotations, weights = [], []
    for k, normal in enumerate(normals):
        R = trimesh.geometry.align_vectors(normal, [0, 0, -1])[:3, :3]
        corners = vertices[np.unique(hull.simplices[group.ravel() == k])] @ R.T
        above = R @ centre
        outline = cv2.convexHull(corners[:, :2].astype(np.float32))
        inside_m = cv2.pointPolygonTest(outline, (float(above[0]), float(above[1])), True)
        if inside_m > 0.02 * np.sqrt(max(cv2.contourArea(outline), 0)):
            rotations.append(R)
            weights.append(cv2.contourArea(outline) / (above[2] - corners[:, 2].min()) ** 2)
    if not rotations:
        return np.eye(3)[None], np.ones(1)
    return np.stack(rotations), np.asarray(weights) / np.sum(weights)


def on_table(model: ObjectModel, R: np.ndarray, middle_xy_m: np.ndarray) -> np.ndarray:
    """T_world_obj (4, 4) with the lowest vertex on z = 0 and the middle of the body above a point (2,) of the table."""
    turned = model.vertices @ R.T
    middle = (turned.min(axis=0) + turned.max(axis=0)) / 2
    return from_rotation_translation(R, np.array([*(middle_xy_m - middle[:2]), -turned[:, 2].min()]))


def footprint(model: ObjectModel, T_world_obj: np.ndarray) -> np.ndarray:
    """Convex outline (N, 2) float32 in metres of a body seen from above."""
    points = (model.vertices @ T_world_obj[:3, :3].T + T_world_obj[:3, 3])[:, :2]
    return points[ConvexHull(points).vertices].astype(np.float32)


def apart(outline: np.ndarray, others: list[np.ndarray]) -> bool:
    """Whether a convex outline keeps a gap from all others; bodies whose outlines do can't touch.

    Separating axes: two convex outlines are apart where an edge of one has the whole other beyond it.
    """
    return all(max(_clearance_m(outline, other), _clearance_m(other, outline)) >= _GAP_M for other in others)


def hidden_share(objects: list[Body], other: Body, T_world_cam: np.ndarray, camera: Camera) -> np.ndarray:
    """Share (objects,) of each object's pixels that `other` covers, the mean over cameras (N, 4, 4)."""
    shares = np.zeros((len(objects), len(T_world_cam)))
    for k, T in enumerate(T_world_cam):
        T_cam_world = inverse(T)
        canvas = _depth(other, T_cam_world, camera)
        for i, body in enumerate(objects):
            depth_m = _depth(body, T_cam_world, camera)
            seen = depth_m > 0
            if seen.any():
                shares[i, k] = ((canvas > 0) & (canvas < depth_m))[seen].mean()
    return shares.mean(axis=1)


def place_objects(
    models: list[ObjectModel],
    names: list[str],
    glosses: list[float],
    T_world_cam: np.ndarray,
    camera: Camera,
    rng: np.random.Generator,
) -> list[Body]:
    """Stand objects around the middle of the table, the first one nearest to it, none hiding much of another."""
    bodies: list[Body] = []
    for model, name, gloss in zip(models, names, glosses, strict=True):
        renderer = EmbreeRenderer(model)
        outlines = [footprint(body.model, body.pose(0)) for body in bodies]
        reach, hidden = 0.02, 0.02
        for _ in range(300):
            T = on_table(model, resting_rotation(model, rng), rng.normal(0, 1, 2) * (reach, 0.6 * reach))
            body = Body(name, renderer, T, gloss)
            if apart(footprint(model, T), outlines) and _in_view([*bodies, body], T_world_cam, camera, hidden):
                break
            reach, hidden = min(reach + 0.004, 0.4), hidden + 0.003
        else:
            raise InputRefused("table_full", f"no room on the table for {name}: ask for fewer or smaller objects")
        bodies.append(body)
    return bodies


def _in_view(bodies: list[Body], T_world_cam: np.ndarray, camera: Camera, hidden: float) -> bool:
    *others, last = bodies
    if not others:
        return True
    if hidden_share(others, last, T_world_cam, camera).max() > hidden:
        return False
    return all(hidden_share([last], other, T_world_cam, camera).max() <= hidden for other in others)


def place_clutter(
    model: ObjectModel,
    name: str,
    gloss: float,
    bodies: list[Body],
    objects: list[Body],
    T_world_cam: np.ndarray,
    camera: Camera,
    rng: np.random.Generator,
    placing: Placing = Placing(),
) -> Body | None:
    """Stand one more body beside or behind the objects, or None where no place was found."""
    renderer = EmbreeRenderer(model)
    outlines = [footprint(body.model, body.pose(0)) for body in bodies]
    for _ in range(placing.tries):
        radius, angle = rng.uniform(*placing.radius_m), rng.uniform(-0.25 * np.pi, 1.25 * np.pi)
        middle = radius * np.array([1.15 * np.cos(angle), 0.85 * np.sin(angle)])
        T = on_table(model, resting_rotation(model, rng), middle)
        body = Body(name, renderer, T, gloss)
        if apart(footprint(model, T), outlines) and (
            hidden_share(objects, body, T_world_cam, camera).max() <= placing.hidden
        ):
            return body
    return None


def place_screen(
    candidates: list[tuple[ObjectModel, float]],
    name: str,
    bodies: list[Body],
    objects: list[Body],
    share: float,
    T_world_cam: np.ndarray,
    camera: Camera,
    rng: np.random.Generator,
) -> Body | None:
    """Stand a body before the first object so that it hides a share of it, as near as possible to the one asked for."""
    outlines = [footprint(body.model, body.pose(0)) for body in bodies]
    target = objects[0].pose(0)[:3, 3]
    eye = T_world_cam[:, :2, 3].mean(axis=0)
    towards = (eye - target[:2]) / np.linalg.norm(eye - target[:2])
    across = np.array([-towards[1], towards[0]])
    best, best_error = None, np.inf
    for model, gloss in candidates:
        renderer = EmbreeRenderer(model)
        R = resting_rotation(model, rng)
        for _ in range(40):
            middle = target[:2] + rng.uniform(0.05, 0.2) * towards + rng.uniform(-0.12, 0.12) * across
            body = Body(name, renderer, on_table(model, R, middle), gloss)
            if not apart(footprint(model, body.pose(0)), outlines):
                continue
            error = abs(hidden_share(objects[:1], body, T_world_cam, camera)[0] - share)
            if error < best_error:
                best, best_error = body, error
            if best_error < 0.02:
                return best
    return best


def _clearance_m(outline: np.ndarray, other: np.ndarray) -> float:
    """The farthest that all of `other` is beyond an edge of a counter-clockwise outline; negative where none is."""
    edge = np.roll(outline, -1, axis=0) - outline
    outwards = np.stack([edge[:, 1], -edge[:, 0]], axis=1) / np.maximum(np.linalg.norm(edge, axis=1), 1e-9)[:, None]
    beyond = other @ outwards.T - np.einsum("ni,ni->n", outline, outwards)
    return float(beyond.min(axis=0).max())


def _depth(body: Body, T_cam_world: np.ndarray, camera: Camera) -> np.ndarray:
    depth_m = np.zeros((camera.height, camera.width), np.float32)
    T_cam_obj = T_cam_world @ body.pose(0)
    box = image_box(body.model, T_cam_obj, camera)
    if box is not None:
        left, top, right, bottom = box
        depth_m[top:bottom, left:right] = render_box(body.renderer, T_cam_obj, camera, box).depth_m[0]
    return depth_m


def _centre_of_mass(model: ObjectModel) -> np.ndarray:
    mesh = model.mesh
    return mesh.center_mass if mesh.is_watertight else mesh.triangles_center.T @ mesh.area_faces / mesh.area_faces.sum()
