"""Tracking with RefineNet: two steps from where the object was going (Wen et al. 2024), judged by the geometry."""

from ..arrays import Covariance, Pose, Poses
from ..estimation.candidates import Candidates, Stage
from ..estimation.render_and_compare import RenderAndCompare
from ..estimation.tracking_step import TrackStep, TrackStepSettings
from ..frame import Frame
from ..observation.crop import Crop
from ..observation.keyframe import Keyframe
from ..observation.learned_colours import LearnedColours
from ..observation.track_memory import NOTHING_REMEMBERED, TrackMemory

_SETTINGS = TrackStepSettings(near=(Stage(48, 2, 1, (0.04, 0.015)),), far=(Stage(48, 5, 1, (0.1, 0.02)),))


class LearnedTrackStep:
    """A network sees colours and needs no matched points; what a pose from elsewhere is worth, geometry says alone."""

    def __init__(
        self, learned: RenderAndCompare, geometric: RenderAndCompare, settings: TrackStepSettings = _SETTINGS
    ) -> None:
        """Bind the steps to an object: `learned` moves its poses, `geometric` weighs those that aren't moved."""
        self.settings = settings
        self._learned = learned
        self._geometric = TrackStep(geometric, settings)

    def __call__(self, frame: Frame, starts: Poses, memory: TrackMemory = NOTHING_REMEMBERED) -> Candidates:
        """Follow from the likeliest of starts (S, 4, 4) alone; from all, by more steps, where that finds too little."""
        (near,), (far,) = self.settings.near, self.settings.far
        crop = Crop.around_pose(frame, self._learned.model, starts[0], self.settings.margin, memory.learned)
        observation = crop.observe(near.size)
        found = self._learned.refine(observation, starts[:1], near)
        if found.evidence.agreement[0] >= self.settings.doubt:
            return found
        farther = self._learned.refine(observation, starts, far)
        farther = farther.picked(farther.ranked[:1])
        return farther if farther.evidence.rank[0] > found.evidence.rank[0] else found

    def assess(self, frame: Frame, T_cam_obj: Pose, learned: LearnedColours | None = None) -> Candidates:
        """Weigh one pose (4, 4) as the geometric step does."""
        return self._geometric.assess(frame, T_cam_obj, learned)

    def keyframe(self, frame: Frame, T_cam_obj: Pose, covariance: Covariance) -> Keyframe | None:
        """Make a keyframe as the geometric step does."""
        return self._geometric.keyframe(frame, T_cam_obj, covariance)

    def colours(self, candidates: Candidates) -> LearnedColours | None:
        """Return what the first candidate's frame shows, as the geometric step does."""
        return self._geometric.colours(candidates)
