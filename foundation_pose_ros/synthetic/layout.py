"""Where bodies stand on the table: at rest, apart from each other, hiding the objects as much as asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import trimesh
from scipy.spatial import ConvexHull

from ..arrays import Pose, Poses
from ..camera import Camera
from ..depth import in_front
from ..errors import InputRefused
from ..object_model.model import ObjectModel
from ..rendering.embree import EmbreeRenderer
from ..se3 import from_rotation_translation, inverse
from .body import Body, image_box, render_box
from .meshes import DESIGNS

_GAP_M = 0.006


@dataclass(frozen=True, eq=False)
class Item:
    """What can be put on the table; gloss and glass as a body has them."""

    name: str
    model: ObjectModel
    gloss: float
    glass: bool = False

    @cached_property
    def renderer(self) -> EmbreeRenderer:
        """Return its renderer, whose ray caster is built once."""
        return EmbreeRenderer(self.model)

    @cached_property
    def resting_poses(self) -> tuple[np.ndarray, np.ndarray]:
        """Return `stable_rotations` of the model."""
        return stable_rotations(self.model)

    def at(self, T_world_obj: Pose) -> Body:
        """Return the body that stands at T_world_obj (4, 4)."""
        return Body(self.name, self.renderer, T_world_obj, self.gloss, self.glass)


@dataclass(frozen=True, eq=False)
class Viewpoints:
    """From where the table is looked at: T_world_cam (N, 4, 4) and the camera; a small picture tells what is hidden."""

    T_world_cam: Poses
    camera: Camera

    def hidden_share(self, objects: Sequence[Body], other: Body) -> np.ndarray:
        """Return the share (objects,) of each object's pixels that `other` covers, the mean over the viewpoints."""
        shares = np.zeros((len(objects), len(self.T_world_cam)))
        for k, T in enumerate(self.T_world_cam):
            T_cam_world = inverse(T)
            cover_m = self._depth_m(other, T_cam_world)
            for i, body in enumerate(objects):
                depth_m = self._depth_m(body, T_cam_world)
                seen = depth_m > 0
                if seen.any():
                    shares[i, k] = in_front(cover_m, depth_m, gap_m=0)[seen].mean()
        return shares.mean(axis=1)

    def hide_at_most(self, share: float, others: Sequence[Body], body: Body) -> bool:
        """Return whether neither a body hides more than a share of any other nor one of them of it."""
        if not others:
            return True
        if self.hidden_share(others, body).max() > share:
            return False
        return all(self.hidden_share([body], other).max() <= share for other in others)

    def _depth_m(self, body: Body, T_cam_world: Pose) -> np.ndarray:
        """(H, W), 0 where the body isn't."""
        depth_m = np.zeros((self.camera.height, self.camera.width), np.float32)
        T_cam_obj = T_cam_world @ body.pose(0)
        box = image_box(body.model, T_cam_obj, self.camera)
        if box is not None:
            left, top, right, bottom = box
            depth_m[top:bottom, left:right] = render_box(body.renderer, T_cam_obj, self.camera, box).depth_m[0]
        return depth_m


@dataclass(frozen=True)
class ClutterRules:
    """Where clutter may stand.

    radius_m: nearest and farthest from the middle of the table.
    hidden: share of an object that it may hide, 0 to 1.
    tries: how often another place is looked for, at least 1.
    """

    radius_m: tuple[float, float] = (0.10, 0.42)
    hidden: float = 0.03
    tries: int = 60


def place_objects(items: Sequence[Item | Body], views: Viewpoints, rng: np.random.Generator) -> list[Body]:
    """Stand objects around the middle of the table, the first one nearest to it, none hiding much of another.

    Bodies stay where they are, and keep no distance.

    Raises InputRefused("table_full") where there is no room.
    """
    bodies: list[Body] = []
    for item in items:
        if isinstance(item, Body):
            bodies.append(item)
            continue
        outlines = _footprints(bodies)
        reach, hidden = 0.02, 0.02
        for _ in range(300):
            T = on_table(item.model, resting_rotation(item, rng), rng.normal(0, 1, 2) * (reach, 0.6 * reach))
            body = item.at(T)
            if apart(footprint(item.model, T), outlines) and views.hide_at_most(hidden, bodies, body):
                break
            reach, hidden = min(reach + 0.004, 0.4), hidden + 0.003
        else:
            raise InputRefused("table_full", f"no room on the table for {item.name}: ask for fewer or smaller objects")
        bodies.append(body)
    return bodies


def place_clutter(
    item: Item,
    standing: Sequence[Body],
    objects: Sequence[Body],
    views: Viewpoints,
    rng: np.random.Generator,
    rules: ClutterRules = ClutterRules(),
) -> Body | None:
    """Stand one more body apart from all that stand there, beside or behind the objects; None without such a place."""
    outlines = _footprints(standing)
    for _ in range(rules.tries):
        radius, angle = rng.uniform(*rules.radius_m), rng.uniform(-0.25 * np.pi, 1.25 * np.pi)
        middle = radius * np.array([1.15 * np.cos(angle), 0.85 * np.sin(angle)])
        T = on_table(item.model, resting_rotation(item, rng), middle)
        body = item.at(T)
        if apart(footprint(item.model, T), outlines) and views.hidden_share(objects, body).max() <= rules.hidden:
            return body
    return None


def place_screen(
    items: Sequence[Item], objects: Sequence[Body], share: float, views: Viewpoints, rng: np.random.Generator
) -> Body | None:
    """Stand one of some items before the first object so that it hides a share of it, as nearly as possible."""
    outlines = _footprints(objects)
    target = objects[0].pose(0)[:3, 3]
    eye = views.T_world_cam[:, :2, 3].mean(axis=0)
    towards = (eye - target[:2]) / np.linalg.norm(eye - target[:2])
    across = np.array([-towards[1], towards[0]])
    best, best_error = None, np.inf
    for item in items:
        R = resting_rotation(item, rng)
        for _ in range(40):
            middle = target[:2] + rng.uniform(0.05, 0.2) * towards + rng.uniform(-0.12, 0.12) * across
            body = item.at(on_table(item.model, R, middle))
            if not apart(footprint(item.model, body.pose(0)), outlines):
                continue
            error = abs(views.hidden_share(objects[:1], body)[0] - share)
            if error < best_error:
                best, best_error = body, error
            if best_error < 0.02:
                return best
    return best


def resting_rotation(item: Item, rng: np.random.Generator) -> np.ndarray:
    """Return a (3, 3) rotation in which an item rests on a level table, turned about the vertical at random.

    Made-up objects mostly stand as they were built; others rest on a side that holds them, wide and low ones first.
    """
    R = np.eye(3)
    if item.model.name not in DESIGNS or rng.random() > 0.85:
        rotations, weights = item.resting_poses
        R = rotations[rng.choice(len(rotations), p=weights)]
    yaw = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    return turn @ R


def stable_rotations(model: ObjectModel) -> tuple[np.ndarray, np.ndarray]:
    """Return rotations (N, 3, 3) in which a model stays put on a level table, and their weights (N,) of sum 1.

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


def on_table(model: ObjectModel, R: np.ndarray, middle_xy_m: np.ndarray) -> Pose:
    """Return T_world_obj (4, 4) with the lowest vertex on z = 0 and the middle of the body above a point (2,)."""
    turned = model.vertices @ R.T
    middle = (turned.min(axis=0) + turned.max(axis=0)) / 2
    return from_rotation_translation(R, np.array([*(middle_xy_m - middle[:2]), -turned[:, 2].min()]))


def footprint(model: ObjectModel, T_world_obj: Pose) -> np.ndarray:
    """Return the convex outline (N, 2) float32 in metres of a body seen from above."""
    points = (model.vertices @ T_world_obj[:3, :3].T + T_world_obj[:3, 3])[:, :2]
    return points[ConvexHull(points).vertices].astype(np.float32)


def apart(outline: np.ndarray, others: list[np.ndarray]) -> bool:
    """Return whether a convex outline keeps a gap from all others; bodies whose outlines do can't touch.

    Separating axes: two convex outlines are apart where an edge of one has the whole other beyond it.
    """
    return all(max(_clearance_m(outline, other), _clearance_m(other, outline)) >= _GAP_M for other in others)


def _footprints(bodies: Sequence[Body]) -> list[np.ndarray]:
    return [footprint(body.model, body.pose(0)) for body in bodies]


def _clearance_m(outline: np.ndarray, other: np.ndarray) -> float:
    """The farthest that all of `other` is beyond an edge of a counter-clockwise outline; negative where none is."""
    edge = np.roll(outline, -1, axis=0) - outline
    outwards = np.stack([edge[:, 1], -edge[:, 0]], axis=1) / np.maximum(np.linalg.norm(edge, axis=1), 1e-9)[:, None]
    beyond = other @ outwards.T - np.einsum("ni,ni->n", outline, outwards)
    return float(beyond.min(axis=0).max())


def _centre_of_mass(model: ObjectModel) -> np.ndarray:
    mesh = model.mesh
    return mesh.center_mass if mesh.is_watertight else mesh.triangles_center.T @ mesh.area_faces / mesh.area_faces.sum()
