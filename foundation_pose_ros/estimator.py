"""PoseEstimator: the one entry to registration and tracking, for any number of objects."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import perf_counter

import cv2
import numpy as np
from threadpoolctl import ThreadpoolController

from . import se3
from .camera import Camera
from .errors import InputRefused
from .estimation.candidates import Candidates, margin
from .estimation.methods import GeometricMethods, Methods
from .estimation.object_proposals import Proposal, propose
from .estimation.overlap import PosedObject, overlap_ratio
from .estimation.prepared_object import PreparedObject
from .frame import Frame
from .object_model.model import ObjectModel
from .observation.keyframe import Keyframe
from .observation.observation import predicted_box
from .pose_result import Alternative, PoseResult
from .rendering.embree import EmbreeRenderer
from .uncertainty.confidence import Confidence, Cues
from .uncertainty.fitted_constants import COVARIANCE, FOUND, REGISTERED, TRACKED

# Products of matrices here are too small to share: a second BLAS thread only spins, and takes the ray caster's core.
# Those of tracking are smaller than BLAS itself would share.
_ONE_BLAS_THREAD = ThreadpoolController().wrap(limits=1, user_api="blas")


@contextmanager
def _one_cv2_thread() -> Iterator[None]:
    """The crops are small too: waking a second thread of OpenCV costs a sixth of a tracking step and saves nothing."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


# Older than this, a velocity says nothing any more.
_LONGEST_STEP_S = 0.5


class PoseEstimator:
    """Registers and tracks objects whose meshes it was given; nothing is trained.

    models: the objects, by name, conditioned here (a few seconds each: symmetries are searched); entries may be added
    and removed at any time, and are conditioned at their first use. Not safe to use from several threads at once, but
    for `prepare`.
    """

    def __init__(
        self, models: list[ObjectModel], device: str = "cpu", threads: int = 2, methods: Methods | None = None
    ) -> None:
        """methods: learned ones (see learned_methods), which have a device of their own; None: the learning-free ones.

        device: "cpu", the only one that the learning-free methods need. threads: of their ray caster.
        """
        if device != "cpu" and methods is None:
            raise InputRefused("device", f"device '{device}' is not supported: the learning-free methods run on 'cpu'")
        self.models = {model.name: model for model in models}
        if len(self.models) < len(models):
            raise InputRefused("object_exists", "several models have the same name: give each ObjectModel its own")
        self._methods = methods or GeometricMethods(threads)
        self._prepared: dict[str, PreparedObject] = {}
        self._waiting: dict[str, PreparedObject] = {}
        self._registration = self._methods.registration
        self._track_step = self._methods.track_step
        for name in self.models:
            self._object(name)

    @_ONE_BLAS_THREAD
    @_one_cv2_thread()
    def register(self, frame: Frame, mask: np.ndarray, object_name: str | None = None) -> PoseResult:
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
        prepared = self._object(object_name)
        candidates = prepared.with_final_refinement(self._registration(prepared, frame, mask != 0))
        return self._result(prepared, frame, candidates, started, REGISTERED)

    @_one_cv2_thread()
    def track(self, frame: Frame, previous: PoseResult) -> PoseResult:
        """Follow an object from its pose in an earlier frame; raises InputRefused where it has left the view."""
        started = perf_counter()
        prepared = self._object(previous.object_name)
        dt_s = _step_s(frame, previous)
        starts = previous.T_cam_obj[None]
        if dt_s is not None and np.any(previous.velocity):
            centre = prepared.model.centre_m
            starts = np.stack([se3.apply_twist(previous.T_cam_obj, previous.velocity * dt_s, centre), starts[0]])
        candidates = prepared.with_final_refinement(self._track_step(prepared, frame, starts, previous.keyframe))
        return self._result(prepared, frame, candidates, started, TRACKED, previous)

    def assess(self, frame: Frame, T_cam_obj: np.ndarray, object_name: str | None = None) -> PoseResult:
        """What a frame says of a pose (4, 4) that comes from elsewhere: its score and covariance.

        `track` can go on from it. The pose is returned as it is. Raises InputRefused where it isn't in the image.
        """
        started = perf_counter()
        prepared = self._object(object_name)
        T_cam_obj = np.asarray(T_cam_obj, np.float32)
        if T_cam_obj.shape != (4, 4):
            raise InputRefused("bad_pose", f"the pose has shape {T_cam_obj.shape}: give the 4x4 T_cam_obj")
        candidates = self._track_step.assess(prepared, frame, T_cam_obj)
        return self._result(prepared, frame, candidates, started, TRACKED)

    @_ONE_BLAS_THREAD
    @_one_cv2_thread()
    def propose(self, frame: Frame, object_name: str | None = None) -> list[Proposal]:
        """Things in a frame that may be the object, the likeliest first: where to look for it without a mask."""
        return propose(frame, self._object(object_name).look)

    @_ONE_BLAS_THREAD
    @_one_cv2_thread()
    def find(self, frame: Frame, proposal: Proposal, object_name: str | None = None) -> PoseResult:
        """Register a thing as the object; scored 0 where that would stick in a table or wall. Raises as `register`."""
        started = perf_counter()
        prepared = self._object(object_name)
        candidates = prepared.with_final_refinement(self._registration(prepared, frame, proposal.mask))
        result = self._result(prepared, frame, candidates, started, FOUND)
        reaches = proposal.planes.penetrated_by(prepared.renderer, result.T_cam_obj, prepared.model.diameter_m)
        return replace(result, score=0.0) if reaches else result

    def overlap_ratio(self, frame: Frame, first: PoseResult, second: PoseResult) -> float:
        """0..1: share of the pixels explained by the one that explains fewer that the other explains as well."""
        placed = (
            PosedObject(prepared.model, prepared.renderer, result.T_cam_obj)
            for result in (first, second)
            for prepared in (self._object(result.object_name),)
        )
        return overlap_ratio(frame, *placed)

    def prepare(self, model: ObjectModel) -> None:
        """Condition a model before it goes into `models`, in the place of another of its name if there is one.

        May run in a thread beside the one that does the rest.
        """
        for gone in self._prepared.keys() - self.models.keys():
            del self._prepared[gone]
        self._waiting[model.name] = self._methods.prepare(model)

    def _object(self, object_name: str | None) -> PreparedObject:
        if object_name is None and len(self.models) == 1:
            object_name = next(iter(self.models))
        if object_name not in self.models:
            known = ", ".join(self.models) or "none"
            raise InputRefused("unknown_object", f"no object {object_name!r} here: choose from {known}")
        model = self.models[object_name]
        prepared = self._prepared.get(object_name)
        if prepared is None or prepared.model is not model:
            waiting = self._waiting.get(object_name)
            if waiting is not None and waiting.model is model:
                prepared = self._waiting.pop(object_name)
            else:
                prepared = self._methods.prepare(model)
            self._prepared[object_name] = prepared
        return prepared

    def _keyframe(
        self,
        prepared: PreparedObject,
        frame: Frame,
        candidates: Candidates,
        T_cam_obj: np.ndarray,
        previous: PoseResult | None,
    ) -> Keyframe | None:
        """The one that there is, or a new one at the first candidate's pose, or at the equivalent T_cam_obj (4, 4)."""
        kept = None if previous is None else previous.keyframe
        if kept is not None and not kept.outdated(T_cam_obj):
            return kept
        try:
            box = predicted_box(prepared.model, frame, T_cam_obj, self._track_step.settings.margin)
        except InputRefused:
            return None
        model = prepared.model
        covariance = COVARIANCE.of_residuals(candidates.refined.at(0), model.diameter_m)
        return Keyframe.of(frame, box, T_cam_obj, prepared.renderer, model.diameter_m, covariance)

    def _result(
        self,
        prepared: PreparedObject,
        frame: Frame,
        candidates: Candidates,
        started: float,
        confidence: Confidence,
        previous: PoseResult | None = None,
    ) -> PoseResult:
        model, evidence = prepared.model, candidates.evidence
        scores = confidence(Cues.of(evidence))
        T_cam_obj = candidates.refined.T_cam_obj[0]
        velocity = np.zeros(6)
        if previous is not None:
            T_cam_obj = model.symmetries.nearest(T_cam_obj, previous.T_cam_obj)
            dt_s = _step_s(frame, previous)
            if dt_s is not None:
                velocity = se3.twist_between(previous.T_cam_obj, T_cam_obj, model.centre_m) / dt_s
        return PoseResult(
            object_name=model.name,
            T_cam_obj=T_cam_obj.astype(np.float32),
            score=float(scores[0]),
            covariance=COVARIANCE.about_origin(candidates.refined, 0, model.centre_m, model.diameter_m),
            alternatives=tuple(
                Alternative(T, float(score))
                for T, score in zip(candidates.refined.T_cam_obj[1:], scores[1:], strict=True)
            ),
            visible_fraction=float(evidence.visible[0]),
            depth_inlier_fraction=float(evidence.inliers[0]),
            colour_agreement=float(evidence.colour[0]),
            silhouette_agreement=float(evidence.border[0]),
            margin=margin(candidates, model) if previous is None else previous.margin,
            stamp_ns=frame.stamp_ns,
            frame_id=frame.frame_id,
            velocity=velocity,
            keyframe=self._keyframe(prepared, frame, candidates, T_cam_obj, previous),
            centre_obj=model.centre_m,
            time_s=perf_counter() - started,
        )


def _step_s(frame: Frame, previous: PoseResult) -> float | None:
    """Seconds since the last pose; None where they say nothing of motion."""
    dt_s = (frame.stamp_ns - previous.stamp_ns) * 1e-9
    return dt_s if 0 < dt_s < _LONGEST_STEP_S else None


def warm_up(estimator: PoseEstimator, model: ObjectModel) -> None:
    """Register and track a model, alone before nothing and two diameters away, so that what is compiled is ready."""
    camera = Camera(300.0, 300.0, 159.5, 119.5, 320, 240)
    T_cam_obj = np.eye(4, dtype=np.float32)
    T_cam_obj[:3, 3] = (0.0, 0.0, 2.5 * model.diameter_m) - model.centre_m
    rendering = EmbreeRenderer(model).render(
        T_cam_obj[None], camera.K, size=(camera.height, camera.width), colour=model.has_colour
    )
    depth_m = rendering.depth_m[0]
    rgb = (
        np.zeros((*depth_m.shape, 3), np.uint8) if rendering.rgb is None else (rendering.rgb[0] * 255).astype(np.uint8)
    )
    frame = Frame(rgb, depth_m, camera)
    estimator.track(frame, estimator.register(frame, depth_m > 0, model.name))
