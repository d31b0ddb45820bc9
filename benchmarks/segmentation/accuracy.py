"""Dice of the shipped weights: on recorded tasks of other sources, on rendered objects, and by how examples are chosen.

The protocol is that of `universeg evaluate` (docs/universeg.md).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.reporting import segmentation_tables
from benchmarks.reporting.parts import Part, Report, Scope
from foundation_pose_ros import InputRefused
from foundation_pose_ros.runtime.provenance import provenance
from universeg_ros import UniverSeg
from universeg_ros.evaluation import report
from universeg_ros.evaluation.protocol import UNIVERSEG, EvaluationSettings, evaluate
from universeg_ros.evaluation.tasks import EvaluationTask, image_sources, read_task
from universeg_ros.network.checkpoints import UniverSegWeightsInfo, load_checkpoint
from universeg_ros.segmenter_settings import DEFAULTS, SegmenterSettings

WEIGHTS = ("default", "research")
SHOWN = EvaluationSettings(support_size=16, ensemble=5)
# Mirror images of everything as well, and a second look from closer by: eight times the work.
THOROUGH = SegmenterSettings(flips=True, zoom="always")
GRAY = replace(DEFAULTS, likeness=False)
FEW = 4
"""Examples shown where ways of choosing them are compared: with 16 of pools of 40 there is little to choose."""


def measure(scope: Scope, names: Sequence[str] = WEIGHTS) -> Report:
    """Judge those of these weights that are shipped on recorded tasks; raises InputRefused where there are none."""
    data, quick = scope.data, scope.quick
    recorded = [read_task(path) for path in sorted((data / "segmentation" / "eval").glob("*.npz"))]
    if not recorded:
        raise InputRefused("no_data", f"{data} holds no segmentation/eval/*.npz: set --data")
    limit = 1 if quick else 0
    result: Report = provenance({"quick": quick}) | {"weights": {}}
    for name, model, info in shipped(names):
        # What learns nothing across tasks is the same beside any weights.
        shown = replace(SHOWN, limit=limit, baselines=name == WEIGHTS[0])
        own: dict[str, Any] = {"licence": info.licence, "note": info.note}
        result["weights"][name] = own
        own["recorded"] = judged(model, recorded, shown, f"{name}, 16 examples")
        own["gray"] = judged(model, recorded, replace(shown, baselines=False), f"{name}, gray", GRAY)
        own["thorough"] = judged(
            model, recorded, replace(shown, baselines=False), f"{name}, mirrored, closer", THOROUGH
        )
        own["recorded_1"] = judged(
            model,
            recorded,
            EvaluationSettings(support_size=1, ensemble=5, baselines=False, limit=limit),
            f"{name}, 1 example",
        )
        own["patients_apart"] = judged(
            model,
            [task for task in recorded if task.patients != task.sources],
            replace(SHOWN, patients_apart=True, baselines=False, limit=limit),
            f"{name}, patients apart",
        )
        own["selection"] = _selections(model, recorded, limit)
    return result


def shipped(names: Sequence[str]) -> Iterator[tuple[str, UniverSeg, UniverSegWeightsInfo]]:
    """Yield those of these weights that are shipped, and say of the others why they can't be had."""
    for name in names:
        try:
            yield name, *load_checkpoint(name)
        except InputRefused as refused:
            Console(stderr=True).print(str(refused))


def _selections(model: UniverSeg, tasks: Sequence[EvaluationTask], limit: int) -> dict[str, float]:
    """Mean Dice with a few examples: drawn at random, and chosen for the query."""
    settings = EvaluationSettings(support_size=FEW, ensemble=1, baselines=False, limit=limit)
    large = [task for task in tasks if len(task.images) >= 4 * FEW]
    return {"support": FEW, "tasks": len(large)} | {
        choice: float(
            np.mean(
                [
                    np.mean([s.dice for s in evaluate(model, task, settings, base=replace(DEFAULTS, selection=choice))])
                    for task in track(large, f"{choice} examples", console=Console(stderr=True))
                ]
            )
        )
        for choice in ("random", "similar")
    }


def judged(
    model: UniverSeg,
    tasks: Sequence[EvaluationTask],
    settings: EvaluationSettings,
    title: str,
    base: SegmenterSettings = DEFAULTS,
) -> dict[str, Any]:
    """Per method the means over tasks and over image sources; per task the mean Dice."""
    bar = track(tasks, title, console=Console(stderr=True))
    scores = [score for task in bar for score in evaluate(model, task, settings, base=base)]
    made = report.as_json(scores, image_sources(tasks), {})
    return {
        "support": settings.support_size,
        "ensemble": settings.ensemble,
        "images": sum(entry["n"] for entry in made["tasks"].values()),
        "overall": made["overall"],
        "tasks": {
            name: {"n": entry["n"]} | {method: entry[method]["dice"] for method in made["overall"]}
            for name, entry in made["tasks"].items()
        },
        "time_s": made["overall"][UNIVERSEG]["median_time_s"],
    }


PART = Part(
    name="segmentation_accuracy",
    about="Dice of the shipped weights on recorded tasks",
    result="segmentation_accuracy.json",
    tables={
        "segmentation_recorded": segmentation_tables.recorded,
        "segmentation_tasks": segmentation_tables.tasks,
        "segmentation_selection": segmentation_tables.selection,
    },
    measure=measure,
)
