"""What a refiner learns from: poses of one object that are a little off in a picture, and how to move them."""

from dataclasses import dataclass, field

import numpy as np

from .. import se3
from ..arrays import Poses
from ..errors import InputRefused
from .drawn_scenes import DrawnSceneSettings
from .mixed_scenes import Scenes
from .posed_scene import CropsOf, PosedScene
from .wrong_poses import Jitter


@dataclass(frozen=True)
class StepSettings(DrawnSceneSettings):
    """How sets are drawn, beside their scenes.

    starts: poses in each set. aside: how far they are from the truth. apart: share of a push by which those of a set
    differ: where they are seen in one crop, each alone would be the middle of its own. opposite: the second half of a
    set lies on the other side of the truth, so that what the view itself looks like cancels out of the gradient as long
    as a network says the same of both.
    """

    starts: int = 6
    aside: Jitter = field(default_factory=lambda: Jitter(push=0.13, turn_rad=float(np.deg2rad(14.0))))
    apart: float = 0.15
    opposite: bool = False

    def __post_init__(self) -> None:
        if self.starts < 1 or (self.opposite and self.starts % 2):
            raise InputRefused(
                "bad_settings", f"starts: {self.starts}: give 1 or more, and an even number for opposites"
            )


@dataclass(frozen=True)
class StepSet:
    """rendered (L, 6, s, s), observed (6, s, s) in one crop for all, or (L, 6, s, s).

    points (L, P, 3): of the object's surface at each pose, in its crop's frame: about the crop's centre, in radii.
    motion (L, 4, 4): takes them there to where they are in truth.
    """

    rendered: np.ndarray
    observed: np.ndarray
    points: np.ndarray
    motion: Poses


class StepSets:
    """Sets by their number, of the objects in scenes: the same number gives the same set."""

    def __init__(self, scenes: Scenes, settings: StepSettings, crops: CropsOf = PosedScene.crops) -> None:
        """crops: of the poses of a set, as a network sees them."""
        self._scenes, self._settings, self._crops = scenes, settings, crops

    def __getitem__(self, number: int) -> StepSet:
        """Make one set."""
        scene = self._scenes[number]
        model = scene.shown.model
        starts = self._starts(scene)
        crops = self._crops(scene, starts)
        T_crop_cam = crop_frame(crops.centre_cam, model.diameter_m)
        motion = T_crop_cam @ scene.T_true @ se3.inverse(starts) @ np.linalg.inv(T_crop_cam)
        points = se3.transform_points(T_crop_cam, se3.transform_points(starts, scene.mesh.points))
        return StepSet(crops.rendered, crops.observed, points.astype(np.float32), motion.astype(np.float32))

    def _starts(self, scene: PosedScene) -> Poses:
        """(L, 4, 4): pushed aside together, and turned each for itself."""
        settings, model = self._settings, scene.shown.model
        push = settings.aside.push
        pushed = Jitter(push, 0.0).drawn(scene.rng, scene.T_true[None], model)
        each = Jitter(settings.apart * push, settings.aside.turn_rad)
        drawn = settings.starts // 2 if settings.opposite else settings.starts
        starts = each.drawn(scene.rng, np.repeat(pushed, drawn, axis=0), model)
        if settings.opposite:
            twist = se3.twist_between(scene.T_true[None], starts, model.centre_m)
            starts = np.concatenate([starts, se3.apply_twist(scene.T_true[None], -twist, model.centre_m)])
        return starts.astype(np.float32)


def crop_frame(centre_cam: np.ndarray, diameter_m: float) -> np.ndarray:
    """Return what takes camera coordinates in metres to a crop's (..., 4, 4): about its centre (..., 3), in radii."""
    T = np.zeros((*centre_cam.shape[:-1], 4, 4))
    T[..., range(4), range(4)] = [2 / diameter_m] * 3 + [1.0]
    T[..., :3, 3] = -2 / diameter_m * centre_cam
    return T
