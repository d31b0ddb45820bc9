"""What befalls an object in a scene from some frame on: taken away, covered, or another in its place."""

import numpy as np

from ..se3 import transform_points
from .scene import SyntheticScene

# Far under the table nothing is seen, and no shadow falls.
_OUT_OF_SIGHT_M = 20.0


def removed(scene: SyntheticScene, object_name: str, frame: int) -> SyntheticScene:
    """The scene without the object from a frame (index) on."""
    return scene.with_paths({object_name: _gone(scene, object_name, frame)})


def covered(scene: SyntheticScene, object_name: str, cover: str, frame: int, along: float = 0.45) -> SyntheticScene:
    """The scene in which a body is held before the camera, on the way to the object, from a frame (index) on.

    along: where on the way, 0 at the camera; the nearer, the more of the object is hidden.
    """
    path = scene.path(cover)
    centres = _centres(scene, object_name, scene.path(object_name))
    eyes = scene.T_world_cam[:, :3, 3]
    path[frame:, :3, 3] += (eyes + along * (centres - eyes) - _centres(scene, cover, path))[frame:]
    return scene.with_paths({cover: path})


def swapped(scene: SyntheticScene, object_name: str, other: str, frame: int) -> SyntheticScene:
    """The scene in which another body takes the object's place on the table from a frame (index) on."""
    path = scene.path(other)
    path[frame:, :2, 3] += (_centres(scene, object_name, scene.path(object_name)) - _centres(scene, other, path))[
        frame:, :2
    ]
    return scene.with_paths({object_name: _gone(scene, object_name, frame), other: path})


def _gone(scene: SyntheticScene, object_name: str, frame: int) -> np.ndarray:
    path = scene.path(object_name)
    path[frame:, 2, 3] -= _OUT_OF_SIGHT_M
    return path


def _centres(scene: SyntheticScene, body_name: str, path: np.ndarray) -> np.ndarray:
    """(frames, 3) in the world."""
    return transform_points(path, scene.body_model(body_name).centre_m[None])[:, 0]
