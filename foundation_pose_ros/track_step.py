"""Tracking: from the pose in the last frame to that in this one, with no mask."""

from dataclasses import dataclass, replace

import numpy as np

from . import se3
from .conditioned import ConditionedObject
from .errors import InputRefused
from .frame import Frame
from .observation import CropBox, observe
from .registration import Candidates, Stage
from .surface_points import Keyframe

_COARSE = Stage(32, 3, 2, (0.3, 0.1))
_FINE = Stage(48, 3, 1, (0.1, 0.02))


@dataclass(frozen=True)
class TrackStepSettings:
    """coarse and fine: rays and steps of the two stages. margin: of the crop around the object's sphere."""

    coarse: Stage = _COARSE
    fine: Stage = _FINE
    margin: float = 1.15


class TrackStep:
    """Refines from where the object was and from where it was going."""

    def __init__(self, settings: TrackStepSettings | None = None) -> None:
        self.settings = settings or TrackStepSettings()

    def __call__(
        self, conditioned: ConditionedObject, frame: Frame, starts: np.ndarray, keyframe: Keyframe | None = None
    ) -> Candidates:
        """starts (S, 4, 4): guesses, the likeliest first. Raises InputRefused where the first is not in the image."""
        box = predicted_box(conditioned, frame, starts[0], self.settings.margin)
        matches = keyframe.follow(frame, box, starts[0]) if keyframe is not None else None
        poses = starts
        for stage in (self.settings.coarse, self.settings.fine):
            observation = observe(frame, box, stage.size)
            error_m = stage.error_m(conditioned.model.diameter_m)
            refined = conditioned.refiner.refine(
                conditioned.renderer, observation, poses, stage.iterations, error_m, matches
            )
            evidence = conditioned.scorer.score(conditioned.renderer, observation, refined.T_cam_obj)
            candidates = Candidates(refined, evidence, observation)
            candidates = candidates.picked(candidates.ranked[: stage.keep])
            poses = candidates.refined.T_cam_obj
        return candidates

    def assess(self, conditioned: ConditionedObject, frame: Frame, T_cam_obj: np.ndarray) -> Candidates:
        """Evidence for one pose (4, 4), which isn't moved."""
        stage = self.settings.fine
        observation = observe(frame, predicted_box(conditioned, frame, T_cam_obj, self.settings.margin), stage.size)
        gate_m = stage.error_m(conditioned.model.diameter_m)[1]
        refined = conditioned.refiner.refine(conditioned.renderer, observation, T_cam_obj[None], 1, (gate_m, gate_m))
        evidence = conditioned.scorer.score(conditioned.renderer, observation, T_cam_obj[None])
        return Candidates(replace(refined, T_cam_obj=T_cam_obj[None]), evidence, observation)


def predicted_box(conditioned: ConditionedObject, frame: Frame, T_cam_obj: np.ndarray, margin: float) -> CropBox:
    """The square that the object's sphere fills; raises InputRefused where that isn't in the image."""
    model, camera = conditioned.model, frame.camera
    x, y, z = se3.transform_points(T_cam_obj, model.centre_m[None])[0]
    if z <= 0.25 * model.diameter_m:
        raise InputRefused("out_of_view", f"{model.name} has come too near to the camera, or behind it")
    side = margin * model.diameter_m * max(camera.fx, camera.fy) / z
    u, v = camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy
    if not (-side / 2 < u < camera.width + side / 2 and -side / 2 < v < camera.height + side / 2):
        raise InputRefused("out_of_view", f"{model.name} has left the image")
    return CropBox(u + 0.5 - side / 2, v + 0.5 - side / 2, side)
