"""All samples of one object in a recording: where they are taken, and what befalls the object meanwhile."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.calibration.sample import Sample
from benchmarks.calibration.sampler import Sampler
from foundation_pose_ros import ObjectModel, se3
from foundation_pose_ros.arrays import Pose
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.synthetic.imperfections import damaged_mask, mask_elsewhere, random_direction

# Of the object less than this is seen: whatever its pose, nobody can know it.
_UNSEEN = 0.03
_FEWEST_PIXELS = 60


@dataclass(frozen=True)
class Looks:
    """In how many frames of a scene, or of a piece of a recording, an object is looked at.

    registered, recorded: registered from masks and searched for without, in a scene and in a piece of a recording.
    astray: tracking is led astray.
    """

    registered: int = 3
    recorded: int = 5
    astray: int = 3


THIN = Looks(2, 3, 1)


def sample_sequence(
    sequence: Sequence,
    name: str,
    place: str,
    seed: int,
    changed: Mapping[str, Callable[[], Sequence]] | None = None,
    registrations: int = 3,
    astray: int = 3,
) -> list[Sample]:
    """Sample one object of a recording with true poses and masks.

    changed: the same recording with the object taken away, covered or swapped from its middle on, by kind.
    registrations, astray: in so many frames it is registered, and tracking is led astray.
    """
    rng = np.random.default_rng([seed, *name.encode()])
    subject = _Subject(sequence, name, Sampler(sequence.model(name), place, rng), rng)
    last = len(sequence.frame_ids) - 1
    samples: list[Sample] = []
    for k in np.linspace(0, last, registrations).astype(int):
        samples += subject.registered(int(k))
    samples += subject.tracked()
    for k in np.linspace(1, last, astray).astype(int):
        samples += subject.led_astray(int(k))
    for kind, make in (changed or {}).items():
        samples += subject.befallen(make(), kind)
    return samples


class _Subject:
    """One object of a recording, gone through with a sampler; k: index of a frame."""

    def __init__(self, sequence: Sequence, name: str, sampler: Sampler, rng: np.random.Generator) -> None:
        ids = sequence.frame_ids
        self._sequence, self._name, self._sampler, self._rng = sequence, name, sampler, rng
        self._model = sequence.model(name)
        self._frames = [sequence.frame(i) for i in ids]
        self._truths = [sequence.truth(i, name) for i in ids]
        self._masks = [sequence.mask(i, name) for i in ids]

    def registered(self, k: int) -> Iterator[Sample]:
        """Sample registrations from right, damaged and wrong masks, and searches without one."""
        yield from self._from_masks(k)
        yield from self._sampler.found(self._frames[k], self._visible_truth(self._sequence, k), "found")

    def tracked(self) -> Iterator[Sample]:
        """Sample a track through all frames."""
        if self._truths[0] is None:
            return
        start = self._sampler.start(self._frames[0], self._masks[0], self._truths[0])
        if start is not None:
            yield from self._sampler.track(self._frames, self._truths, start, "tracked")

    def led_astray(self, k: int) -> Iterator[Sample]:
        """Sample tracking steps from poses about the truth, beside the object and on other objects.

        With the colours that a track has learned by then, from frames before this.
        """
        frame, truth, before = self._frames[k], self._truths[k], self._truths[max(k - 1, 0)]
        if truth is None or before is None or self._masks[k] is None:
            return
        learned = self._sampler.colours(self._frames[max(k - 1, 0)], before)
        yield from self._sampler.perturbed_steps(frame, truth, learned)
        push = random_direction(self._rng) * self._model.diameter_m * self._rng.uniform(1.0, 2.0)
        T_far = se3.apply_twist(truth, np.concatenate([push, random_direction(self._rng) * 0.5]), self._model.centre_m)
        yield from self._sampler.elsewhere(frame, T_far, truth, learned, "beside the object")
        for other in self._others():
            T_other = self._sequence.truth(self._sequence.frame_ids[k], other)
            if T_other is not None:
                T_cam_obj = placed_like(self._model, self._sequence.model(other), T_other, self._rng)
                yield from self._sampler.elsewhere(frame, T_cam_obj, truth, learned, "on another object")

    def befallen(self, changed: Sequence, kind: str) -> Iterator[Sample]:
        """Sample a track that goes on into the same recording changed from its middle on, and a search in the end."""
        middle = len(self._frames) // 2
        count = len(changed.frame_ids)
        after = [changed.frame(i) for i in changed.frame_ids[middle:]]
        truths = [self._visible_truth(changed, k) for k in range(middle, count)]
        before, frame = self._truths[middle - 1], self._frames[middle - 1]
        start = None if before is None else self._sampler.start(frame, None, before)
        if start is not None:
            yield from self._sampler.track([frame, *after], [before, *truths], start, kind)
        yield from self._sampler.found(after[-1], truths[-1], f"found, {kind}")

    def _from_masks(self, k: int) -> Iterator[Sample]:
        frame, mask, truth = self._frames[k], self._masks[k], self._truths[k]
        if mask is None or truth is None or mask.sum() < _FEWEST_PIXELS:
            return
        yield from self._sampler.registrations(frame, mask, truth, "registered", perturbed=True)
        yield from self._sampler.registrations(frame, damaged_mask(mask, self._rng), truth, "damaged mask")
        others = self._others()
        if others:
            other = others[self._rng.integers(len(others))]
            wrong = self._sequence.mask(self._sequence.frame_ids[k], other)
            if wrong is not None:
                yield from self._sampler.registrations(frame, wrong, None, "mask of another object")
        z_m = float(truth[:3, :3][2] @ self._model.centre_m + truth[2, 3])
        background = mask_elsewhere(
            frame.depth_m.shape, frame.camera.fx * self._model.diameter_m / z_m, mask, self._rng
        )
        yield from self._sampler.registrations(frame, background, None, "mask of the background")

    def _others(self) -> list[str]:
        return [name for name in self._sequence.object_names if self._sequence.model(name) is not self._model]

    def _visible_truth(self, sequence: Sequence, k: int) -> Pose | None:
        """Return T_cam_obj (4, 4); None where too little of the object is seen."""
        frame_id = sequence.frame_ids[k]
        fraction = getattr(sequence, "visible_fraction", None)
        if fraction is not None and fraction(frame_id, self._name) <= _UNSEEN:
            return None
        return sequence.truth(frame_id, self._name)


def placed_like(model: ObjectModel, other: ObjectModel, T_other: Pose, rng: np.random.Generator) -> Pose:
    """Place `model` where another object is, turned at random: T_cam_obj (4, 4)."""
    R = se3.apply_twist(np.eye(4), np.concatenate([np.zeros(3), random_direction(rng) * rng.uniform(0, np.pi)]))[:3, :3]
    centre_cam = se3.transform_points(T_other, other.centre_m[None])[0]
    return se3.from_rotation_translation(R, centre_cam - R @ model.centre_m).astype(np.float32)
