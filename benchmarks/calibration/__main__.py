"""`python -m benchmarks.calibration --apply`: fits the probability that a pose is right, and covariances, anew.

Learns from rendered scenes with defects of cameras and models. Is judged on other such scenes, made-up objects and
scanned ones, and on recordings, none of which it learned from. Writes the tables of docs/scores.md,
benchmarks/results/calibration.json, and with --apply foundation_pose_ros/uncertainty/fitted_constants.py.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.calibration.fit import Errors, fitted_confidence, fitted_covariance
from benchmarks.calibration.reliability import consistency, judged
from benchmarks.calibration.sample import Sample
from benchmarks.calibration.scenes import RECORDINGS, mesh_models, real_samples, rendered_samples
from benchmarks.calibration.workers import worker_processes
from benchmarks.reporting import calibration_tables
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part
from benchmarks.reporting.results import ROOT, data_folder
from foundation_pose_ros import ObjectModel
from foundation_pose_ros.atomic_file import replacing
from foundation_pose_ros.evaluation.provenance import commit, version
from foundation_pose_ros.selection.scorer import Evidence
from foundation_pose_ros.uncertainty import fitted_constants
from foundation_pose_ros.uncertainty.confidence import Confidence, Cues
from foundation_pose_ros.uncertainty.covariance import CovarianceModel

CONSTANTS = ROOT / "foundation_pose_ros" / "uncertainty" / "fitted_constants.py"
# What each probability is called, and its cues: those of a task that has a mask, and those of one that hasn't.
TASKS = {
    "register": ("REGISTERED", ["agreement", "outline", "visible", "border", "likeness"]),
    "find": ("FOUND", ["agreement", "visible", "border", "likeness"]),
    "track": ("TRACKED", ["agreement", "visible", "border", "likeness"]),
}
# A group, and a recording's name or a scene's seed in it.
Place = tuple[str, str | int]
_RECORDED = "recordings"  # all of them together
_FIRST_SEED = {"fit": 5000, "rendered": 9000, "scanned": 9500}
_ESTIMATED = ("registered", "tracked", "tracked, first step")


def main(
    fit: Annotated[int, typer.Option(help="Rendered scenes to learn from.")] = 48,
    held_out: Annotated[int, typer.Option(help="Rendered scenes to judge by; two thirds as many scanned ones.")] = 24,
    processes: Annotated[int, typer.Option(help="At work side by side.")] = 2,
    samples: Annotated[
        Path | None, typer.Option(help="Keeps the samples, scene by scene: what is there isn't taken anew.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of recordings; FOUNDATION_PERCEPTION_DATA, or ../shared/data.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
    apply: Annotated[bool, typer.Option(help="Write the constants into the code.")] = False,
    keep: Annotated[
        list[str] | None, typer.Option(help="register, find or track: judged with the constants that it has.")
    ] = None,
) -> None:
    """Gather, fit, judge, write."""
    data = data_folder(data)
    kept: dict[Place, list[Sample]] = {}
    if samples is not None and samples.is_file():
        kept = pickle.loads(samples.read_bytes())
    fresh = not kept
    wanted = places(fit, held_out, data)
    for _ in gathered([place for place in wanted if place not in kept], partial(samples_of, data), kept, processes):
        if samples is not None:
            with replacing(samples) as unfinished:
                unfinished.write_bytes(pickle.dumps(kept))
    groups: dict[str, list[Sample]] = {}
    for group, key in wanted:
        for name in (group, _RECORDED) if group in RECORDINGS else (group,):
            groups.setdefault(name, []).extend(kept[group, key])
    confidences = {task: fitted(groups["fit"], task, cues) for task, (_, cues) in TASKS.items()}
    confidences |= {task: getattr(fitted_constants, TASKS[task][0]) for task in keep or ()}
    covariance = fitted_covariance(errors_of(groups["fit"]))
    text = written(confidences, covariance)
    print(text)
    if apply:
        CONSTANTS.write_text(text)
    report: dict[str, Any] = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version(),
        "commit": commit(),
        "command": " ".join(["python -m benchmarks.calibration --apply", *(f"--keep {task}" for task in keep or ())]),
        "samples": "of this run" if fresh else "some of earlier runs, read from a file: older than the commit above",
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
    }
    publish(PART, report, output)


def fitted(samples: list[Sample], task: str, names: list[str]) -> Confidence:
    """Fit the probability of one task to its refined poses."""
    learned = _of(samples, task)
    return fitted_confidence(_cues(learned), np.array([s.right for s in learned]), names)


def judged_on(samples: list[Sample], confidences: Mapping[str, Confidence]) -> dict[str, Any] | None:
    """Judge the whole of a group; confidences: of the tasks that are looked at."""
    part = [s for task in confidences for s in _of(samples, task)]
    right = np.array([s.right for s in part])
    if len(np.unique(right)) < 2:
        return None
    p = np.concatenate([confidence(_cues(_of(samples, task))) for task, confidence in confidences.items()])
    clusters = {key: k for k, key in enumerate(dict.fromkeys(s.cluster for s in part))}
    return judged(p, right, np.array([clusters[s.cluster] for s in part]))


def scores_by_kind(samples: list[Sample], task: str, confidence: Confidence) -> list[dict[str, Any]]:
    """List what each kind of a task's poses scores."""
    part = _of(samples, task)
    scores: dict[tuple[str, bool], list[float]] = {}
    for sample, score in zip(part, confidence(_cues(part)), strict=True):
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


def errors_of(samples: list[Sample], tasks: Iterable[str] = ("register", "track")) -> Errors:
    """Return errors of right poses that the estimator gave."""
    own = [s for s in samples if s.task in tasks and s.right and s.kind in _ESTIMATED and s.error is not None]
    names = ("information", "variance_m2", "points_information", "distance_m")
    known = {name: np.array([getattr(s.error, name) for s in own]) for name in names}
    twists = np.array([s.error.twist for s in own if s.error is not None])
    return Errors(twists=twists, diameter_m=np.array([s.diameter_m for s in own]), **known)


def consistent_on(samples: list[Sample], task: str, model: CovarianceModel) -> dict[str, Any] | None:
    """Sum up normalised errors of one task's poses in a group."""
    errors = errors_of(samples, (task,))
    return consistency(errors.twists, errors.covariances(model)) if len(errors.twists) else None


def written(confidences: dict[str, Confidence], covariance: CovarianceModel) -> str:
    """Make the text of foundation_pose_ros/uncertainty/fitted_constants.py."""
    lines = [
        '"""What scores and covariances were fitted to be, written by `python -m benchmarks.calibration --apply`."""',
        "",
        "from .confidence import Confidence",
        "from .covariance import CovarianceModel",
        "",
    ]
    for task, (name, _) in TASKS.items():
        fit = confidences[task]
        pairs = [f'        ("{cue}", {below}, {above}),' for cue, below, above in fit.weights]
        lines += [f"{name} = Confidence(", f"    {fit.intercept},", "    (", *pairs, "    ),", ")"]
    constants = ", ".join(f"{name}={value}" for name, value in asdict(covariance).items())
    return "\n".join([*lines, f"COVARIANCE = CovarianceModel({constants})"]) + "\n"


def places(fit: int, held_out: int, data: Path) -> list[Place]:
    """List where samples are taken: recordings, and as many scenes of each group as are asked for."""
    scanned = 2 * held_out // 3 if _meshes(data / "meshes") else 0
    counts = {"fit": fit, "rendered": held_out, "scanned": scanned}
    recordings: list[Place] = [(name, name) for name in RECORDINGS if (data / "pose" / name).is_dir()]
    return recordings + [(group, _FIRST_SEED[group] + k) for group, count in counts.items() for k in range(count)]


def samples_of(data: Path, place: Place) -> list[Sample]:
    """Sample a recording, or a scene by its group and seed."""
    group, key = place
    if isinstance(key, str):
        return real_samples(data / "pose", key)
    return rendered_samples(key, _meshes(data / "meshes") if group == "scanned" else None)


def gathered(
    missing: list[Place], take: Callable[[Place], list[Sample]], kept: dict[Place, list[Sample]], processes: int
) -> Iterator[Place]:
    """Put samples of each place into `kept`, one place after the other."""
    with worker_processes(processes) as pool:
        found = zip(missing, pool.map(take, missing), strict=True)
        for place, part in track(found, "samples", total=len(missing), console=Console(stderr=True)):
            kept[place] = part
            yield place


@lru_cache(maxsize=1)
def _meshes(folder: Path) -> list[ObjectModel]:
    return mesh_models(folder)


def _of(samples: list[Sample], task: str) -> list[Sample]:
    return [s for s in samples if s.task == task and s.refined]


def _cues(samples: list[Sample]) -> Cues:
    names = [name for name in Evidence.__dataclass_fields__ if name != "rank"]
    # Of samples that were taken before a cue was made it isn't known.
    said = {name: np.array([s.evidence.get(name, np.nan) for s in samples]) for name in names}
    return Cues.of(Evidence(rank=np.zeros(len(samples)), **said))


PART = Part(
    name="calibration",
    about="how far scores and covariances are from what happens",
    result="calibration.json",
    tables={
        "calibration": calibration_tables.calibration,
        "diagrams": calibration_tables.diagrams,
        "percentiles": calibration_tables.percentiles,
        "consistency": calibration_tables.consistency,
    },
)


if __name__ == "__main__":
    typer.run(main)
