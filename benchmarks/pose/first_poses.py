"""`python -m benchmarks.pose.first_poses`: the first pose, from precise masks, from imprecise ones, and from none.

Views of recordings and of rendered tables with scanned objects, sparse and crowded. An object is registered from its
mask, as it is and made worse, and is searched for with no mask, together with objects that aren't there. Writes
benchmarks/results/first_poses.json and its table.

The constants of the search have seen the recordings. They may be fitted to those, and to the scenes of `--fit`, which
have other objects and seeds; the rendered scenes of the table are held out.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.pose.imprecise_masks import imprecise_masks
from benchmarks.pose.views import KINDS, SCENES, Views, held_out, to_fit
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report, Scope
from benchmarks.reporting.results import data_folder, origin
from foundation_pose_ros import InputRefused, PoseEstimator, PoseResult
from foundation_pose_ros.evaluation.evaluate import Judge
from foundation_pose_ros.evaluation.metrics import RECALL_FRACTION
from foundation_pose_ros.evaluation.runner import Estimate
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.tracking.state_machine import TrackState

SEARCH = "search"
# Above it a pose is believed.
SURE = 0.5


@dataclass(frozen=True)
class FirstPose:
    """What came out for one object in one view.

    source: recording, or kind and name of a scene. way: kind of mask, or SEARCH. present: False where the object isn't
    there. add_share, adds_share: ADD over symmetries and ADD-S in diameters, inf without a pose.
    """

    source: str
    frame_id: str
    object_name: str
    way: str
    present: bool
    score: float = 0.0
    add_share: float = np.inf
    adds_share: float = np.inf
    time_s: float = 0.0

    @property
    def right(self) -> bool:
        """Tell whether ADD over the object's symmetries is below a tenth of the diameter."""
        return self.present and self.add_share < RECALL_FRACTION


def main(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of recordings and meshes; FOUNDATION_PERCEPTION_DATA, or ../shared/data."),
    ] = None,
    scenes: Annotated[int, typer.Option(help="Rendered scenes of each kind.")] = SCENES,
    only: Annotated[list[str] | None, typer.Option(help="A recording or kind of scenes; may be given again.")] = None,
    ways: Annotated[list[str] | None, typer.Option(help="A kind of mask, or search; may be given again.")] = None,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
    fit: Annotated[bool, typer.Option(help="Scenes to fit constants on, instead of all that is held out.")] = False,
) -> None:
    """Measure, and write JSON and table."""
    folder = data_folder(data)
    report = measured_to_fit(folder, scenes, ways) if fit else measure(folder, scenes, only, ways)
    report["command"] = "python -m benchmarks.pose.first_poses" + "".join(f" --ways {way}" for way in ways or ())
    if fit and output is None:
        print(json.dumps(report["wrong"], indent=1))
    else:
        publish(PART, report, output)
    print(PART.markdown(report))


def measure(
    data: Path, scenes: int = SCENES, only: list[str] | None = None, ways: list[str] | None = None
) -> dict[str, Any]:
    """Return figures by source and way, and what was wrong."""
    found = [one for views in held_out(data, scenes, only) for one in judged(views, ways)]
    return provenance({"scenes": scenes}) | report_of(found)


def measured_to_fit(data: Path, scenes: int, ways: list[str] | None = None) -> dict[str, Any]:
    """Return the same of crowded scenes that constants may be fitted to."""
    found = [one for views in to_fit(data, scenes) for one in judged(views, ways)]
    return provenance({"scenes": scenes}) | report_of(found)


def judged(views: Views, ways: list[str] | None) -> Iterator[FirstPose]:
    """Register and search in each view."""
    sequence = views.sequence
    models = [sequence.model(name) for name in sequence.object_names]
    estimator = PoseEstimator([*models, *views.absent])
    judges = {model.name: Judge(model) for model in models}
    for frame_id in views.frame_ids:
        frame = sequence.frame(frame_id)
        names, missing = views.shown(frame_id), views.missing(frame_id)
        for name in names:
            mask = sequence.mask(frame_id, name)
            for way, imprecise in {} if mask is None else imprecise_masks(mask).items():
                if (ways and way not in ways) or not imprecise.any():
                    continue
                started_s, result = perf_counter(), None
                with suppress(InputRefused):
                    result = estimator.register(frame, imprecise, name)
                yield _judge(views, judges[name], frame_id, name, way, result, perf_counter() - started_s)
        if ways and SEARCH not in ways:
            continue
        started_s = perf_counter()
        results = {result.object_name: result for result in estimator.search(frame, [*names, *missing])}
        each_s = (perf_counter() - started_s) / max(len(names) + len(missing), 1)
        for name in names:
            yield _judge(views, judges[name], frame_id, name, SEARCH, results.get(name), each_s)
        for name in missing:
            score = results[name].score if name in results else 0.0
            yield FirstPose(views.source, frame_id, name, SEARCH, False, score, time_s=each_s)


def _judge(
    views: Views, judge: Judge, frame_id: str, name: str, way: str, result: PoseResult | None, time_s: float
) -> FirstPose:
    row = judge(views.sequence, Estimate(frame_id, name, TrackState.TRACKING, result, time_s))
    score = 0.0 if result is None else float(result.score)
    add_share, adds_share = row.add_m / row.diameter_m, row.adds_m / row.diameter_m
    return FirstPose(views.source, frame_id, name, way, True, score, add_share, adds_share, time_s)


def report_of(found: list[FirstPose]) -> dict[str, Any]:
    """Return figures of each way, over all views and over recordings alone, and what was wrong."""
    ways = list(dict.fromkeys(one.way for one in found))
    sources = {"recordings": [one for one in found if one.source.split()[0] not in KINDS]}
    sources |= {kind: [one for one in found if one.source.split()[0] == kind] for kind in KINDS}
    return {
        "ways": [
            {"views": source, "way": way, **_figures([one for one in group if one.way == way])}
            for source, group in sources.items()
            for way in ways
            if any(one.way == way for one in group)
        ],
        "wrong": [
            {
                "source": one.source,
                "frame": one.frame_id,
                "object": one.object_name,
                "way": one.way,
                "present": one.present,
                "score": round(one.score, 3),
                "add_share": round(one.add_share, 3) if np.isfinite(one.add_share) else None,
                "adds_share": round(one.adds_share, 3) if np.isfinite(one.adds_share) else None,
            }
            for one in found
            if not one.right and (one.present or one.score > SURE)
        ],
    }


def _figures(found: list[FirstPose]) -> dict[str, Any]:
    present, absent = [one for one in found if one.present], [one for one in found if not one.present]
    n = max(len(present), 1)
    return {
        "n": len(present),
        "right": round(sum(one.right for one in present) / n, 4),
        "right_adds": round(sum(one.adds_share < RECALL_FRACTION for one in present) / n, 4),
        "wrong_believed": round(sum(not one.right and one.score > SURE for one in present) / n, 4),
        "right_believed": round(sum(one.right and one.score > SURE for one in present) / n, 4),
        "absent": len(absent),
        "absent_believed": round(sum(one.score > SURE for one in absent) / max(len(absent), 1), 4),
        "median_time_s": round(float(np.median([one.time_s for one in found])), 3),
    }


def table(report: Report) -> str:
    """Return a line for each way of each kind of views."""
    lines = [
        "| views | from | right by ADD | by ADD-S | wrong and above 0.5 | absent and above 0.5 | median time |",
        "|---|---|---|---|---|---|---|",
    ]
    for entry in report["ways"]:
        absent = f"{entry['absent_believed']:.3f} of {entry['absent']}" if entry["absent"] else ""
        lines.append(
            f"| {entry['views']} | {entry['way']} | {entry['right']:.3f} of {entry['n']} | {entry['right_adds']:.3f} "
            f"| {entry['wrong_believed']:.3f} | {absent} | {entry['median_time_s']:.2f} s |"
        )
    return "\n".join([*lines, "", f"{report['settings']['scenes']} rendered scenes of each kind. {origin(report)}"])


def _measured(scope: Scope) -> Report:
    return measure(scope.data, 1 if scope.quick else SCENES)


PART = Part(
    name="first_poses",
    about="first poses from precise and imprecise masks, and from none",
    result="first_poses.json",
    tables={"first_poses": table},
    measure=_measured,
)

if __name__ == "__main__":
    typer.run(main)
