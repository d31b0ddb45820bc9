"""Tracking: from the pose in the last frame to that in this one, with no mask."""

from dataclasses import dataclass, replace

import numpy as np

from .. import se3
from ..frame import Frame
from ..observation.keyframe import Keyframe, PointMatches
from ..observation.observation import CropBox, observe, predicted_box
from ..refinement.point_residuals import moved_to_points
from .candidates import Candidates, Stage
from .prepared_object import PreparedObject, colours_aligned

# What a camera rate leaves of a motion that was foreseen, and what a jump or a lost frame may add.
_NEAR = (Stage(32, 3, 2, (0.1, 0.04)), Stage(48, 3, 1, (0.04, 0.015)))
_FAR = (Stage(40, 4, 2, (0.3, 0.1)), Stage(48, 4, 1, (0.1, 0.02)))


@dataclass(frozen=True)
class TrackStepSettings:
    """near and far: rays and steps, coarse to fine, of the usual step and of the one when that finds too little.

    doubt: agreement below which that is so. margin: of the crop around the object's sphere. motion: by this share of a
    foreseen motion the usual step's first gate is wider, up to that of the other. apart: poses that differ by less than
    this share of the diameter, in place or at the rim, are one.
    """

    near: tuple[Stage, ...] = _NEAR
    far: tuple[Stage, ...] = _FAR
    doubt: float = 0.6
    margin: float = 1.15
    motion: float = 0.15
    apart: float = 0.02


class TrackStep:
    """Refines from where the object was, from where it was going, and from where its points are seen.

    Surfaces are matched only as near as a foreseen motion can leave them, so that what touches or covers the object
    isn't taken for it; farther away only when that finds too little, or no points say where to.
    """

    def __init__(self, settings: TrackStepSettings | None = None) -> None:
        self.settings = settings or TrackStepSettings()

    def __call__(
        self, prepared: PreparedObject, frame: Frame, starts: np.ndarray, keyframe: Keyframe | None = None
    ) -> Candidates:
        """starts (S, 4, 4): guesses, the likeliest first. Raises InputRefused where the first is not in the image."""
        model = prepared.model
        box = predicted_box(prepared.model, frame, starts[0], self.settings.margin)
        near = self._near(prepared, starts)
        matches = keyframe.follow(frame, box, starts[0]) if keyframe is not None else None
        if matches is not None:
            starts = np.concatenate(
                [moved_to_points(matches, starts[0], model.centre_m, model.diameter_m)[None], starts]
            )
        found = self._stages(prepared, frame, box, starts, matches, near)
        if matches is None or found.evidence.agreement[0] < self.settings.doubt:
            farther = self._stages(prepared, frame, box, starts, matches, self.settings.far)
            return farther if farther.evidence.rank[0] > found.evidence.rank[0] else found
        if keyframe is not None and keyframe.outdated(found.refined.T_cam_obj[0]):
            # The next keyframe would take over what this one has drifted by.
            aligned = colours_aligned(prepared, frame, box, found, self.settings.near[-1])
            if aligned is not None and aligned.evidence.rank[0] > found.evidence.rank[0]:
                return aligned
        return found

    def _near(self, prepared: PreparedObject, starts: np.ndarray) -> tuple[Stage, ...]:
        """The usual stages: the faster the object is, the farther off it may be from where it is expected."""
        model, settings = prepared.model, self.settings
        step = se3.twist_between(starts[-1], starts[0], model.centre_m)
        motion = np.linalg.norm(step[:3]) / model.diameter_m + np.linalg.norm(step[3:]) / 2  # rims turn by half of it
        first, *others = settings.near
        widest = max(first.error[0], settings.far[0].error[0])
        gate = min(first.error[0] + settings.motion * float(motion), widest)
        return (replace(first, error=(gate, first.error[1])), *others)

    def _stages(
        self,
        prepared: PreparedObject,
        frame: Frame,
        box: CropBox,
        poses: np.ndarray,
        matches: PointMatches | None,
        stages: tuple[Stage, ...],
    ) -> Candidates:
        apart = self.settings.apart
        poses = poses[prepared.unique_poses(poses, apart, len(poses))]
        for stage in stages:
            observation = observe(frame, box, stage.size)
            candidates = prepared.refined(observation, poses, stage, matches)
            ranked = candidates.ranked
            ranked = ranked[prepared.unique_poses(candidates.refined.T_cam_obj[ranked], apart, stage.keep)]
            candidates = candidates.picked(ranked)
            poses = candidates.refined.T_cam_obj
        return candidates

    def assess(self, prepared: PreparedObject, frame: Frame, T_cam_obj: np.ndarray) -> Candidates:
        """Evidence for one pose (4, 4), which isn't moved."""
        stage = self.settings.near[-1]
        observation = observe(frame, predicted_box(prepared.model, frame, T_cam_obj, self.settings.margin), stage.size)
        error_m = stage.error_m(prepared.model.diameter_m)[1]
        return prepared.evaluate_unrefined(observation, T_cam_obj[None], error_m)
