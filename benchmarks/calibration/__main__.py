"""`python -m benchmarks.calibration --apply`: fits the probability that a pose is right, and covariances, anew.

Learns from rendered scenes with defects of cameras and models, of made-up objects and of a library's. Is judged on
other such scenes, of made-up objects and scanned ones, and on recordings, none of which it learned from. Writes the
tables of docs/scores.md, benchmarks/results/calibration.json, and with --apply
foundation_pose_ros/uncertainty/fitted_constants.py. With --as-shipped it judges what is written there.
"""

import pickle
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.calibration.constants import CONSTANTS, ERRORS, SHIPPED, TASKS, Constants, written
from benchmarks.calibration.fit import (
    Errors,
    fitted_confidence,
    fitted_covariance,
    fitted_errors,
    stated_ratios,
)
from benchmarks.calibration.gathering import Place, gathered, places, samples_of, spread
from benchmarks.calibration.reliability import consistency, judged
from benchmarks.calibration.sample import Sample
from benchmarks.calibration.samples import THIN, Looks
from benchmarks.calibration.scenes import RECORDINGS
from benchmarks.reporting import calibration_tables
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part
from benchmarks.reporting.results import data_folder
from foundation_pose_ros.atomic_file import replacing, write_text
from foundation_pose_ros.runtime.provenance import commit, version
from foundation_pose_ros.selection.plausibility import Plausibility
from foundation_pose_ros.selection.scorer import Evidence
from foundation_pose_ros.uncertainty.confidence import Confidence, Cues
from foundation_pose_ros.uncertainty.covariance import CovarianceModel

_RECORDED = "recordings"  # all of them together
# Kinds of objects that are learned from, by the group of places where they are seen.
_LEARNED = {"fit": "made up, learned from", "library": "library, learned from"}
# A centre that is off by more, in diameters, is that of another thing.
_NEAR_SHARE = 0.15
_ESTIMATED = ("registered", "tracked", "tracked, first step")
# Leads that are larger tell a pose from its turns. What others may be turned by isn't in their covariance, but stated
# beside it (`turned_limits`).
_TOLD_LEAD = 0.2


def main(
    fit: Annotated[
        int,
        typer.Option(help="Rendered scenes to learn from, a third as many of a library, half as many tables."),
    ] = 48,
    held_out: Annotated[int, typer.Option(help="Rendered scenes to judge by; two thirds as many scanned ones.")] = 24,
    thin: Annotated[bool, typer.Option(help="Look at each object in a third of the frames.")] = False,
    processes: Annotated[int, typer.Option(help="At work side by side.")] = 2,
    samples: Annotated[
        Path | None, typer.Option(help="Keeps the samples, scene by scene: what is there isn't taken anew.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of recordings; FOUNDATION_PERCEPTION_DATA, or ../shared/data.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
    apply: Annotated[
        bool | None,
        typer.Option("--apply/--as-shipped", help="Write the constants into the code; or judge those, and fit none."),
    ] = None,
) -> None:
    """Gather, fit, judge, write."""
    data = data_folder(data)
    kept: dict[Place, list[Sample]] = {}
    if samples is not None and samples.is_file():
        kept = pickle.loads(samples.read_bytes())
    fresh = not kept
    wanted = places(fit, held_out, data)
    taken = partial(samples_of, data, THIN if thin else Looks())
    for _ in gathered([place for place in spread(wanted) if place not in kept], taken, kept, processes):
        if samples is not None:
            with replacing(samples) as unfinished:
                unfinished.write_bytes(pickle.dumps(kept))
    groups: dict[str, list[Sample]] = {}
    for group, key in wanted:
        for name in _groups_of(group):
            groups.setdefault(name, []).extend(kept[group, key])
    constants = SHIPPED if apply is False else fitted_to(groups)
    text = written(constants)
    print(text)
    if apply:
        write_text(CONSTANTS, text)
    run = {
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "version": version(),
        "commit": commit(),
        "command": f"python -m benchmarks.calibration {'--as-shipped' if apply is False else '--apply'} "
        f"--fit {fit} --held-out {held_out}{' --thin' * thin}",
        "samples": "of this run" if fresh else "some of earlier runs, read from a file: older than the commit above",
    }
    publish(PART, run | judged_constants(constants, groups), output)


def _groups_of(group: str) -> tuple[str, ...]:
    """List what a place's group is part of: crowded tables are learned from, made-up objects and a library's."""
    if group in RECORDINGS:
        return (group, _RECORDED)
    if group == "crowded":
        return ("fit",)
    return ("fit", _LEARNED[group]) if group in _LEARNED else (group,)


def fitted_to(groups: Mapping[str, list[Sample]]) -> Constants:
    """Fit all constants to the groups that are learned from."""
    learned = [groups[kind] for kind in _LEARNED.values() if kind in groups]
    covariance = fitted_covariance(errors_of(groups["fit"]))
    return Constants(
        {task: fitted(groups["fit"], task, cues) for task, (_, cues) in TASKS.items()},
        covariance,
        {task: fitted_errors([told_errors_of(part, task) for part in learned], covariance) for task in ERRORS},
    )


def judged_constants(constants: Constants, groups: Mapping[str, list[Sample]]) -> dict[str, Any]:
    """Say how well constants hold on each group of samples: scores, covariances and stated errors."""
    confidences, covariance = constants.confidences, constants.covariance
    return {
        "scenes": {group: len({s.place for s in part}) for group, part in groups.items()},
        "confidence": {
            task: {"fitted": asdict(one), **{g: judged_on(part, {task: one}) for g, part in groups.items()}}
            for task, one in confidences.items()
        }
        | {"every": {g: judged_on(part, confidences) for g, part in groups.items()}},
        "kinds": {
            task: {g: scores_by_kind(part, task, one) for g, part in groups.items()}
            for task, one in confidences.items()
        },
        "covariance": {
            "fitted": asdict(covariance),
            **{
                task: {g: consistent_on(part, task, covariance) for g, part in groups.items()}
                for task in ("register", "track")
            },
        },
        "errors": {
            task: {"fitted": asdict(one), **{g: stated_on(part, task, constants) for g, part in groups.items()}}
            for task, one in constants.errors.items()
        },
    }


def fitted(samples: list[Sample], task: str, names: list[str]) -> Confidence:
    """Fit the probability of one task to its poses."""
    learned = _of(samples, task)
    right = np.array([s.right for s in learned])
    return fitted_confidence(_cues(learned), right, names, earlier=task == "track")


def judged_on(samples: list[Sample], confidences: Mapping[str, Confidence]) -> dict[str, Any] | None:
    """Judge the whole of a group; confidences: of the tasks that are looked at."""
    part = [s for task in confidences for s in _of(samples, task)]
    right = np.array([s.right for s in part])
    if len(np.unique(right)) < 2:
        return None
    p = np.concatenate([_scores(_of(samples, task), confidence) for task, confidence in confidences.items()])
    clusters = {key: k for k, key in enumerate(dict.fromkeys(s.cluster for s in part))}
    return judged(p, right, np.array([clusters[s.cluster] for s in part]))


def scores_by_kind(samples: list[Sample], task: str, confidence: Confidence) -> list[dict[str, Any]]:
    """List what each kind of a task's poses scores."""
    part = _of(samples, task)
    scores: dict[tuple[str, bool], list[float]] = {}
    for sample, score in zip(part, _scores(part, confidence), strict=True):
        scores.setdefault((sample.kind, sample.right), []).append(float(score))
    return [
        {
            "kind": kind,
            "right": right,
            "n": len(of_kind),
            "percentiles_10_50_90": np.percentile(of_kind, [10, 50, 90]).round(3).tolist(),
        }
        for (kind, right), of_kind in sorted(scores.items())
    ]


def errors_of(samples: list[Sample], tasks: Iterable[str] = ("register", "track"), right: bool = False) -> Errors:
    """Return errors of poses that the estimator gave: of right ones alone, or of all that are near the truth.

    Right ones are cut off where they would be wrong, which is where badly known directions show.
    """
    own = [s for s in samples if s.task in tasks and s.kind in _ESTIMATED and s.error is not None]
    own = [s for s in own if (s.right if right else _near(s))]
    names = ("information", "variance_m2", "points_information", "distance_m")
    known = {name: np.array([getattr(s.error, name) for s in own]) for name in names}
    twists = np.array([s.error.twist for s in own if s.error is not None])
    return Errors(twists=twists, diameter_m=np.array([s.diameter_m for s in own]), **known)


def told_errors_of(samples: list[Sample], task: str) -> Errors:
    """Return errors of one task's right poses that are told from turns of them."""
    return errors_of([s for s in samples if s.lead > _TOLD_LEAD], (task,), right=True)


def _near(sample: Sample) -> bool:
    moved_m = np.linalg.norm(sample.error.twist[:3]) if sample.error is not None else np.inf
    return bool(moved_m < _NEAR_SHARE * sample.diameter_m)


def consistent_on(samples: list[Sample], task: str, model: CovarianceModel) -> dict[str, Any] | None:
    """Sum up normalised errors of one task's poses in a group."""
    errors = errors_of(samples, (task,))
    return consistency(errors.twists, errors.covariances(model)) if len(errors.twists) else None


def stated_on(samples: list[Sample], task: str, constants: Constants) -> dict[str, Any] | None:
    """Return the shares of one task's told errors in a group that are within what is stated for 68 and 95 %."""
    errors = told_errors_of(samples, task)
    if not len(errors.twists):
        return None
    moved, turned = stated_ratios(errors, constants.covariance)
    stated = constants.errors[task]
    within = {
        "translation": (moved <= np.array(stated.translation)).mean(axis=0),
        "rotation": (turned <= np.array(stated.rotation)).mean(axis=0),
    }
    return {"n": len(moved)} | {name: shares.round(3).tolist() for name, shares in within.items()}


def _of(samples: list[Sample], task: str) -> list[Sample]:
    return [s for s in samples if s.task == task]


def _scores(samples: list[Sample], confidence: Confidence) -> np.ndarray:
    """Return what an estimator with these constants scores (n,)."""
    return confidence(_cues(samples))


def _cues(samples: list[Sample]) -> Cues:
    names = [name for name in Evidence.__dataclass_fields__ if name != "rank"]
    # Of samples that were taken before a cue was made it isn't known.
    said = {name: np.array([s.evidence.get(name, np.nan) for s in samples]) for name in names}
    leads, earlier = np.array([s.lead for s in samples]), np.array([s.earlier_lead for s in samples])
    ways = np.array([s.ways for s in samples])
    around = {item.name: np.array([getattr(s.plausible, item.name) for s in samples]) for item in fields(Plausibility)}
    return replace(Cues.of(Evidence(rank=np.zeros(len(samples)), **said), leads, earlier, ways=ways), **around)


PART = Part(
    name="calibration",
    about="how far scores and covariances are from what happens",
    result="calibration.json",
    tables={
        "calibration": calibration_tables.calibration,
        "diagrams": calibration_tables.diagrams,
        "percentiles": calibration_tables.percentiles,
        "consistency": calibration_tables.consistency,
        "stated": calibration_tables.stated,
    },
)


if __name__ == "__main__":
    typer.run(main)
