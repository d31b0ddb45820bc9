"""`python -m benchmarks.segmentation.training_scaling`: what more tasks to learn from bring UniverSeg at equal steps.

One run of training for each point, all judged on the same tasks of sources that none has seen. A run that was stopped
goes on, and what is finished is read. Writes benchmarks/results/segmentation_scaling.json, its tables and the figure.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
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


@dataclass(frozen=True)
class Series:
    """Runs of so many steps over more and more tasks, 0 for all; the seed draws sets, first weights and batches."""

    steps: int
    seed: int
    tasks: tuple[int, ...]


# The law goes through the first; the others say what chance and more steps change.
SERIES = (Series(500, 0, (10, 30, 68, ALL)), Series(500, 1, (10, ALL)), Series(1500, 0, (10, ALL)))
ASKED = 1000
# As the network alone sees the pictures, at the size that it was trained at.
JUDGED = EvaluationSettings(support_size=8, ensemble=1, baselines=False)
PLAIN = replace(DEFAULTS, likeness=False, zoom="never")
TITLES = {"tasks": "tasks"}


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
    if len(files) <= (most := max(max(series.tasks) for series in SERIES)):
        raise InputRefused("no_data", f"{data} holds {len(files)} sets to train on: more than {most} are needed")
    sources = image_sources(judged)
    curves = []
    for series in SERIES:
        losses = []
        for count in series.tasks:
            folder = runs / f"tasks_{count or 'all'}_seed_{series.seed}_steps_{series.steps}"
            dice = run(folder, drawn(files, count, series.seed), judged, series)
            losses.append(1 - by_source(dice, sources))
        curves.append(np.stack(losses))
    sizes = [[count or len(files) for count in series.tasks] for series in SERIES]
    settings = {"size": SIZE, "judged": list(sources), "sources": len(set(sources.values()))}
    return provenance(settings) | {
        "against": {"tasks": against(sizes[0], curves[0], ASKED)},
        "series": [
            {"steps": series.steps, "seed": series.seed, "points": _points(n, curve)}
            for series, n, curve in zip(SERIES, sizes, curves, strict=True)
        ],
    }


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


def run(folder: Path, files: Sequence[Path], judged: Sequence[EvaluationTask], series: Series) -> dict[str, float]:
    """Train on these sets and return the mean Dice on each judged task; does what isn't done yet."""
    kept = folder / "dice.json"
    if not kept.is_file():
        settings = UniverSegTrainSettings(
            output=str(folder),
            data=tuple(map(str, files)),
            # Made-up tasks would be the same at each point, however many sets there are beside them.
            mix=Mix(real=1, deformed_maps=0, scattered_shapes=0, pseudo_labels=0),
            stages=(STAGE,),
            steps=series.steps,
            seed=series.seed,
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


def _points(n: Sequence[int], curve: np.ndarray) -> list[dict[str, Any]]:
    """Dice at each size from curve (P, N), and what it gained since the fewest tasks, source by source."""
    return [
        {"n": size, "dice": _with_interval(1 - loss), "gained": _with_interval(curve[0] - loss)}
        for size, loss in zip(n, curve, strict=True)
    ]


def _with_interval(values: np.ndarray) -> list[float]:
    """Mean of values (N,) and the ends of its 95 % interval."""
    return [round(value, 4) for value in (float(values.mean()), *bootstrap_interval(values))]


def points_table(report: Report) -> str:
    """Return Dice of all runs."""
    lines = ["| steps | seed | tasks | Dice (95 %) | more than with the fewest (95 %) |", "|---|---|---|---|---|"]
    for series in report["series"]:
        for point in series["points"]:
            (dice, low, high), (more, least, most) = point["dice"], point["gained"]
            gained = "" if point is series["points"][0] else f"{more:+.3f} ({least:+.3f} to {most:+.3f})"
            row = (series["steps"], series["seed"], point["n"], f"{dice:.3f} ({low:.2f} to {high:.2f})", gained)
            lines.append(f"| {' | '.join(map(str, row))} |")
    judged = f"{len(report['settings']['judged'])} tasks of {report['settings']['sources']} sources."
    return "\n".join([*lines, "", f"{judged} {origin(report)}"])


PART = Part(
    "segmentation_scaling",
    "what more tasks to learn from bring UniverSeg",
    "segmentation_scaling.json",
    {"segmentation_scaling": points_table, "segmentation_scaling_laws": lambda report: laws_table(report, TITLES)},
)


if __name__ == "__main__":
    typer.run(main)
