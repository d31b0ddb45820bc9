"""A pose beside its rivals: its score, the runners-up with their shares of probability, and what can't be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import se3
from ..arrays import Pose
from ..frame import period_over
from ..object_model.model import ObjectModel
from ..pose_result import Alternative, AmbiguousTurn, PoseResult, presence
from ..selection.plausibility import Plausibility
from ..selection.rivals import Rivals, turn_likelihood
from ..selection.scorer import Evidence
from .ambiguity import ambiguous_turns, probabilities, scaled
from .scored_pose import Task, score_of

# A track's pose is compared with its rivals this often, and more often while it is doubted, turns included that can't
# be told from it.
_PERIOD_S, _PERIOD_IN_DOUBT_S, _DOUBT_SCORE = 0.5, 0.1, 0.65
_MOST_ALTERNATIVES = 5


@dataclass(frozen=True)
class Comparison:
    """What came of comparing a pose with its rivals.

    score: how likely the pose is right, 0..1.
    lead: by how much more evidence, as ranks count it, speaks for it than for the best rival.
    earlier_lead: the largest of those in looks before that one, since it was registered, less what has spoken against
        the pose since; 0: nothing is left, or there were none.
    alternatives: rivals, likeliest first.
    ambiguous: turns that can't be told from the pose.
    ways: for how many rivals the best one stands that earlier looks don't rule out either.
    stamp_ns: of the frame in which they were compared.
    """

    score: float
    lead: float
    earlier_lead: float
    alternatives: tuple[Alternative, ...]
    ambiguous: tuple[AmbiguousTurn, ...]
    ways: float
    stamp_ns: int | None

    @property
    def presence(self) -> float:
        """Return how likely the object is there in this pose or in a turn that can't be told from it, 0..1."""
        return presence(self.score, self.ambiguous)

    @property
    def said(self) -> dict[str, Any]:
        """Return what it says of the pose, as fields of PoseResult."""
        return {
            "score": self.score,
            "margin": self.lead,
            "earlier_margin": self.earlier_lead,
            "alternatives": self.alternatives,
            "ambiguous": self.ambiguous,
            "ways": self.ways,
            "compared_ns": self.stamp_ns,
        }

    @classmethod
    def of(
        cls,
        model: ObjectModel,
        evidence: Evidence,
        rivals: Rivals,
        stamp_ns: int,
        task: Task,
        earlier_lead: float = 0.0,
        plausible: Plausibility | None = None,
    ) -> "Comparison":
        """Compare the first of some poses, by the evidence for them, with its rivals in the same frame.

        earlier_lead: the largest over the rivals of the same pose in looks before. plausible: of what was
        registered or found.
        """
        # Who saw a mug's handle hasn't forgotten where it is while it is hidden.
        ways = max(1.0, rivals.ways * float(turn_likelihood(np.array(earlier_lead))))
        score = score_of(evidence, rivals.lead, earlier_lead, task, plausible, ways)
        likely = probabilities(rivals, score)
        best = np.argsort(-likely, kind="stable")[:_MOST_ALTERNATIVES]
        alternatives = tuple(Alternative(rivals.T_cam_obj[k].astype(np.float32), float(likely[k])) for k in best)
        turns = ambiguous_turns(model, rivals, score, ways)
        return cls(score, rivals.lead, earlier_lead, alternatives, turns, ways, stamp_ns)

    @classmethod
    def kept(cls, previous: PoseResult, T_cam_obj: Pose, evidence: Evidence) -> "Comparison":
        """Go on with the rivals of the pose before: they moved as it did, to T_cam_obj (4, 4)."""
        moved = T_cam_obj.astype(np.float64) @ se3.inverse(previous.T_cam_obj.astype(np.float64))
        others = np.array([one.T_cam_obj for one in previous.alternatives]).reshape(-1, 4, 4)
        carried = (moved @ others).astype(np.float32)
        score = score_of(evidence, previous.margin, previous.earlier_margin, Task.TRACKED, ways=previous.ways)
        return cls(
            score,
            previous.margin,
            previous.earlier_margin,
            tuple(Alternative(T, one.score) for T, one in zip(carried, previous.alternatives, strict=True)),
            scaled(previous.ambiguous, previous.score, score),
            previous.ways,
            previous.compared_ns,
        )


def longest_due(poses: Sequence[PoseResult], stamp_ns: int) -> int | None:
    """Return the number of the pose that wasn't compared for longest among those for which that is due, or None."""
    due = [k for k, pose in enumerate(poses) if comparison_due(pose, stamp_ns)]
    return min(due, key=lambda k: poses[k].compared_ns or 0, default=None)


def comparison_due(previous: PoseResult, stamp_ns: int) -> bool:
    """Tell whether a track's pose should be compared with its rivals anew."""
    period_s = _PERIOD_S if previous.presence >= _DOUBT_SCORE else _PERIOD_IN_DOUBT_S
    return period_over(previous.compared_ns, stamp_ns, period_s)
