"""What befalls an object in a scene from some frame on: taken away, covered, moved, swapped, or out of the view."""

import numpy as np
from scipy.spatial.transform import Rotation

from ..errors import InputRefused
from ..se3 import from_rotation_translation, transform_points
from .layout import apart, footprint, on_table
from .scene import SyntheticScene

# Far under the table nothing is seen, and no shadow falls.
_OUT_OF_SIGHT_M = 20.0


def removed(scene: SyntheticScene, object_name: str, frame: int) -> SyntheticScene:
    """Return the scene without the object from a frame (index) on."""
    return scene.with_paths({object_name: _gone(scene, object_name, frame)})


def covered(scene: SyntheticScene, object_name: str, cover: str, frame: int, along: float = 0.45) -> SyntheticScene:
    """Return the scene in which a body is held before the camera, on the way to the object, from a frame (index) on.

    along: where on the way, 0 at the camera; the nearer, the more of the object is hidden.
    """
    path = scene.path(cover)
    centres = _centres(scene, object_name, scene.path(object_name))
    eyes = scene.T_world_cam[:, :3, 3]
    path[frame:, :3, 3] += (eyes + along * (centres - eyes) - _centres(scene, cover, path))[frame:]
    return scene.with_paths({cover: path})


def swapped(scene: SyntheticScene, object_name: str, other: str, frame: int) -> SyntheticScene:
    """Return the scene in which another body takes the object's place on the table from a frame (index) on."""
    path = scene.path(other)
    path[frame:, :2, 3] += (_centres(scene, object_name, scene.path(object_name)) - _centres(scene, other, path))[
        frame:, :2
    ]
    return scene.with_paths({object_name: _gone(scene, object_name, frame), other: path})


def jumped(
    scene: SyntheticScene, object_name: str, frame: int, rng: np.random.Generator, reach_m: float = 0.25
) -> SyntheticScene:
    """Return the scene in which the object stands elsewhere on the table, turned about, from a frame (index) on.

    It comes to stand at least a diameter and at most `reach_m` farther away, free of others and in view of the camera.
    Raises InputRefused where there is no such place.
    """
    model, path = scene.model(object_name), scene.path(object_name)
    names = [name for name in [*scene.object_names, *scene.clutter_names] if name != object_name]
    others = [footprint(scene.body_model(name), scene.path(name)[frame]) for name in names]
    before = _centres(scene, object_name, path)[frame, :2]
    for _ in range(200):
        angle, length_m = rng.uniform(0, 2 * np.pi), model.diameter_m + rng.uniform(0, reach_m)
        place = before + length_m * np.array([np.cos(angle), np.sin(angle)])
        turn = Rotation.from_euler("z", rng.uniform(0, 2 * np.pi)).as_matrix()
        T_world_obj = on_table(model, turn @ path[frame, :3, :3], place)
        T_cam_obj = np.linalg.inv(scene.T_world_cam[frame:]) @ T_world_obj
        pixels = scene.camera.project(transform_points(T_cam_obj, model.centre_m[None])[:, 0])
        size = np.array([scene.camera.width, scene.camera.height])
        inside = (pixels > 0.15 * size).all() and (pixels < 0.85 * size).all()
        if inside and apart(footprint(model, T_world_obj), others):
            path[frame:] = T_world_obj
            return scene.with_paths({object_name: path})
    raise InputRefused("table_full", f"no other place for {object_name} in view: make a scene with less clutter")


def looked_away(scene: SyntheticScene, frame: int, turn_deg: float = 60.0) -> SyntheticScene:
    """Return the scene whose camera is turned sideways by an angle from a frame (index) on."""
    turn = from_rotation_translation(Rotation.from_euler("y", turn_deg, degrees=True).as_matrix(), np.zeros(3))
    T_world_cam = np.array(scene.T_world_cam)
    T_world_cam[frame:] = T_world_cam[frame:] @ turn
    return scene.with_paths({}, T_world_cam)


def _gone(scene: SyntheticScene, object_name: str, frame: int) -> np.ndarray:
    path = scene.path(object_name)
    path[frame:, 2, 3] -= _OUT_OF_SIGHT_M
    return path


def _centres(scene: SyntheticScene, body_name: str, path: np.ndarray) -> np.ndarray:
    """(frames, 3) in the world."""
    return transform_points(path, scene.body_model(body_name).centre_m[None])[:, 0]
