"""PoseEstimator: the one entry to registration and tracking, for any number of objects."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from time import perf_counter

import numpy as np

from .arrays import Mask, Pose
from .camera import Camera
from .errors import InputRefused
from .estimation import motion
from .estimation.above_planes import above_planes
from .estimation.candidates import Candidates
from .estimation.coarse_scene import CoarseScene
from .estimation.imprecise_mask import fits_outline, register_in_region
from .estimation.methods import GeometricMethods, Methods
from .estimation.object_proposals import Proposal, propose
from .estimation.overlap import PosedObject, mask_overlap, overlap_ratio
from .estimation.pointed_at import thing_at
from .estimation.prepared_object import PreparedObject
from .estimation.prepared_objects import PreparedObjects
from .estimation.spots import spots
from .frame import Frame, period_over
from .object_model.model import ObjectModel
from .observation.keyframe import Keyframe
from .observation.learned_colours import LearnedColours
from .observation.track_memory import TrackMemory
from .pose_result import PoseResult
from .rendering.embree import EmbreeRenderer
from .selection.plausibility import plausibility
from .thread_limits import one_blas_thread, one_cv2_thread
from .uncertainty.ambiguity import widened
from .uncertainty.comparison import Comparison, comparison_due
from .uncertainty.scored_pose import Task, Uncertainty, by_odds, residual_covariance

# Of the things that may be an object so many are registered as it, and no more once it is so sure.
_MOST_TRIED, _SURE = 4, 0.85
# Poses on less of whose surface depth agrees aren't told from rivals.
_LEAST_SEEN = 0.1
# Two poses that share more than this of the pixels which they explain can't both be right.
_SAME_SURFACE = 0.5
# Colours are learned from steps that score at least this, turns that can't be told included, a share of what is known
# anew with each, so often.
_LEARN_SCORE, _LEARN_RATE, _LEARN_PERIOD_S = 0.65, 0.3, 0.06


class PoseEstimator:
    """Registers and tracks objects whose meshes it was given; nothing is trained.

    models: the objects, by name, made ready here (a few seconds each: symmetries are searched); entries may be added
    and removed at any time, and are made ready at their first use. May be used from several threads at once.
    """

    def __init__(
        self, models: list[ObjectModel], device: str = "cpu", threads: int = 2, methods: Methods | None = None
    ) -> None:
        """Make all models ready.

        methods: learned ones (see `learned.methods`), which have a device of their own; None: the learning-free ones.
        device: "cpu", the only one that the learning-free methods need. threads: of their ray caster.
        """
        if device != "cpu" and methods is None:
            raise InputRefused("device", f"device '{device}' is not supported: the learning-free methods run on 'cpu'")
        self._objects = PreparedObjects(models, methods or GeometricMethods(threads))
        self.models = self._objects.models
        self._scene: CoarseScene | None = None

    @one_blas_thread()
    @one_cv2_thread()
    def register(self, frame: Frame, mask: Mask, object_name: str | None = None) -> PoseResult:
        """Find an object where a mask (H, W), non-zero on its pixels, shows it.

        object_name may be left out where there is one model. Returns the best pose with runners-up that differ from it.
        Raises InputRefused with reason empty_mask, no_depth_under_mask, depth_unit, size_mismatch or unknown_object.
        """
        started = perf_counter()
        mask = np.asarray(mask)
        if mask.shape != frame.depth_m.shape:
            raise InputRefused(
                "size_mismatch",
                f"the mask's shape is {mask.shape} but the image's {frame.depth_m.shape}: give a value per pixel",
            )
        prepared = self._objects.get(object_name)
        candidates = prepared.register(frame, mask != 0)
        if not fits_outline(candidates):
            candidates = register_in_region(prepared, self._scene_of(frame), mask != 0, candidates)
        result = _registered(prepared, frame, candidates, Task.REGISTERED)
        return replace(result, time_s=perf_counter() - started)

    @one_cv2_thread()
    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        """Follow an object from its pose in an earlier frame; raises InputRefused where it has left the view.

        Twice a second the pose is compared with its rivals, which takes twice as long as the step does. compare: False:
        that is left to `compared`.
        """
        started = perf_counter()
        prepared = self._objects.get(previous.object_name)
        expected = motion.expected_poses(frame, previous)
        candidates = prepared.track(frame, expected, previous.memory)
        result = _result(
            prepared, frame, candidates, _compared(prepared, frame, candidates, previous, compare), previous
        )
        return replace(result, time_s=perf_counter() - started)

    @one_cv2_thread()
    def compared(self, frame: Frame, result: PoseResult) -> PoseResult:
        """Compare a pose with its rivals in the frame that it was found in, once there is time for that.

        Returns it with the score, the alternatives and the ambiguity that come of it. Raises as `assess`.
        """
        prepared = self._objects.get(result.object_name)
        candidates = prepared.assess(frame, result.T_cam_obj, result.memory.learned)
        return replace(result, **_anew(prepared, frame, candidates, result).said)

    def assess(self, frame: Frame, T_cam_obj: Pose, object_name: str | None = None) -> PoseResult:
        """Say what a frame makes of a pose (4, 4) that comes from elsewhere: its score and covariance.

        `track` can go on from it. The pose is returned as it is. Raises InputRefused where it isn't in the image.
        """
        started = perf_counter()
        prepared = self._objects.get(object_name)
        T_cam_obj = np.asarray(T_cam_obj, np.float32)
        if T_cam_obj.shape != (4, 4):
            raise InputRefused("bad_pose", f"the pose has shape {T_cam_obj.shape}: give the 4x4 T_cam_obj")
        candidates = prepared.assess(frame, T_cam_obj)
        result = _result(prepared, frame, candidates, _anew(prepared, frame, candidates), None)
        return replace(result, time_s=perf_counter() - started)

    @one_blas_thread()
    @one_cv2_thread()
    def propose(self, frame: Frame, object_name: str | None = None) -> list[Proposal]:
        """List things in a frame that may be the object, the likeliest first: where to look for it without a mask."""
        return propose(self._scene_of(frame), self._objects.get(object_name).prior)

    @one_blas_thread()
    @one_cv2_thread()
    def spots(self, frame: Frame, object_name: str | None = None) -> list[Proposal]:
        """List small places where an object may be seen in what is none of the proposed things, the likeliest first."""
        scene, prior = self._scene_of(frame), self._objects.get(object_name).prior
        return spots(scene, prior, propose(scene, prior))

    @one_blas_thread()
    @one_cv2_thread()
    def looked(self, frame: Frame, object_name: str | None = None) -> list[Proposal]:
        """List things and spots that the object's shape may fit, the best first, after a short look at each."""
        prepared, scene = self._objects.get(object_name), self._scene_of(frame)
        things = propose(scene, prepared.prior)
        return prepared.look(frame, things, partial(spots, scene, prepared.prior, things))

    @one_blas_thread()
    @one_cv2_thread()
    def thing_at(self, frame: Frame, u: float, v: float, object_name: str | None = None) -> Proposal:
        """Take what is seen at pixel (u, v) as the object: a click in place of a mask; raises InputRefused."""
        return thing_at(self._scene_of(frame), self._objects.get(object_name).prior, u, v)

    @one_blas_thread()
    @one_cv2_thread()
    def find(self, frame: Frame, proposal: Proposal, object_name: str | None = None) -> PoseResult:
        """Register a thing as the object; scored 0 where that would stick in a table or wall.

        Scored less in other colours or amid something larger, more where it lies flat. Raises as `register`.
        """
        started = perf_counter()
        prepared = self._objects.get(object_name)
        candidates = prepared.register(frame, proposal.mask, proposal.possible)
        candidates = above_planes(candidates, prepared.model, prepared.renderer, proposal.planes)
        result = _registered(prepared, frame, candidates, Task.FOUND)
        buried = proposal.planes.penetrated_by(prepared.renderer, result.T_cam_obj, prepared.model)
        return replace(result, score=0.0 if buried else result.score, time_s=perf_counter() - started)

    def search(
        self,
        frame: Frame,
        object_names: Sequence[str] | None = None,
        instances: int = 1,
        taken: Sequence[PoseResult] = (),
    ) -> list[PoseResult]:
        """Find objects where no mask shows them: of each at most so many instances, the surest first.

        object_names: None for all. What isn't there comes out with a low score, or not at all. No two results explain
        the same pixels: the surer one has them, and what is `taken` is.
        """
        found: list[PoseResult] = []
        for name in object_names if object_names is not None else self.models:
            found += self._found(frame, name, instances)
        kept: list[PoseResult] = []
        for one in sorted(found, key=lambda result: -result.score):
            same = [other for other in kept if other.object_name == one.object_name]
            if len(same) < instances and not any(
                self.overlap_ratio(frame, one, other) > _SAME_SURFACE for other in (*taken, *kept)
            ):
                kept.append(one)
        return kept

    def _found(self, frame: Frame, name: str, instances: int) -> list[PoseResult]:
        """Register the things that look most like an object, until it is surely found as often as asked for.

        The odds of each are divided by how many were tried for one: of many wrong ones the best looks right.
        """
        found: list[PoseResult] = []
        for proposal in self.looked(frame, name)[: _MOST_TRIED + instances - 1]:
            with suppress(InputRefused):
                found.append(self.find(frame, proposal, name))
            if sum(result.score >= _SURE for result in found) >= instances:
                break
        share = instances / max(len(found), instances)
        return [replace(one, score=by_odds(one.score, share)) for one in found]

    def overlap_ratio(self, frame: Frame, first: PoseResult, second: PoseResult) -> float:
        """Return 0..1: of the pixels explained by the one that explains fewer, the share that the other explains."""
        return overlap_ratio(frame, self._posed(first), self._posed(second))

    def mask_overlap(self, frame: Frame, pose: PoseResult, mask: Mask) -> float:
        """Return 0..1: of what a pose explains or of a mask (H, W), whichever is less, the share in both."""
        return mask_overlap(frame, self._posed(pose), mask)

    def prepare(self, model: ObjectModel) -> None:
        """Make a model ready before it goes into `models`, in the place of another of its name if there is one.

        Estimates of other objects may be made meanwhile, in other threads.
        """
        self._objects.prepare(model)

    def _scene_of(self, frame: Frame) -> CoarseScene:
        """Return what all searches in a frame share; the last one is kept."""
        scene = self._scene
        if scene is None or scene.frame is not frame:
            scene = self._scene = CoarseScene.of(frame)
        return scene

    def _posed(self, result: PoseResult) -> PosedObject:
        prepared = self._objects.get(result.object_name)
        return PosedObject(prepared.model, prepared.renderer, result.T_cam_obj)


def warm_up(estimator: PoseEstimator, model: ObjectModel) -> None:
    """Register and track the model once, alone before nothing, so that the first image isn't the slow one."""
    camera = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)
    T_cam_obj = np.eye(4, dtype=np.float32)
    T_cam_obj[:3, 3] = (0.0, 0.0, 2.5 * model.diameter_m) - model.centre_m
    rendering = EmbreeRenderer(model).render(
        T_cam_obj[None], camera.K, size=(camera.height, camera.width), colour=model.has_colour
    )
    depth_m = rendering.depth_m[0]
    rgb = np.zeros((*depth_m.shape, 3)) if rendering.rgb is None else 255 * rendering.rgb[0]
    frame = Frame(rgb.astype(np.uint8), depth_m, camera)
    estimator.track(frame, estimator.register(frame, depth_m > 0, model.name))


def _registered(prepared: PreparedObject, frame: Frame, registered: Candidates, task: Task) -> PoseResult:
    """Put what came of a registration into words: the best pose, or a rival of it that fits clearly better."""
    candidates, rivals = prepared.settled(registered)
    model, T_cam_obj = prepared.model, candidates.refined.T_cam_obj[0]
    plausible = plausibility(model, prepared.renderer, frame, T_cam_obj) if task is Task.FOUND else None
    compared = Comparison.of(model, candidates.evidence, rivals, frame.stamp_ns, task, plausible=plausible)
    return _result(prepared, frame, candidates, compared, None)


def _compared(
    prepared: PreparedObject, frame: Frame, candidates: Candidates, previous: PoseResult, compare: bool
) -> Comparison:
    """Compare a pose with its rivals, or go on with what was found when they were last looked at."""
    if compare and comparison_due(previous, frame.stamp_ns):
        return _anew(prepared, frame, candidates, previous)
    return Comparison.kept(previous, candidates.refined.T_cam_obj[0], candidates.evidence)


def _anew(
    prepared: PreparedObject, frame: Frame, candidates: Candidates, previous: PoseResult | None = None
) -> Comparison:
    """Compare the first of a track's candidates with its rivals; where it isn't seen, earlier looks know more."""
    if previous is not None and candidates.evidence.inliers[0] < _LEAST_SEEN:
        return Comparison.kept(previous, candidates.refined.T_cam_obj[0], candidates.evidence)
    rivals = prepared.rivals(candidates)
    earlier_lead = -np.inf if previous is None else previous.best_margin
    return Comparison.of(prepared.model, candidates.evidence, rivals, frame.stamp_ns, Task.TRACKED, earlier_lead)


def _result(
    prepared: PreparedObject,
    frame: Frame,
    candidates: Candidates,
    compared: Comparison,
    previous: PoseResult | None,
) -> PoseResult:
    """Put candidates into words; with the pose before, the first of them in the equivalent that lies nearest to it."""
    model, refined, evidence = prepared.model, candidates.refined, candidates.evidence
    T_cam_obj = refined.T_cam_obj[0]
    if previous is not None:
        T_cam_obj = model.symmetries.nearest(T_cam_obj, previous.T_cam_obj)
    uncertainty = Uncertainty.of(model, refined)
    return PoseResult(
        object_name=model.name,
        T_cam_obj=T_cam_obj.astype(np.float32),
        covariance=widened(uncertainty.covariance, T_cam_obj, compared.ambiguous),
        translation_error_mm=uncertainty.translation_mm,
        rotation_error_deg=uncertainty.rotation_deg,
        visible_fraction=float(evidence.visible[0]),
        depth_inlier_fraction=float(evidence.inliers[0]),
        colour_agreement=float(evidence.colour[0]),
        silhouette_agreement=float(evidence.border[0]),
        region_agreement=float(evidence.region[0]),
        **compared.said,
        stamp_ns=frame.stamp_ns,
        frame_id=frame.frame_id,
        velocity=np.zeros(6) if previous is None else motion.velocity(frame, previous, T_cam_obj),
        memory=TrackMemory(
            _keyframe(prepared, frame, candidates, T_cam_obj, previous),
            _learned(prepared, candidates, compared, previous),
        ),
        centre_obj=model.centre_m,
        diameter_m=model.diameter_m,
    )


def _learned(
    prepared: PreparedObject, candidates: Candidates, compared: Comparison, previous: PoseResult | None
) -> LearnedColours | None:
    """Learn colours from where a pose is known well, but for turns; keep what there is where it isn't."""
    known = None if previous is None else previous.memory.learned
    stamp_ns = candidates.observation.frame.stamp_ns
    believed = compared.presence >= _LEARN_SCORE and compared.lead >= 0
    if known is not None and not (believed and period_over(known.stamp_ns, stamp_ns, _LEARN_PERIOD_S)):
        return known
    seen = prepared.tracking.colours(candidates)
    if known is None or seen is None:
        return known or seen
    return known.blended(seen, _LEARN_RATE)


def _keyframe(
    prepared: PreparedObject,
    frame: Frame,
    candidates: Candidates,
    T_cam_obj: Pose,
    previous: PoseResult | None,
) -> Keyframe | None:
    """Keep the one that there is, or make one at the first candidate's pose, or its equivalent T_cam_obj (4, 4)."""
    kept = None if previous is None else previous.memory.keyframe
    if kept is not None and not kept.outdated(T_cam_obj):
        return kept
    covariance = residual_covariance(prepared.model, candidates.refined)
    return prepared.tracking.keyframe(frame, T_cam_obj, covariance)
