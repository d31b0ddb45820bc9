"""Poses that are right and poses that are wrong, each with what one look at a frame says of it.

Right ones are what registration and tracking give. Wrong ones are what they give where they must fail (the mask of
something else, an object that was taken away, covered or swapped, a start far off), and poses that were pushed and
turned from the truth by amounts from small to large, as they are and after refinement.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields

import numpy as np

from foundation_pose_ros import Frame, InputRefused, ObjectModel, se3
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.estimation.candidates import Candidates
from foundation_pose_ros.estimation.methods import geometric_registration
from foundation_pose_ros.estimation.object_proposals import SizeColourPrior, propose
from foundation_pose_ros.estimation.render_and_compare import RenderAndCompare
from foundation_pose_ros.estimation.tracking_step import TrackStep
from foundation_pose_ros.evaluation.metrics import adds_m
from foundation_pose_ros.observation.keyframe import Keyframe
from foundation_pose_ros.synthetic.imperfections import blob, damaged, unit
from foundation_pose_ros.uncertainty.fitted_constants import COVARIANCE

RIGHT_SHARE = 0.1
_POINTS = 600
# Of the object less than this is seen: whatever its pose, nobody can know it.
_UNSEEN = 0.03
# Nor where the pose itself is hidden by so much, or next to no depth agrees with it.
_LEAST_VISIBLE, _LEAST_AGREEMENT = 0.1, 0.02


@dataclass(frozen=True)
class PoseError:
    """twist (6,): about the centre, to the nearest equivalent truth. distance_m: from camera to centre.

    information (6, 6), variance_m2, points_information (6, 6): what the last step knew of it.
    """

    twist: np.ndarray
    information: np.ndarray
    variance_m2: float
    points_information: np.ndarray
    distance_m: float


@dataclass(frozen=True)
class Sample:
    """task: register, find or track. evidence: of one pose, by name. error_share: ADD-S in diameters, infinite where
    the object isn't there, or where too little of it is seen to know; error: None there. refined: as every pose is that
    is published. cluster: poses of one object in one scene are alike.
    """

    task: str
    kind: str
    place: str
    object_name: str
    evidence: dict[str, float]
    error_share: float
    diameter_m: float
    error: PoseError | None = None

    @property
    def cluster(self) -> tuple[str, str]:
        return self.place, self.object_name

    @property
    def refined(self) -> bool:
        return not self.kind.startswith("pushed")

    @property
    def right(self) -> bool:
        """Within ADD-S, and seen: a track stays right behind a cover that doesn't move, but nobody can know it."""
        seen = self.evidence["visible"] >= _LEAST_VISIBLE and self.evidence["agreement"] >= _LEAST_AGREEMENT
        return seen and self.error_share < RIGHT_SHARE


class Sampler:
    """Takes samples of one object in one recording."""

    def __init__(self, model: ObjectModel, place: str, rng: np.random.Generator) -> None:
        self._model, self._place, self._rng = model, place, rng
        self._compare = RenderAndCompare.on_cpu(model, 1)
        self._registration, self._track_step = geometric_registration(self._compare), TrackStep(self._compare)
        self._prior = SizeColourPrior(model)
        points = model.mesh.sample(_POINTS, seed=0)
        self._points = np.asarray(points, np.float64)

    def registrations(
        self, frame: Frame, mask: np.ndarray, truth: np.ndarray | None, kind: str, perturbed: bool = False
    ) -> Iterator[Sample]:
        """The result of a registration and its first runners-up; with `perturbed`, also poses about the truth."""
        try:
            found = self._registration(frame, mask)
        except InputRefused:
            return
        for k in range(min(3, len(found.evidence.rank))):
            yield self._sample("register", kind if k == 0 else "runner-up", found, k, truth)
        if truth is None or not perturbed:
            return
        poses, kinds = self._around(truth)
        for name, candidates in (
            ("pushed", self._compare.evaluate_unrefined(found.observation, poses, 0.02)),
            ("refined", self._compare.refine(found.observation, poses, self._registration.settings.final)),
        ):
            for k, kind in enumerate(kinds):
                yield self._sample("register", f"{name} {kind}", candidates, k, truth)

    def start(self, frame: Frame, mask: np.ndarray | None, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where a track begins (4, 4), and its covariance: by a registration, or at the truth where that is wrong."""
        known = np.zeros((6, 6))
        if mask is None:
            return truth, known
        try:
            found = self._registration(frame, mask)
        except InputRefused:
            return truth, known
        T_cam_obj = found.refined.T_cam_obj[0]
        right = adds_m(T_cam_obj, truth, self._points) < RIGHT_SHARE * self._model.diameter_m
        return (T_cam_obj, self._covariance(found)) if right else (truth, known)

    def found(self, frame: Frame, truth: np.ndarray | None, kind: str, most: int = 3) -> Iterator[Sample]:
        """What a search with no mask finds in the first few things of a frame."""
        diameter_m = self._model.diameter_m
        for proposal in propose(frame, self._prior)[:most]:
            try:
                found = self._registration(frame, proposal.mask)
            except InputRefused:
                continue
            T_cam_obj = found.refined.T_cam_obj[0]
            if not proposal.planes.penetrated_by(self._compare.renderer, T_cam_obj, diameter_m):
                yield self._sample("find", kind, found, 0, truth)

    def steps(
        self,
        frames: list[Frame],
        truths: Iterable[np.ndarray | None],
        start: np.ndarray,
        kind: str,
        covariance: np.ndarray | None = None,
    ) -> Iterator[Sample]:
        """A track through frames, from a pose (4, 4) believed in the first of them; covariance (6, 6) of that: none."""
        pose = start.astype(np.float32)
        keyframe = self._keyframe(frames[0], pose, np.zeros((6, 6)) if covariance is None else covariance)
        for k, (frame, truth) in enumerate(zip(frames[1:], list(truths)[1:], strict=True)):
            try:
                found = self._track_step(frame, pose[None], keyframe)
            except InputRefused:
                return
            yield self._sample("track", kind if k else f"{kind}, first step", found, 0, truth)
            pose = found.refined.T_cam_obj[0]
            if keyframe is None or keyframe.outdated(pose):
                keyframe = self._keyframe(frame, pose, self._covariance(found))

    def perturbed_steps(self, frame: Frame, truth: np.ndarray) -> Iterator[Sample]:
        """Poses about the truth, as they are and after one tracking step."""
        for T, kind in zip(*self._around(truth), strict=True):
            try:
                yield self._sample("track", f"pushed {kind}", self._track_step.assess(frame, T), 0, truth)
                found = self._track_step(frame, T[None])
                yield self._sample("track", f"refined {kind}", found, 0, truth)
            except InputRefused:
                continue

    def elsewhere(self, frame: Frame, T_cam_obj: np.ndarray, kind: str) -> Iterator[Sample]:
        """One tracking step from a pose where the object isn't."""
        yield from self.steps([frame, frame], [None, None], T_cam_obj, kind)

    def _covariance(self, found: Candidates) -> np.ndarray:
        return COVARIANCE.of_residuals(found.refined.at(0), self._model.diameter_m)

    def _keyframe(self, frame: Frame, pose: np.ndarray, covariance: np.ndarray) -> Keyframe | None:
        return self._track_step.keyframe(frame, pose, covariance)

    def _around(self, truth: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """The truth, pushed by shares of the diameter, and turned."""
        rng, d = self._rng, self._model.diameter_m
        twists, kinds = [np.zeros(6)], ["not"]
        for share, degrees, kind in ((0.05, 5, "little"), (0.15, 15, "some"), (0.5, 30, "far")):
            push, turn = unit(rng) * share * d * rng.uniform(0.3, 1.3), unit(rng) * np.deg2rad(degrees) * rng.random()
            twists.append(np.concatenate([push, turn]))
            kinds.append(kind)
        for _ in range(2):
            twists.append(np.concatenate([np.zeros(3), unit(rng) * rng.uniform(0.5, np.pi)]))
            kinds.append("turned")
        return se3.apply_twist(np.tile(truth, (len(twists), 1, 1)), np.array(twists), self._model.centre_m), kinds

    def _sample(
        self,
        task: str,
        kind: str,
        candidates: Candidates,
        index: int,
        truth: np.ndarray | None,
    ) -> Sample:
        refined, model = candidates.refined, self._model
        T_cam_obj = refined.T_cam_obj[index]
        said = {
            item.name: float(getattr(candidates.evidence, item.name)[index]) for item in fields(candidates.evidence)
        }
        if truth is None:
            return Sample(task, kind, self._place, model.name, said, np.inf, model.diameter_m)
        equivalent = model.symmetries.nearest(T_cam_obj, truth)
        error = PoseError(
            se3.twist_between(equivalent, truth, model.centre_m),
            refined.information[index],
            float(refined.variance_m2[index]),
            refined.points_information[index],
            float(np.linalg.norm(se3.transform_points(truth, model.centre_m[None]))),
        )
        error_share = adds_m(T_cam_obj, truth, self._points) / model.diameter_m
        return Sample(task, kind, self._place, model.name, said, error_share, model.diameter_m, error)


def sample_sequence(
    sequence: Sequence,
    name: str,
    place: str,
    seed: int,
    changed: Mapping[str, Callable[[], Sequence]] | None = None,
    registrations: int = 3,
) -> list[Sample]:
    """Samples of one object of a recording with true poses and masks.

    changed: the same recording with the object taken away, covered or swapped from its middle on, by kind.
    """
    rng = np.random.default_rng([seed, *name.encode()])
    sampler = Sampler(sequence.model(name), place, rng)
    ids = sequence.frame_ids
    frames = [sequence.frame(i) for i in ids]
    truths = [sequence.truth(i, name) for i in ids]
    masks = [sequence.mask(i, name) for i in ids]
    samples: list[Sample] = []
    for k in np.linspace(0, len(ids) - 1, registrations).astype(int):
        samples += _registrations_of_frame(sequence, name, sampler, ids[k], rng)
        samples += sampler.found(frames[k], truths[k] if _seen(sequence, ids[k], name) else None, "found")
    if truths[0] is not None:
        start, covariance = sampler.start(frames[0], masks[0], truths[0])
        samples += sampler.steps(frames, truths, start, "tracked", covariance)
    for k in np.linspace(1, len(ids) - 1, 3).astype(int):
        if truths[k] is None or masks[k] is None:
            continue
        samples += sampler.perturbed_steps(frames[k], truths[k])
        T_far = se3.apply_twist(
            truths[k],
            np.concatenate([unit(rng) * sequence.model(name).diameter_m * rng.uniform(1.0, 2.0), unit(rng) * 0.5]),
            sequence.model(name).centre_m,
        )
        samples += sampler.elsewhere(frames[k], T_far, "beside the object")
        for other in sequence.object_names:
            T_other = sequence.truth(ids[k], other)
            if other != name and T_other is not None and sequence.model(other) is not sequence.model(name):
                T = placed_like(sequence.model(name), sequence.model(other), T_other, rng)
                samples += sampler.elsewhere(frames[k], T, "on another object")
    middle = len(ids) // 2
    for kind, make in (changed or {}).items():
        other_sequence = make()
        after = [other_sequence.frame(i) for i in ids[middle:]]
        still_there = [other_sequence.truth(i, name) if _seen(other_sequence, i, name) else None for i in ids[middle:]]
        before = truths[middle - 1]
        if before is not None:
            samples += sampler.steps([frames[middle - 1], *after], [before, *still_there], before, kind)
        samples += sampler.found(after[-1], still_there[-1], f"found, {kind}")
    return samples


def placed_like(model: ObjectModel, other: ObjectModel, T_other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A pose of `model` about the place of another object."""
    R = se3.apply_twist(np.eye(4), np.concatenate([np.zeros(3), unit(rng) * rng.uniform(0, np.pi)]))[:3, :3]
    centre_cam = se3.transform_points(T_other, other.centre_m[None])[0]
    return se3.from_rotation_translation(R, centre_cam - R @ model.centre_m).astype(np.float32)


def _seen(sequence: Sequence, frame_id: str, name: str) -> bool:
    fraction = getattr(sequence, "visible_fraction", None)
    return fraction is None or fraction(frame_id, name) > _UNSEEN


def _registrations_of_frame(
    sequence: Sequence, name: str, sampler: Sampler, frame_id: str, rng: np.random.Generator
) -> list[Sample]:
    frame, mask, truth = sequence.frame(frame_id), sequence.mask(frame_id, name), sequence.truth(frame_id, name)
    samples: list[Sample] = []
    if mask is None or truth is None or mask.sum() < 60:
        return samples
    samples += sampler.registrations(frame, mask, truth, "registered", perturbed=True)
    samples += sampler.registrations(frame, damaged(mask, rng), truth, "damaged mask")
    others = [o for o in sequence.object_names if sequence.model(o) is not sequence.model(name)]
    wrong = sequence.mask(frame_id, others[rng.integers(len(others))]) if others else None
    if wrong is not None:
        samples += sampler.registrations(frame, wrong, None, "mask of another object")
    z_m = float(truth[:3, :3][2] @ sequence.model(name).centre_m + truth[2, 3])
    diameter_px = frame.camera.fx * sequence.model(name).diameter_m / z_m
    samples += sampler.registrations(
        frame, blob(frame.depth_m.shape, diameter_px, mask, rng), None, "mask of the background"
    )
    return samples
