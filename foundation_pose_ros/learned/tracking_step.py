"""Tracking with RefineNet: two steps from where the object was going (Wen et al. 2024), judged by the geometry."""

from dataclasses import replace

import numpy as np

from ..estimation.candidates import Candidates, Stage
from ..estimation.prepared_object import PreparedObject
from ..estimation.tracking_step import TrackStep, TrackStepSettings
from ..frame import Frame
from ..observation.keyframe import Keyframe
from ..observation.observation import observe, predicted_box
from .refiner import LearnedRefiner

_SETTINGS = TrackStepSettings(near=(Stage(48, 2, 1, (0.04, 0.015)),), far=(Stage(48, 5, 1, (0.1, 0.02)),))


class LearnedTrackStep(TrackStep):
    """For objects conditioned with a LearnedRefiner, which sees colours and needs no matched points."""

    def __init__(self, settings: TrackStepSettings = _SETTINGS) -> None:
        super().__init__(settings)

    def __call__(
        self, prepared: PreparedObject, frame: Frame, starts: np.ndarray, keyframe: Keyframe | None = None
    ) -> Candidates:
        """From the likeliest of starts (S, 4, 4) alone; from all, with more steps, where that finds too little."""
        box = predicted_box(prepared.model, frame, starts[0], self.settings.margin)
        (near,), (far,) = self.settings.near, self.settings.far
        observation = observe(frame, box, near.size)
        found = prepared.refined(observation, starts[:1], near)
        if found.evidence.agreement[0] >= self.settings.doubt:
            return found
        farther = prepared.refined(observation, starts, far)
        farther = farther.picked(farther.ranked[:1])
        return farther if farther.evidence.rank[0] > found.evidence.rank[0] else found

    def assess(self, prepared: PreparedObject, frame: Frame, T_cam_obj: np.ndarray) -> Candidates:
        refiner = prepared.refiner
        assert isinstance(refiner, LearnedRefiner)
        return super().assess(replace(prepared, refiner=refiner.geometric), frame, T_cam_obj)
