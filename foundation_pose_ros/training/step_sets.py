"""What a compact refiner learns from: poses of one object that are a little off in a picture, and how to move them."""

from dataclasses import dataclass, field

import numpy as np

from .. import se3
from ..arrays import Pose, Poses
from .drawn_scenes import DrawnSceneSettings
from .mixed_scenes import Scenes
from .posed_scene import PosedScene
from .wrong_poses import Jitter


@dataclass(frozen=True)
class StepSettings(DrawnSceneSettings):
    """How sets are drawn, beside their scenes.

    starts: poses in each set. off: how far they are from the truth. apart: share of a push by which those of a set
    differ: they are seen in one crop, of which each alone would be the middle.
    """

    starts: int = 6
    off: Jitter = field(default_factory=lambda: Jitter(push=0.13, turn_rad=float(np.deg2rad(14.0))))
    apart: float = 0.15


@dataclass(frozen=True)
class StepSet:
    """rendered (L, 6, SIZE, SIZE), observed (6, SIZE, SIZE).

    points (L, P, 3): of the object's surface at each pose, in the crop's frame: about its centre, in radii. motion
    (L, 4, 4): takes them there to where they are in truth.
    """

    rendered: np.ndarray
    observed: np.ndarray
    points: np.ndarray
    motion: Poses


class StepSets:
    """Sets by their number, of the objects in scenes: the same number gives the same set."""

    def __init__(self, scenes: Scenes, settings: StepSettings) -> None:
        self._scenes, self._settings = scenes, settings

    def __getitem__(self, number: int) -> StepSet:
        """Make one set."""
        scene = self._scenes[number]
        model = scene.shown.model
        starts = self._starts(scene)
        crops = scene.crops(starts)
        T_crop_cam = crop_frame(crops.centre_cam, model.diameter_m)
        motion = T_crop_cam @ scene.T_true @ se3.inverse(starts) @ np.linalg.inv(T_crop_cam)
        points = se3.transform_points(T_crop_cam, se3.transform_points(starts, scene.mesh.points))
        return StepSet(crops.rendered, crops.observed, points.astype(np.float32), motion.astype(np.float32))

    def _starts(self, scene: PosedScene) -> Poses:
        """(L, 4, 4): pushed aside together, and turned each for itself."""
        settings, model = self._settings, scene.shown.model
        push = settings.off.push
        pushed = Jitter(push, 0.0).drawn(scene.rng, scene.T_true[None], model)
        each = Jitter(settings.apart * push, settings.off.turn_rad)
        return each.drawn(scene.rng, np.repeat(pushed, settings.starts, axis=0), model).astype(np.float32)


def crop_frame(centre_cam: np.ndarray, diameter_m: float) -> Pose:
    """Return what takes camera coordinates in metres to a crop's (4, 4): about its centre (3,), in radii."""
    T = np.diag([2 / diameter_m] * 3 + [1.0])
    T[:3, 3] = -2 / diameter_m * centre_cam
    return T
