"""Samples of one object: what the estimator answers, and what the tracker asks of it, where all is well and astray.

Right ones are what registration and tracking give. Wrong ones are what they give where they must fail (the mask of
something else, an object that was taken away, covered or swapped, a start far off), and poses that were pushed and
turned from the truth by amounts from small to large, and by what looks alike, after refinement. Where a look leaves a
range of turns open, as those of a mug whose handle is hidden, each of them stands for the truth as often: who puts the
pose right, which nobody could who only has the picture, would make scores seem too low.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np

from benchmarks.calibration.recorded_estimator import Answer, RecordedEstimator
from benchmarks.calibration.sample import Sample, Truth
from foundation_pose_ros import Frame, InputRefused, ObjectModel, PoseResult, se3
from foundation_pose_ros.arrays import Mask, Pose
from foundation_pose_ros.estimation.candidates import Candidates
from foundation_pose_ros.estimation.methods import turns_alike
from foundation_pose_ros.estimation.registration import RegistrationSettings
from foundation_pose_ros.estimation.render_and_compare import RenderAndCompare
from foundation_pose_ros.estimation.rivals import RivalSearch
from foundation_pose_ros.object_model.confusable_turns import confusable_turns
from foundation_pose_ros.object_model.surface_distance import RIGHT_SHARE
from foundation_pose_ros.object_model.symmetry import turn_about
from foundation_pose_ros.observation.learned_colours import LearnedColours
from foundation_pose_ros.observation.track_memory import TrackMemory
from foundation_pose_ros.selection.plausibility import plausibility
from foundation_pose_ros.synthetic.imperfections import random_direction
from foundation_pose_ros.tracking import ObjectTracker

# Of a frame's things, so many are looked at.
_THINGS = 3
# Of turns that look alike so many are tried.
_ALIKE = 2


class Sampler:
    """Takes samples of one object in one place; truths (4, 4) are None where the object can't be seen."""

    def __init__(self, model: ObjectModel, place: str, rng: np.random.Generator) -> None:
        self._model, self._rng = model, rng
        self._truth = Truth(model, place)
        self._estimator = RecordedEstimator(model)
        # No task takes poses about the truth in the light of a mask.
        self._compare = RenderAndCompare.on_cpu(model, 1)
        self._rivals = RivalSearch(self._compare, turns_alike(model))
        self._alike = [turn for turns in confusable_turns(model, turns_alike(model)) for turn in turns.transforms]

    def registrations(
        self, frame: Frame, mask: Mask, truth: Pose | None, kind: str, perturbed: bool = False
    ) -> Iterator[Sample]:
        """Sample a registration; with `perturbed`, also poses about the truth."""
        for answer in self._estimator.answers(self._estimator.register, frame, mask):
            yield from self._samples([answer], kind, truth)
            if truth is not None and perturbed:
                yield from self._registrations_about(truth, answer)

    def start(self, frame: Frame, mask: Mask | None, truth: Pose) -> PoseResult | None:
        """Begin a track by a registration, or at the truth where that is wrong; None where it isn't in view."""
        with suppress(InputRefused):
            if mask is not None:
                registered = self._estimator.register(frame, mask)
                right = self._truth.error_share(registered.T_cam_obj, truth) < RIGHT_SHARE
                if right or registered.ways > 1:
                    return registered
        with suppress(InputRefused):
            return self._estimator.assess(frame, self.as_likely(frame, truth))
        return None

    def found(self, frame: Frame, truth: Pose | None, kind: str) -> Iterator[Sample]:
        """Sample what a search with no mask finds in the first few things of a frame."""
        for proposal in self._estimator.looked(frame)[:_THINGS]:
            for answer in self._estimator.answers(self._estimator.find, frame, proposal):
                yield from self._samples([answer], kind, truth)

    def track(
        self, frames: list[Frame], truths: list[np.ndarray | None], start: PoseResult, kind: str
    ) -> Iterator[Sample]:
        """Sample all that a tracker asks in frames after the first, in which it believes in a pose."""
        tracker = ObjectTracker(self._model.name, self._model.name, self._estimator)
        tracker.start(frames[0], start)
        for k, (frame, truth) in enumerate(zip(frames[1:], truths[1:], strict=True)):
            following = tracker.following is not None
            said = kind if following and k else f"{kind}, {'first step' if following else 'lost'}"
            for answer in self._estimator.answers(tracker.track, frame):
                for sample in self._samples([answer], said, truth):
                    yield replace(sample, earlier_lead=answer.result.earlier_margin)

    def colours(self, frame: Frame, truth: Pose) -> LearnedColours | None:
        """Return what a track that is right learns of colours in a frame."""
        with suppress(InputRefused):
            return self._estimator.assess(frame, truth).memory.learned
        return None

    def as_likely(self, frame: Frame, truth: Pose) -> Pose:
        """Turn a true pose (4, 4) by any angle that the frame leaves as likely; where it leaves none, return it."""
        for seen in self._assessed(frame, truth):
            open_turns = [one for one in seen.result.ambiguous if one.from_deg < one.to_deg and one.probability]
            if seen.result.ways > 1 and open_turns:
                turns = open_turns[0]
                angle_rad = np.deg2rad(self._rng.uniform(turns.from_deg, turns.to_deg, 1))
                return np.asarray(truth @ turn_about(turns.axis_obj, angle_rad, turns.point_obj)[0], np.float32)
        return truth

    def perturbed_steps(self, frame: Frame, truth: Pose, learned: LearnedColours | None) -> Iterator[Sample]:
        """Sample poses about the truth after one tracking step that no points guide, but colours learned before."""
        for T_cam_obj, kind in zip(*self._around(self.as_likely(frame, truth)), strict=True):
            for assessed in self._assessed(frame, T_cam_obj):
                pose = replace(assessed.result, compared_ns=None, memory=TrackMemory(learned=learned))
                answers = self._estimator.answers(self._estimator.track, frame, pose)
                yield from self._samples(answers, f"refined {kind}", truth)

    def elsewhere(
        self, frame: Frame, T_cam_obj: Pose, truth: Pose, learned: LearnedColours | None, kind: str
    ) -> Iterator[Sample]:
        """Sample one tracking step from a pose where the object isn't, with colours learned where it was.

        It may well find back to the truth.
        """
        for assessed in self._assessed(frame, T_cam_obj):
            pose = replace(assessed.result.with_colours(learned), compared_ns=None)
            answers = self._estimator.answers(self._estimator.track, frame, pose)
            yield from self._samples(answers, f"{kind}, first step", truth)

    def _assessed(self, frame: Frame, T_cam_obj: Pose) -> list[Answer]:
        return self._estimator.answers(self._estimator.assess, frame, T_cam_obj)

    def _samples(self, answers: list[Answer], kind: str, truth: Pose | None) -> Iterator[Sample]:
        """Sample each answer's first pose, but for those that stick in a table or wall: these have no score."""
        for answer in answers:
            if answer.result.score > 0:
                compared = answer.result.margin if answer.rivals is None else answer.rivals
                sample = self._truth.sample(answer.task, kind, answer.candidates, truth, compared)
                sample = replace(sample, ways=answer.result.ways)
                yield sample if answer.task == "track" else self._plausible(sample, answer.candidates)

    def _registrations_about(self, truth: Pose, answer: Answer) -> Iterator[Sample]:
        observation = answer.candidates.observation
        poses, kinds = self._around(self.as_likely(observation.frame, truth))
        refined = self._compare.refine(observation, poses, RegistrationSettings().final)
        for k, kind in enumerate(kinds):
            one = refined.picked(np.array([k]))
            yield self._plausible(self._truth.sample("register", f"refined {kind}", one, truth, self._rivals(one)), one)

    def _plausible(self, sample: Sample, candidates: Candidates) -> Sample:
        """Add what is seen around the first of some candidates."""
        frame, T_cam_obj = candidates.observation.frame, candidates.refined.T_cam_obj[0]
        return replace(sample, plausible=plausibility(self._model, self._compare.renderer, frame, T_cam_obj))

    def _around(self, truth: Pose) -> tuple[np.ndarray, list[str]]:
        """Return the truth, and it pushed by shares of the diameter, and turned: poses (n, 4, 4) and their kinds."""
        rng, d = self._rng, self._model.diameter_m
        twists, kinds = [np.zeros(6)], ["not"]
        for share, degrees, kind in ((0.05, 5, "little"), (0.15, 15, "some"), (0.5, 30, "far")):
            push, turn = (
                random_direction(rng) * share * d * rng.uniform(0.3, 1.3),
                random_direction(rng) * np.deg2rad(degrees) * rng.random(),
            )
            twists.append(np.concatenate([push, turn]))
            kinds.append(kind)
        for _ in range(2):
            twists.append(np.concatenate([np.zeros(3), random_direction(rng) * rng.uniform(0.5, np.pi)]))
            kinds.append("turned")
        poses = se3.apply_twist(np.tile(truth, (len(twists), 1, 1)), np.array(twists), self._model.centre_m)
        if self._alike:
            picked = rng.choice(len(self._alike), min(_ALIKE, len(self._alike)), replace=False)
            poses = np.concatenate([poses, [(truth @ self._alike[k]).astype(np.float32) for k in picked]])
            kinds += ["turned alike"] * len(picked)
        return poses, kinds
