"""PoseEstimator: the one entry to registration and tracking, for any number of objects."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from time import perf_counter

import numpy as np

from ..arrays import Mask, Pose
from ..errors import InputRefused
from ..estimation import motion
from ..estimation.above_planes import above_planes
from ..estimation.coarse_scene import CoarseScene
from ..estimation.imprecise_mask import fits_outline, misses_a_part, register_in_region
from ..estimation.methods import GeometricMethods, Methods
from ..estimation.object_proposals import Proposal, propose
from ..estimation.overlap import PosedObject, mask_overlap, overlap_ratio
from ..estimation.pointed_at import thing_at
from ..estimation.prepared_object import PreparedObject
from ..estimation.prepared_objects import PreparedObjects
from ..estimation.spots import spots
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..pose_result import PoseResult
from ..runtime.thread_limits import one_blas_thread, one_cv2_thread
from ..uncertainty.ambiguity import rescored
from ..uncertainty.scored_pose import Task, by_odds
from .answers import assessed, compared, registered, tracked

# Of the things that may be an object so many are registered as it, and no more once it is so sure.
_MOST_TRIED, _SURE = 4, 0.85
# A pose is clearly surer than another by so much.
_CLEARLY = 0.05
# Two poses that share more than this of the pixels which they explain can't both be right.
_SAME_SURFACE = 0.5


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
        marked, prepared = mask != 0, self._objects.get(object_name)
        candidates = prepared.register(frame, marked)
        result = registered(prepared, candidates, Task.REGISTERED) if fits_outline(candidates) else None
        if result is None or self._may_be_beside(frame, marked, prepared, result):
            candidates = register_in_region(prepared, self._scene_of(frame), marked, candidates)
            in_region = registered(prepared, candidates, Task.REGISTERED)
            result = in_region if result is None or _clearly_surer(in_region, result) else result
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
        return replace(tracked(prepared, candidates, previous, compare), time_s=perf_counter() - started)

    @one_cv2_thread()
    def compared(self, frame: Frame, result: PoseResult) -> PoseResult:
        """Compare a pose with its rivals in the frame that it was found in, once there is time for that.

        Returns it with the score, the alternatives and the ambiguity that come of it. Raises as `assess`.
        """
        prepared = self._objects.get(result.object_name)
        candidates = prepared.assess(frame, result.T_cam_obj, result.memory.learned)
        return compared(prepared, candidates, result)

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
        return replace(assessed(prepared, candidates), time_s=perf_counter() - started)

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
        result = registered(prepared, candidates, Task.FOUND)
        buried = proposal.planes.penetrated_by(prepared.renderer, result.T_cam_obj, prepared.model)
        return replace(rescored(result, 0.0) if buried else result, time_s=perf_counter() - started)

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
        for one in sorted(found, key=lambda result: -result.presence):
            same = [other for other in kept if other.object_name == one.object_name]
            if len(same) < instances and not any(
                self.overlap_ratio(frame, one, other) > _SAME_SURFACE for other in (*taken, *kept)
            ):
                kept.append(one)
        return kept

    def _found(self, frame: Frame, name: str, instances: int) -> list[PoseResult]:
        """Register the things that look most like an object, until it is surely found as often as asked for.

        The odds that each is there are divided by how many were tried for one: of many wrong ones the best looks right.
        """
        found: list[PoseResult] = []
        for proposal in self.looked(frame, name)[: _MOST_TRIED + instances - 1]:
            with suppress(InputRefused):
                found.append(self.find(frame, proposal, name))
            if sum(result.score >= _SURE for result in found) >= instances:
                break
        share = instances / max(len(found), instances)
        there = [(one, by_odds(one.presence, share) / max(one.presence, 1e-9)) for one in found]
        return [rescored(one, one.score * factor) for one, factor in there]

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

    def _may_be_beside(self, frame: Frame, mask: Mask, prepared: PreparedObject, found: PoseResult) -> bool:
        """Tell whether a mask (H, W) bool whose outline a pose has may be wrong all the same.

        Half of a bowl has the outline of one that is tilted, which isn't there; too narrow a mask leaves a handle out.
        """
        if found.presence < _SURE:
            return True
        return found.score < _SURE and misses_a_part(prepared, self._scene_of(frame), mask, found.T_cam_obj)

    def _scene_of(self, frame: Frame) -> CoarseScene:
        """Return what all searches in a frame share; the last one is kept."""
        scene = self._scene
        if scene is None or scene.frame is not frame:
            scene = self._scene = CoarseScene.of(frame)
        return scene

    def _posed(self, result: PoseResult) -> PosedObject:
        prepared = self._objects.get(result.object_name)
        return PosedObject(prepared.model, prepared.renderer, result.T_cam_obj)


def _clearly_surer(one: PoseResult, other: PoseResult) -> bool:
    """Tell whether by one result the object is surer to be there than by another, or to be turned so where it is."""
    there, there_by_other = min(one.presence, _SURE), min(other.presence, _SURE)
    if abs(there - there_by_other) > _CLEARLY:
        return there > there_by_other
    return one.score > other.score + _CLEARLY
