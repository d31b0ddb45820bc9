"""Tracks through recordings: with frames left out, forwards and backwards, and with what video gets wrong."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from foundation_pose_ros import ObjectModel, PoseEstimator
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.datasets.replayed import Replayed
from foundation_pose_ros.datasets.sequence import Sequence
from foundation_pose_ros.evaluation.evaluate import JudgedEstimate, evaluate, objects_to_judge
from foundation_pose_ros.evaluation.runner import RunSettings
from foundation_pose_ros.object_model.appearance import CornerColours
from foundation_pose_ros.synthetic.recorded_video import RecordedVideo, dropped_frames
from foundation_pose_ros.synthetic.video_defects import VideoDefects

RECORDINGS = ("visp_rbt_desk", "ycbv_0000", "jack_pushed", "pencilbox_handheld")
STEPS = (1, 2, 3, 4)
# Of what is done to a recording; its tracks take as long as those of the recording itself.
SOME_STEPS = (1, 3)
AS_IT_IS = "as it is"
_DROPPED_SHARE = 0.25
_PLAIN_GREY = 0.5


class Untextured:
    """A recording whose meshes have one colour, as those drawn in CAD have."""

    def __init__(self, sequence: Sequence) -> None:
        self.name, self.frame_ids, self.object_names = sequence.name, sequence.frame_ids, sequence.object_names
        self.frame, self.mask, self.truth = sequence.frame, sequence.mask, sequence.truth
        self._sequence = sequence
        self._models: dict[str, ObjectModel] = {}

    def model(self, object_name: str) -> ObjectModel:
        """Return the object's mesh in grey."""
        if object_name not in self._models:
            model = self._sequence.model(object_name)
            grey = CornerColours(np.full((len(model.faces), 3, 3), _PLAIN_GREY, np.float32))
            self._models[object_name] = ObjectModel(
                model.name, model.vertices, model.faces, grey, model.declared_symmetries
            )
        return self._models[object_name]


def _as_it_is(sequence: Sequence) -> Sequence:
    return sequence


def _filmed(video: VideoDefects, sequence: Sequence) -> Sequence:
    return RecordedVideo(sequence, video)


# A shutter that is open for as long as the rate allows, steps as automatic exposure makes them under a lamp, and such
# as a lamp makes.
VARIANTS: Mapping[str, Callable[[Sequence], Sequence]] = {
    AS_IT_IS: _as_it_is,
    "blurred": partial(_filmed, VideoDefects(exposure_s=1 / 30)),
    "exposure steps": partial(_filmed, VideoDefects(step_stops=0.7, step_warmth=0.1, step_period_s=0.4, seed=1)),
    "lamp switched": partial(_filmed, VideoDefects(step_stops=1.5, step_warmth=0.1, step_period_s=0.8, seed=1)),
    "compressed": partial(_filmed, VideoDefects(gain_stops=3.0, jpeg_quality=35, seed=2)),
    "frames dropped": _as_it_is,
    "untextured mesh": Untextured,
}


@dataclass(frozen=True)
class Play:
    """One track through one recording, frames in order.

    recording, object_name, variant: what was followed, and what was wrong with it.
    step: every so many-th frame. backwards: the last frame first.
    start: by what the track began.
    rows: of all frames after the start.
    times_s: of these frames.
    """

    recording: str
    object_name: str
    variant: str
    step: int
    backwards: bool
    start: str
    rows: list[JudgedEstimate]
    times_s: list[float]

    @property
    def label(self) -> str:
        """Return what stands before its strip."""
        way = "backwards" if self.backwards else "forwards"
        return f"{self.object_name}, every {self.step}, {way}, from {self.start}"


@dataclass(frozen=True)
class WantedPlays:
    """What is played; nothing named of a kind: all of it."""

    recordings: tuple[str, ...] = RECORDINGS
    objects: tuple[str, ...] = ()
    variants: tuple[str, ...] = tuple(VARIANTS)
    steps: tuple[int, ...] = ()
    starts: tuple[Literal["gt", "mask"], ...] = ("gt", "mask")

    def steps_of(self, variant: str) -> tuple[int, ...]:
        """Return every how many-th frame of a variant is played."""
        return self.steps or (STEPS if variant == AS_IT_IS else SOME_STEPS)


def all_plays(folder: Path, wanted: WantedPlays) -> Iterator[Play]:
    """Follow each object of each recording in all ways that are wanted."""
    for recording in wanted.recordings:
        sequence = open_sequence(folder / "pose" / recording)
        for variant in wanted.variants:
            yield from _plays(recording, variant, VARIANTS[variant](sequence), wanted)


def _plays(recording: str, variant: str, sequence: Sequence, wanted: WantedPlays) -> Iterator[Play]:
    names = [n for n in objects_to_judge(sequence, RunSettings("track")) if n in wanted.objects or not wanted.objects]
    for name in names:
        estimator = PoseEstimator([sequence.model(name)], threads=1)
        for step in wanted.steps_of(variant):
            for backwards in (False, True):
                dropped = frozenset[str]()
                if variant == "frames dropped":
                    rng = np.random.default_rng([step, backwards])
                    dropped = dropped_frames(sequence.frame_ids, _DROPPED_SHARE, rng)
                played = Replayed(sequence, step, backwards=backwards, dropped=dropped)
                for start in wanted.starts:
                    rows, times_s = [], []
                    for frame, (row,) in evaluate(played, estimator, [name], RunSettings("track", init=start)):
                        if row.counted and frame is not None:
                            rows.append(row)
                            times_s.append(frame.stamp_ns * 1e-9)
                    yield Play(recording, name, variant, step, backwards, start, rows, times_s)
