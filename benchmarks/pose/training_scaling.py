"""`python -m benchmarks.pose.training_scaling`: what more meshes, pairs and parameters bring the compact scorer.

One run of training for each point, all judged on the same sets of meshes that none has seen. A run that was stopped
goes on, and what is finished is read. Writes benchmarks/results/training_scaling.json, its tables and the figure.
"""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.pose.compact_points import CompactRun
from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import ROOT, origin
from benchmarks.reporting.scaling_laws import against, figure, laws_table, point
from foundation_pose_ros.atomic_file import write_text
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.training.compact_settings import CompactScoreSettings, ScoreStage
from foundation_pose_ros.training.score_task import ScoreTask, ScoreValidation

FIGURE = ROOT / "docs" / "images" / "training_scaling.svg"
SETS, STEPS = 8, 400
ALL, BASE = 0, (32, 64, 128)
MESHES = (10, 30, 100, 300, ALL)
WIDTHS = ((8, 16, 32), (16, 32, 64), BASE, (48, 96, 192))
PAIRS_AT_STEPS = (100, 200, 400, 800, 1600)
SEEDS = (0, 1, 2)
VALIDATION_SETS = 512
# What the laws are asked for.
ASKED = {"meshes": 40_000, "pairs": 10_000_000, "parameters": 3_000_000}
TITLES = {"meshes": "meshes", "pairs": "pairs seen", "parameters": "parameters"}


def main(
    runs: Annotated[Path, typer.Option(help="Folder of the runs, to go on in.")] = Path("runs/training_scaling"),
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Train what isn't trained yet, and write JSON, tables and the figure."""
    report = measure(runs) | {"command": "python -m benchmarks.pose.training_scaling"}
    publish(PART, report, output)
    if output is None:
        write_text(FIGURE, figure(report, TITLES, "loss on meshes never seen"))
    print(PART.markdown(report))


def measure(runs: Path) -> Report:
    """Return losses against each of meshes, pairs and parameters, the laws through them, and the spread of seeds."""

    def run(name: str, **changes: Any) -> CompactRun:
        return CompactRun(runs / name, ScoreTask, partial(_settings, **changes), _kept)

    base = run("all")
    pairs = [base.at(steps) for steps in PAIRS_AT_STEPS]
    usual = base.at(STEPS)
    made = {
        "meshes": [usual if n == ALL else run(f"meshes_{n}", most_meshes=n).at(STEPS) for n in MESHES],
        "pairs": pairs,
        "parameters": [usual if w == BASE else run(f"width_{w[0]}", widths=w).at(STEPS) for w in WIDTHS],
    }
    seeds = [usual if seed == SEEDS[0] else run(f"seed_{seed}", seed=seed).at(STEPS) for seed in SEEDS]
    return provenance({"sets": SETS, "steps": STEPS, "validation_sets": VALIDATION_SETS}) | {
        "against": {name: _against(name, found) for name, found in made.items()},
        "seeds": [point(float(found["pairs"]), found["loss"]) | _also(found) for found in seeds],
    }


def _settings(**changes: Any) -> CompactScoreSettings:
    return CompactScoreSettings(
        network="compact_score",
        stages=(ScoreStage(max(PAIRS_AT_STEPS), SETS),),
        validate_every=max(PAIRS_AT_STEPS),
        validation_sets=VALIDATION_SETS,
        **changes,
    )


def _kept(found: ScoreValidation) -> dict[str, Any]:
    return {"loss": found.loss, "right_first": found.right_first[0]}


def _also(found: dict[str, np.ndarray]) -> dict[str, float]:
    return {"right_first": round(float(found["right_first"]), 4)}


def _against(name: str, found: list[dict[str, np.ndarray]]) -> dict[str, Any]:
    made = against([float(one[name]) for one in found], np.stack([one["loss"] for one in found]), ASKED[name])
    points = [known | _also(one) for known, one in zip(made["points"], found, strict=True)]
    return made | {"points": points}


def points_table(report: Report) -> str:
    """Return losses and shares at each point."""
    lines = ["| grows | n | loss | right turn first |", "|---|---|---|---|"]
    for name, found in report["against"].items():
        lines += [
            f"| {TITLES[name]} | {one['n']:,} | {one['loss']:.3f} ± {one['standard_error']:.3f} "
            f"| {one['right_first']:.3f} |".replace(",", " ")
            for one in found["points"]
        ]
    seeds = [one["loss"] for one in report["seeds"]]
    spread = f"Other seeds of the run with all meshes, {STEPS} steps: losses {', '.join(f'{x:.3f}' for x in seeds)}."
    return "\n".join([*lines, "", spread, "", origin(report)])


PART = Part(
    "training_scaling",
    "what more meshes, pairs and parameters bring the compact scorer",
    "training_scaling.json",
    {"training_scaling": points_table, "training_scaling_laws": lambda report: laws_table(report, TITLES)},
)


if __name__ == "__main__":
    typer.run(main)
