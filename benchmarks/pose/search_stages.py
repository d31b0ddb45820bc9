"""`python -m benchmarks.pose.search_stages`: at which stage a search without a mask loses what it looks for.

In the views of `first_poses` the search for each object is followed from the regions that are proposed to the score.
Where it goes wrong, the stage is named after which nothing is left of the right answer. Prints a line for each object
in each view, and writes benchmarks/results/search_stages.json and its table.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.pose.first_poses import SURE
from benchmarks.pose.views import KINDS, Views, held_out, to_fit
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report, Scope
from benchmarks.reporting.results import data_folder, origin
from foundation_pose_ros import Frame, InputRefused, PoseEstimator, PoseResult
from foundation_pose_ros.arrays import Mask, Pose
from foundation_pose_ros.estimation.first_look import Start
from foundation_pose_ros.estimation.methods import GeometricMethods
from foundation_pose_ros.estimation.object_proposals import Proposal
from foundation_pose_ros.estimation.overlap import PosedObject
from foundation_pose_ros.estimation.prepared_object import PreparedObject
from foundation_pose_ros.evaluation.evaluate import Judge
from foundation_pose_ros.evaluation.metrics import RECALL_FRACTION
from foundation_pose_ros.evaluation.runner import Estimate
from foundation_pose_ros.observation.downsampled_depth import DownsampledDepth
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.str_enum import StrEnum
from foundation_pose_ros.tracking.state_machine import TrackState

# A region is on the object where so much of it shows the object, and it shows so much of what is seen of that.
_INSIDE, _COVERED = 0.6, 0.2
_SCENES = 4
_LACK = ", for want of a start near enough"


class SearchStage(StrEnum):
    """Where the right answer is lost, in the order of the search."""

    PROPOSED = "no region on it"
    LIKENESS = "too unlike by size and colours"
    GLANCED = "glanced at, not refined"
    REFINED = "refined, not registered"
    REGISTERED = "registered in another pose"
    CHOSEN = "right, another pose scored higher"
    CLAIMED = "right, another object has its pixels"
    BELIEVED = "right, below 0.5"
    FOUND = "right, above 0.5"


@dataclass(frozen=True)
class Followed:
    """What became of the search for one object in one view.

    starts_lack: where it was lost before it was registered, whether it would have gone on had the true pose been among
    those looked at. regions: how many are on the object.
    """

    source: str
    frame_id: str
    object_name: str
    stage: SearchStage
    starts_lack: bool
    regions: int
    score: float

    def __str__(self) -> str:
        lack = " (the true pose would have gone on)" if self.starts_lack else ""
        where = f"{self.source} {self.frame_id} {self.object_name}"
        return f"{where}: {self.stage}{lack}; {self.regions} regions, score {self.score:.2f}"


Right = Callable[[PoseResult], bool]


@dataclass(frozen=True, eq=False)
class StagedSearch:
    """The search for one object in one frame, taken apart. T_true: (4, 4). right: judges a pose."""

    estimator: PoseEstimator
    prepared: PreparedObject
    frame: Frame
    T_true: Pose
    right: Right

    def followed(self, found: PoseResult | None) -> tuple[SearchStage, bool, int]:
        """Return where it was lost, whether starts lacked, and how many regions are on the object.

        found: what came of it, beside the other objects.
        """
        name, look = self.prepared.model.name, self.prepared.look
        things, spots = self.estimator.propose(self.frame, name), self.estimator.spots(self.frame, name)
        count = sum(self.on_it(one) for one in (*things, *spots))
        if found is not None and self.right(found):
            return (SearchStage.FOUND if found.score > SURE else SearchStage.BELIEVED), False, count
        rounds = list(look.rounds(self.frame, things, lambda: spots))
        if any(self.on_it(one.proposal) for one in rounds[-1]):
            return self._registered(found), False, count
        if not any(self.on_it(one) for one in things):
            looked_at = len(rounds) > 1 + len(look.settings.stages) and count > 0
            return (SearchStage.REFINED if looked_at else SearchStage.PROPOSED), False, count
        if not any(self.on_it(one.proposal) for one in rounds[0]):
            return SearchStage.LIKENESS, False, count
        number = next(k for k, starts in enumerate(rounds[1:]) if not any(self.on_it(one.proposal) for one in starts))
        least = rounds[number][: look.settings.most[number]][-1].promise
        lack = any(self._promise(one, number) > least for one in rounds[number] if self.on_it(one.proposal))
        return (SearchStage.REFINED if number else SearchStage.GLANCED), lack, count

    def on_it(self, proposal: Proposal) -> bool:
        """Tell whether a region is on the object."""
        mask = proposal.mask[np.ix_(self._depth.v, self._depth.u)]
        both = (mask & self._seen).sum()
        return bool(both > _INSIDE * mask.sum() and (proposal.spot or both > _COVERED * self._seen.sum()))

    def _registered(self, found: PoseResult | None) -> SearchStage:
        """Tell where it is lost after regions on it are left: of those, not all are registered."""
        looked = self.estimator.looked(self.frame, self.prepared.model.name)
        if not any(self.on_it(one) for one in looked):
            return SearchStage.REFINED
        poses = []
        for proposal in looked:
            with suppress(InputRefused):
                poses.append(self.estimator.find(self.frame, proposal, self.prepared.model.name))
        if not any(self.right(pose) for pose in poses):
            return SearchStage.REGISTERED
        return SearchStage.CLAIMED if self.right(max(poses, key=lambda pose: pose.score)) else SearchStage.CHOSEN

    def _promise(self, start: Start, number: int) -> float:
        """Return what a start would promise in the round of this number with the true pose among its hypotheses."""
        look = self.prepared.look
        seen = start.crop.observe(look.settings.stages[max(number - 1, 0)].size)
        evidence = look.compare.scorer.score(seen, self.T_true[None].astype(np.float32))
        return float(look.promises(evidence, start.proposal)[0])

    @cached_property
    def _depth(self) -> DownsampledDepth:
        return DownsampledDepth.of(self.frame)

    @cached_property
    def _seen(self) -> Mask:
        """(h, w) bool: where the object is seen."""
        height, width = self._depth.depth_m.shape
        posed = PosedObject(self.prepared.model, self.prepared.renderer, self.T_true)
        return posed.explained(self._depth, (slice(0, height), slice(0, width)))


def follow(views: Views) -> Iterator[Followed]:
    """Follow the search for each object in each view; objects that aren't there are searched for with them."""
    sequence = views.sequence
    models = [sequence.model(name) for name in sequence.object_names]
    estimator = PoseEstimator([*models, *views.absent])
    prepared = {model.name: GeometricMethods().prepare(model) for model in models}
    judges = {model.name: Judge(model) for model in models}
    for frame_id in views.frame_ids:
        frame, names = sequence.frame(frame_id), views.shown(frame_id)
        found = {one.object_name: one for one in estimator.search(frame, [*names, *views.missing(frame_id)])}
        for name in names:
            T_true = sequence.truth(frame_id, name)
            assert T_true is not None

            def right(pose: PoseResult, name: str = name, frame_id: str = frame_id) -> bool:
                row = judges[name](sequence, Estimate(frame_id, name, TrackState.TRACKING, pose, 0.0))
                return bool(row.add_m < RECALL_FRACTION * row.diameter_m)

            search = StagedSearch(estimator, prepared[name], frame, T_true, right)
            score = found[name].score if name in found else 0.0
            yield Followed(views.source, frame_id, name, *search.followed(found.get(name)), score)


def main(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of recordings and meshes; FOUNDATION_PERCEPTION_DATA, or ../shared/data."),
    ] = None,
    scenes: Annotated[int, typer.Option(help="Rendered scenes of each kind.")] = _SCENES,
    only: Annotated[list[str] | None, typer.Option(help="A recording or kind of scenes; may be given again.")] = None,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
    fit: Annotated[bool, typer.Option(help="Scenes to fit constants on, instead of all that is held out.")] = False,
) -> None:
    """Follow the searches, print where each was lost, and write JSON and table."""
    folder = data_folder(data)
    report = measure(to_fit(folder, scenes) if fit else held_out(folder, scenes, only), scenes)
    asked = (
        f" --scenes {scenes}" * (scenes != _SCENES) + "".join(f" --only {name}" for name in only or []) + " --fit" * fit
    )
    report["command"] = f"python -m benchmarks.pose.search_stages{asked}"
    if not fit or output is not None:
        publish(PART, report, output)
    print(PART.markdown(report))


def measure(sources: Iterable[Views], scenes: int) -> dict[str, Any]:
    """Return how often each stage was where a search was lost, by kind of views."""
    lost: dict[str, Counter[str]] = {}
    for views in sources:
        first = views.source.split()[0]
        kind = first if first in KINDS else "recordings"
        for one in follow(views):
            print(one, flush=True)
            lost.setdefault(kind, Counter())[one.stage + (_LACK if one.starts_lack else "")] += 1
    return provenance({"scenes": scenes}) | {"lost": {kind: dict(counts) for kind, counts in lost.items()}}


def table(report: Report) -> str:
    """Return a line for each stage, a column for each kind of views."""
    kinds = list(report["lost"])
    lines = [f"| the right answer is lost: | {' | '.join(kinds)} |", "|---|" + "---|" * len(kinds)]
    for stage in (name + lack for name in SearchStage for lack in ("", _LACK)):
        counts = [report["lost"][kind].get(stage, 0) for kind in kinds]
        if any(counts):
            lines.append(f"| {stage} | {' | '.join(map(str, counts))} |")
    return "\n".join([*lines, "", f"{report['settings']['scenes']} rendered scenes of each kind. {origin(report)}"])


def _measured(scope: Scope) -> Report:
    scenes = 1 if scope.quick else _SCENES
    return measure(held_out(scope.data, scenes), scenes)


PART = Part(
    name="search_stages",
    about="at which stage a search without a mask loses what it looks for",
    result="search_stages.json",
    tables={"search_stages": table},
    measure=_measured,
    in_bench=False,
)

if __name__ == "__main__":
    typer.run(main)
