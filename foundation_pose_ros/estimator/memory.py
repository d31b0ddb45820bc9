"""What is remembered of an answer for the frames to come: colours while it is believed, and the view at its pose."""

from ..arrays import Pose
from ..estimation.candidates import Candidates
from ..estimation.prepared_object import PreparedObject
from ..frame import period_over
from ..observation.keyframe import Keyframe
from ..observation.learned_colours import LearnedColours
from ..observation.track_memory import TrackMemory
from ..uncertainty.comparison import Comparison
from ..uncertainty.scored_pose import residual_covariance

# Colours are learned from steps that score at least this, turns that can't be told included, a share of what is known
# anew with each, so often.
_LEARN_SCORE, _LEARN_RATE, _LEARN_PERIOD_S = 0.65, 0.3, 0.06


def remembered(
    prepared: PreparedObject, candidates: Candidates, T_cam_obj: Pose, comparison: Comparison, kept: TrackMemory
) -> TrackMemory:
    """Add to what was kept what the first of some candidates shows, at its pose or its equivalent T_cam_obj (4, 4)."""
    believed = comparison.presence >= _LEARN_SCORE and comparison.lead >= 0
    return TrackMemory(
        _keyframe(prepared, candidates, T_cam_obj, kept.keyframe),
        _learned(prepared, candidates, believed, kept.learned),
    )


def _learned(
    prepared: PreparedObject, candidates: Candidates, believed: bool, known: LearnedColours | None
) -> LearnedColours | None:
    """Learn colours from where a pose is known well, but for turns; keep what there is where it isn't."""
    stamp_ns = candidates.observation.frame.stamp_ns
    if known is not None and not (believed and period_over(known.stamp_ns, stamp_ns, _LEARN_PERIOD_S)):
        return known
    seen = prepared.tracking.colours(candidates)
    if known is None or seen is None:
        return known or seen
    return known.blended(seen, _LEARN_RATE)


def _keyframe(
    prepared: PreparedObject, candidates: Candidates, T_cam_obj: Pose, kept: Keyframe | None
) -> Keyframe | None:
    """Keep the view that points are followed from, or make one at the pose."""
    if kept is not None and not kept.outdated(T_cam_obj):
        return kept
    covariance = residual_covariance(prepared.model, candidates.refined)
    return prepared.tracking.keyframe(candidates.observation.frame, T_cam_obj, covariance)
