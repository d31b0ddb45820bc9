"""An object model made ready for estimation: all that depends on the object alone, computed once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..arrays import Covariance, Mask, Pose, Poses
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..observation.keyframe import Keyframe
from ..observation.learned_colours import LearnedColours
from ..observation.observation import Observation
from ..observation.track_memory import NOTHING_REMEMBERED, TrackMemory
from ..rendering import Renderer
from ..selection.geometric import GeometricScorer
from ..selection.rivals import Rivals
from ..selection.scorer import Scorer
from .candidates import Candidates
from .first_look import FirstLook
from .object_prior import SizeColourPrior


class RegistrationStrategy(Protocol):
    """Finds one object where a mask shows it."""

    def __call__(self, frame: Frame, mask: Mask, possible: Mask | None = None) -> Candidates:
        """Return candidates, best first, for a mask (H, W) bool; raises InputRefused where they can't be.

        possible: (H, W) bool, what may belong to the object beside the mask; None: the mask shows all of it.
        """
        ...


class TrackingStrategy(Protocol):
    """Follows one object from frame to frame."""

    def __call__(self, frame: Frame, starts: Poses, memory: TrackMemory = NOTHING_REMEMBERED) -> Candidates:
        """Return candidates near guesses (S, 4, 4), the likeliest first; raises InputRefused where it isn't in view.

        memory: what earlier frames showed of it.
        """
        ...

    def colours(self, candidates: Candidates) -> LearnedColours | None:
        """Return what the first candidate's frame shows of the colours on either side of its outline."""
        ...

    def assess(self, frame: Frame, T_cam_obj: Pose, learned: LearnedColours | None = None) -> Candidates:
        """Weigh one pose (4, 4), which isn't moved; with learned colours by its outline as well."""
        ...

    def keyframe(self, frame: Frame, T_cam_obj: Pose, covariance: Covariance) -> Keyframe | None:
        """Make the view at a pose (4, 4) one that points are followed from; None where the object isn't in view."""
        ...


class RivalStrategy(Protocol):
    """Finds poses that may be mistaken for a chosen one."""

    def __call__(self, candidates: Candidates) -> Rivals:
        """Return the rivals of the first candidate."""
        ...

    def settled(self, candidates: Candidates) -> tuple[Candidates, Rivals]:
        """Put a rival first for which clearly more speaks; return it with its own rivals."""
        ...

    def turned_lead(self, observation: Observation, T_cam_obj: Pose) -> float:
        """Return by how much more speaks for the best of all turns of a pose (4, 4) than for that; 0 for none."""
        ...


@dataclass(frozen=True, eq=False)
class PreparedObject:
    """One object with the strategies that are bound to it.

    model: the object.
    renderer: of the object, for what compares whole poses with a frame.
    scorer: has the last word on the order of a registration's poses.
    registration, tracking: how it is found, and followed.
    prior, look: what things in a frame are compared with before any pose is known, and how the object may fit them.
    rivals: poses that may be mistaken for the first of some candidates.
    final_refinement: moves the poses that are left in the end; None: they stay.
    """

    model: ObjectModel
    renderer: Renderer
    scorer: Scorer
    registration: RegistrationStrategy
    tracking: TrackingStrategy
    prior: SizeColourPrior
    look: FirstLook
    rivals: RivalStrategy
    final_refinement: Callable[[Candidates], Candidates] | None = None

    def register(self, frame: Frame, mask: Mask, possible: Mask | None = None) -> Candidates:
        """Find the object where a mask (H, W) bool shows it, and what may belong to it beside that (H, W).

        Raises InputRefused where it can't be there.
        """
        return self._refined(self.registration(frame, mask, possible))

    def track(self, frame: Frame, starts: Poses, memory: TrackMemory = NOTHING_REMEMBERED) -> Candidates:
        """Follow the object from guesses (S, 4, 4); raises InputRefused where the first isn't in view."""
        return self._refined(self.tracking(frame, starts, memory))

    def assess(self, frame: Frame, T_cam_obj: Pose, learned: LearnedColours | None = None) -> Candidates:
        """Weigh one pose (4, 4), which isn't moved; raises InputRefused where it isn't in view."""
        return self.tracking.assess(frame, T_cam_obj, learned)

    def settled(self, candidates: Candidates) -> tuple[Candidates, Rivals]:
        """Compare the first candidate with its rivals; put one first for which more speaks, if evidence has the say."""
        if isinstance(self.scorer, GeometricScorer):
            return self.rivals.settled(candidates)
        return candidates, self.rivals(candidates)

    def _refined(self, candidates: Candidates) -> Candidates:
        return candidates if self.final_refinement is None else self.final_refinement(candidates)
