"""`python -m benchmarks.segmentation.training_scaling`: what more tasks to learn from bring UniverSeg at equal steps.

One run of training for each point, all judged on the same tasks of sources that none has seen. A run that was stopped
goes on, and what is finished is read. Writes benchmarks/results/segmentation_scaling.json, its tables and the figure.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import ROOT, data_folder, origin
from benchmarks.reporting.scaling_laws import against, figure, laws_table
from foundation_pose_ros import InputRefused
from foundation_pose_ros.atomic_file import write_text
from foundation_pose_ros.runtime.provenance import provenance
from universeg_ros.evaluation.metrics import bootstrap_interval
from universeg_ros.evaluation.protocol import EvaluationSettings, evaluate
from universeg_ros.evaluation.tasks import EvaluationTask, image_sources, read_task
from universeg_ros.network.checkpoints import load_checkpoint
from universeg_ros.segmenter_settings import DEFAULTS
from universeg_ros.support.preparation import Preparation
from universeg_ros.training.settings import DEFAULT_RUN, Mix, UniverSegStage, UniverSegTrainSettings
from universeg_ros.training.train import train

FIGURE = ROOT / "docs" / "images" / "segmentation_scaling.svg"
SIZE = 64
STAGE = UniverSegStage(SIZE, support=(1, 4), batch=3)
ALL = 0
# How many tasks, by how many steps each run has: whether more tasks pay may hang on these.
TASKS = {500: (10, 30, 68, ALL), 1500: (10, 30, ALL)}
# Laws go through the first seed's runs; the others say what sets, first weights and batches drawn anew change.
SEED = 0
ALSO = ((10, 1, 500), (ALL, 1, 500))
ASKED = 1000
# As the network alone sees the pictures, at the size that it was trained at.
JUDGED = EvaluationSettings(support_size=8, ensemble=1, baselines=False)
PLAIN = replace(DEFAULTS, likeness=False, zoom="never")
TITLES = {str(steps): f"tasks, {steps} steps" for steps in TASKS}


def main(
    runs: Annotated[Path, typer.Option(help="Folder of the runs, to go on in.")] = Path("runs/segmentation_scaling"),
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Train what isn't trained yet, and write JSON, tables and the figure."""
    report = measure(runs) | {"command": "python -m benchmarks.segmentation.training_scaling"}
    publish(PART, report, output)
    if output is None:
        write_text(FIGURE, figure(report, TITLES, "1 - Dice on tasks never seen"))
    print(PART.markdown(report))


def measure(runs: Path) -> Report:
    """Return 1 - Dice against tasks, the law through it, and other seeds; raises InputRefused without data."""
    data = data_folder() / "segmentation"
    judged = judged_tasks(data)
    files = trained_files(data, judged)
    if len(files) <= (most := max(map(max, TASKS.values()))):
        raise InputRefused("no_data", f"{data} holds {len(files)} sets to train on: more than {most} are needed")
    sources = image_sources(judged)

    def losses(count: int, seed: int, steps: int) -> np.ndarray:
        folder = runs / f"tasks_{count or 'all'}_seed_{seed}_steps_{steps}"
        return 1 - by_source(run(folder, drawn(files, count, seed), judged, seed, steps), sources)

    def curve(steps: int) -> dict[str, Any]:
        sizes = [count or len(files) for count in TASKS[steps]]
        return _against(sizes, np.stack([losses(count, SEED, steps) for count in TASKS[steps]]))

    found = {str(steps): curve(steps) for steps in TASKS}
    also = [
        {"tasks": count or len(files), "steps": steps, "seed": seed, "dice": _dice(losses(count, seed, steps))}
        for count, seed, steps in ALSO
    ]
    settings = {"size": SIZE, "judged": list(sources), "sources": len(set(sources.values())), "seed": SEED}
    return provenance(settings) | {"against": found, "seeds": also}


def judged_tasks(data: Path) -> list[EvaluationTask]:
    """Read the tasks that are never trained on, and those that the default run holds apart."""
    apart = UniverSegTrainSettings.from_yaml(DEFAULT_RUN).validation
    files = [*sorted((data / "eval").glob("*.npz")), *(data / "train" / f"{name}.npz" for name in apart)]
    return [read_task(file) for file in files]


def trained_files(data: Path, judged: Sequence[EvaluationTask]) -> list[Path]:
    """Return all other sets but those whose names begin with the same word: they may hold the same pictures."""
    apart = {task.name.split("_")[0] for task in judged}
    return [file for file in sorted((data / "train").glob("*.npz")) if file.stem.split("_")[0] not in apart]


def drawn(files: Sequence[Path], count: int, seed: int) -> list[Path]:
    """Draw so many of the files, all for 0: of one seed, more of them hold all that fewer do."""
    order = np.random.default_rng(seed).permutation(len(files))
    return [files[k] for k in order[: count or len(files)]]


def run(
    folder: Path, files: Sequence[Path], judged: Sequence[EvaluationTask], seed: int, steps: int
) -> dict[str, float]:
    """Train on these sets and return the mean Dice on each judged task; does what isn't done yet."""
    kept = folder / "dice.json"
    if not kept.is_file():
        settings = UniverSegTrainSettings(
            output=str(folder),
            data=tuple(map(str, files)),
            # Made-up tasks would be the same at each point, however many sets there are beside them.
            mix=Mix(real=1, deformed_maps=0, scattered_shapes=0, pseudo_labels=0),
            stages=(STAGE,),
            steps=steps,
            seed=seed,
        )
        model, _ = load_checkpoint(train(settings, lambda line: print(f"{folder.name}: {line}", flush=True)))
        dice = {
            task.name: round(float(np.mean([score.dice for score in scores])), 4)
            for task in judged
            for scores in [list(evaluate(model, task, JUDGED, base=PLAIN, preparation=Preparation(SIZE)))]
        }
        write_text(kept, json.dumps(dice, indent=1) + "\n")
    found: dict[str, float] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def by_source(dice: dict[str, float], sources: dict[str, str]) -> np.ndarray:
    """Return the mean Dice of each source of images (N,): tasks of the same images say little more than one."""
    return np.array(
        [
            np.mean([dice[task] for task, of in sources.items() if of == source])
            for source in dict.fromkeys(sources.values())
        ]
    )


def _against(sizes: Sequence[int], curve: np.ndarray) -> dict[str, Any]:
    """Points, with intervals of Dice and of what it gained since the fewest tasks, and the law through curve (P, N)."""
    found = against(sizes, curve, ASKED)
    points = [
        point | {"interval": _with_interval(1 - loss)[1:], "gained": _with_interval(curve[0] - loss)}
        for point, loss in zip(found["points"], curve, strict=True)
    ]
    return found | {"points": points}


def _dice(losses: np.ndarray) -> float:
    return round(float(1 - losses.mean()), 4)


def _with_interval(values: np.ndarray) -> list[float]:
    """Mean of values (N,) and the ends of its 95 % interval."""
    return [round(value, 4) for value in (float(values.mean()), *bootstrap_interval(values))]


def points_table(report: Report) -> str:
    """Return Dice at each point, and what the other seeds gave."""
    lines = ["| steps | tasks | Dice (95 %) | more than with the fewest (95 %) |", "|---|---|---|---|"]
    for steps, found in report["against"].items():
        for point in found["points"]:
            (low, high), (more, least, most) = point["interval"], point["gained"]
            gained = "" if point is found["points"][0] else f"{more:+.3f} ({least:+.3f} to {most:+.3f})"
            lines.append(f"| {steps} | {point['n']} | {1 - point['loss']:.3f} ({low:.2f} to {high:.2f}) | {gained} |")
    seeds = "; ".join(f"{one['tasks']} tasks, {one['steps']} steps: {one['dice']:.3f}" for one in report["seeds"])
    judged = f"{len(report['settings']['judged'])} tasks of {report['settings']['sources']} sources"
    return "\n".join(
        [*lines, "", f"{judged}. Sets, first weights and batches drawn anew: {seeds}.", "", origin(report)]
    )


PART = Part(
    "segmentation_scaling",
    "what more tasks to learn from bring UniverSeg",
    "segmentation_scaling.json",
    {"segmentation_scaling": points_table, "segmentation_scaling_laws": lambda report: laws_table(report, TITLES)},
)


if __name__ == "__main__":
    typer.run(main)
