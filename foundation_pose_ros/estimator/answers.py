"""Candidates put into words: the first of them beside its rivals, with its score, covariance and expected errors."""

from dataclasses import replace

import numpy as np

from ..arrays import Pose
from ..estimation import motion
from ..estimation.candidates import Candidates
from ..estimation.prepared_object import PreparedObject
from ..observation.track_memory import NOTHING_REMEMBERED
from ..pose_result import PoseResult
from ..selection.plausibility import plausibility
from ..selection.rivals import Rivals
from ..uncertainty.ambiguity import turned_limits, widened
from ..uncertainty.comparison import Comparison, comparison_due
from ..uncertainty.scored_pose import Task, Uncertainty
from .memory import remembered

# Poses on less of whose surface depth agrees aren't told from rivals.
_LEAST_SEEN = 0.1
# A rival takes a track's place that leads it and its own rivals by so much, and it by more than is left of what the
# track ever led. Leads of a print that hardly tells come and go by as much as noise.
_LEADS_FAR, _NOISE = 0.15, 0.06


def registered(prepared: PreparedObject, candidates: Candidates, task: Task) -> PoseResult:
    """Answer with the best pose of a registration, or with a rival of it that fits clearly better."""
    candidates, rivals = prepared.settled(candidates)
    model, frame = prepared.model, candidates.observation.frame
    T_cam_obj = candidates.refined.T_cam_obj[0]
    around = plausibility(model, prepared.renderer, frame, T_cam_obj)
    comparison = Comparison.of(model, candidates.evidence, rivals, frame.stamp_ns, task, plausible=around)
    return _answer(prepared, candidates, T_cam_obj, comparison)


def tracked(prepared: PreparedObject, candidates: Candidates, previous: PoseResult, compare: bool) -> PoseResult:
    """Answer with the best pose of a tracking step, in the equivalent that lies nearest to the pose before.

    compare: with its rivals, where that is due; else what was found when they were last looked at goes on.
    """
    comparison = Comparison.kept(previous, candidates.refined.T_cam_obj[0], candidates.evidence)
    T_cam_obj = prepared.model.symmetries.nearest(candidates.refined.T_cam_obj[0], previous.T_cam_obj)
    answer = _answer(prepared, candidates, T_cam_obj, comparison, previous)
    due = compare and comparison_due(previous, candidates.observation.frame.stamp_ns)
    return compared(prepared, candidates, answer) if due else answer


def assessed(prepared: PreparedObject, candidates: Candidates) -> PoseResult:
    """Answer with a pose that comes from elsewhere, as the first of a track."""
    comparison = _comparison(prepared, candidates, prepared.rivals(candidates), 0.0)
    return _answer(prepared, candidates, candidates.refined.T_cam_obj[0], comparison)


def compared(prepared: PreparedObject, candidates: Candidates, result: PoseResult) -> PoseResult:
    """Answer with a track's result as comparing it with its rivals now leaves it: in the pose of one that leads far.

    candidates: weighed at the result's pose. Where that isn't seen, earlier looks know more.
    """
    if candidates.evidence.inliers[0] < _LEAST_SEEN:
        return result
    earlier_lead, rivals = _earlier_lead(result), prepared.rivals(candidates)
    if rivals.lead < -max(_LEADS_FAR, earlier_lead):
        settled, others = prepared.settled(candidates)
        moved = not np.array_equal(settled.refined.T_cam_obj[0], candidates.refined.T_cam_obj[0])
        if moved and others.lead > _LEADS_FAR:
            return _switched(prepared, settled, others, result)
    return replace(result, **_comparison(prepared, candidates, rivals, earlier_lead).said)


def _earlier_lead(result: PoseResult) -> float:
    """Return the largest lead so far of a track's result, less what has spoken against it since.

    One look counts once: the last one's lead becomes an earlier one's.
    """
    against = min(result.margin + _NOISE, 0.0)
    return max(result.earlier_margin + against, Task.TRACKED.value.stands.told(result.margin, result.ways), 0.0)


def _switched(prepared: PreparedObject, settled: Candidates, rivals: Rivals, result: PoseResult) -> PoseResult:
    """Answer with a rival that takes the place of a track's result, and moves on as that did."""
    T_cam_obj = prepared.model.symmetries.nearest(settled.refined.T_cam_obj[0], result.T_cam_obj)
    answer = _answer(prepared, settled, T_cam_obj, _comparison(prepared, settled, rivals, 0.0))
    return replace(answer, velocity=result.velocity, switched=True)


def _comparison(prepared: PreparedObject, candidates: Candidates, rivals: Rivals, earlier_lead: float) -> Comparison:
    stamp_ns = candidates.observation.frame.stamp_ns
    return Comparison.of(prepared.model, candidates.evidence, rivals, stamp_ns, Task.TRACKED, earlier_lead)


def _answer(
    prepared: PreparedObject,
    candidates: Candidates,
    T_cam_obj: Pose,
    comparison: Comparison,
    previous: PoseResult | None = None,
) -> PoseResult:
    """Put the first of some candidates into words, at T_cam_obj (4, 4): its pose, or one that can't be told from it."""
    model, refined, evidence = prepared.model, candidates.refined, candidates.evidence
    frame = candidates.observation.frame
    uncertainty = Uncertainty.of(model, refined, tracked=previous is not None)
    return PoseResult(
        object_name=model.name,
        T_cam_obj=T_cam_obj.astype(np.float32),
        covariance=widened(uncertainty.covariance, T_cam_obj, comparison.ambiguous),
        translation_error_mm=uncertainty.translation_mm,
        rotation_error_deg=turned_limits(uncertainty.rotation_deg, model, comparison.ambiguous),
        visible_fraction=float(evidence.visible[0]),
        depth_inlier_fraction=float(evidence.inliers[0]),
        colour_agreement=float(evidence.colour[0]),
        silhouette_agreement=float(evidence.border[0]),
        region_agreement=float(evidence.region[0]),
        **comparison.said,
        stamp_ns=frame.stamp_ns,
        frame_id=frame.frame_id,
        velocity=np.zeros(6) if previous is None else motion.velocity(frame, previous, T_cam_obj),
        memory=remembered(
            prepared, candidates, T_cam_obj, comparison, NOTHING_REMEMBERED if previous is None else previous.memory
        ),
        centre_obj=model.centre_m,
        diameter_m=model.diameter_m,
    )
