"""`python -m benchmarks.pose.refiner_scaling`: what more meshes, pairs and parameters bring the compact refiner.

One run of training for each point, all judged on the same sets of meshes that none has seen. A run that was stopped
goes on, and what is finished is read. Writes benchmarks/results/refiner_scaling.json, its tables and the figure.
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
from foundation_pose_ros.networks import compact_refine_net
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.training.compact_settings import CompactRefineSettings, RefineStage
from foundation_pose_ros.training.refine_task import RefineTask, StepValidation

FIGURE = ROOT / "docs" / "images" / "refiner_scaling.svg"
SETS, STEPS = 4, 200
ALL = 0
MESHES = (10, 30, 100, 300, ALL)
WIDTHS = ((12, 24), (24, 48), (48, 96), (96, 192))
PAIRS_AT_STEPS = (50, 100, 200, 400)
SEEDS = (0, 1)
VALIDATION_SETS = 128
# What the laws are asked for.
ASKED = {"meshes": 40_000, "pairs": 10_000_000, "parameters": 3_000_000}
TITLES = {"meshes": "meshes", "pairs": "pairs seen", "parameters": "parameters"}


def main(
    runs: Annotated[Path, typer.Option(help="Folder of the runs, to go on in.")] = Path("runs/refiner_scaling"),
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Train what isn't trained yet, and write JSON, tables and the figure."""
    report = measure(runs) | {"command": "python -m benchmarks.pose.refiner_scaling"}
    publish(PART, report, output)
    if output is None:
        write_text(FIGURE, figure(report, TITLES, "left of the error on meshes never seen"))
    print(PART.markdown(report))


def measure(runs: Path) -> Report:
    """Return what a step leaves against meshes, pairs and parameters, the laws through it, and the spread of seeds."""

    def run(name: str, **changes: Any) -> CompactRun:
        return CompactRun(runs / name, RefineTask, partial(_settings, **changes), _kept)

    base = run("all")
    early = [base.at(steps) for steps in PAIRS_AT_STEPS if steps <= STEPS]
    usual = early[-1]
    meshes = [usual if n == ALL else run(f"meshes_{n}", most_meshes=n).at(STEPS) for n in MESHES]
    seeds = [usual if seed == SEEDS[0] else run(f"seed_{seed}", seed=seed).at(STEPS) for seed in SEEDS]
    widths = [
        usual if wide == compact_refine_net.WIDTHS else run(f"widths_{wide[0]}", widths=wide).at(STEPS)
        for wide in WIDTHS
    ]
    pairs = early + [base.at(steps) for steps in PAIRS_AT_STEPS if steps > STEPS]
    made = {"meshes": meshes, "pairs": pairs, "parameters": widths}
    return provenance({"sets": SETS, "steps": STEPS, "validation_sets": VALIDATION_SETS}) | {
        "against": {name: _against(name, found) for name, found in made.items()},
        "seeds": [point(float(found["pairs"]), found["loss"]) for found in seeds],
    }


def _settings(**changes: Any) -> CompactRefineSettings:
    return CompactRefineSettings(
        network="compact_refine",
        stages=(RefineStage(max(PAIRS_AT_STEPS), SETS),),
        learning_rate=2e-3,
        validate_every=max(PAIRS_AT_STEPS),
        validation_sets=VALIDATION_SETS,
        **changes,
    )


def _kept(found: StepValidation) -> dict[str, Any]:
    """What a step leaves of the error of each set's poses together, (N,): pairs of one picture say little alone."""
    before, after = (errors.reshape(VALIDATION_SETS, -1).mean(axis=1) for errors in (found.before, found.after))
    median, farther = found.logged
    return {"loss": after / before, "median": median, "farther": farther}


def _against(name: str, found: list[dict[str, np.ndarray]]) -> dict[str, Any]:
    made = against([float(one[name]) for one in found], np.stack([one["loss"] for one in found]), ASKED[name])
    points = [
        known | {key: round(float(one[key]), 4) for key in ("median", "farther")}
        for known, one in zip(made["points"], found, strict=True)
    ]
    return made | {"points": points}


def points_table(report: Report) -> str:
    """Return what one step leaves, and how often it ends farther off, at each point."""
    lines = ["| grows | n | left | median of pairs | farther |", "|---|---|---|---|---|"]
    for name, found in report["against"].items():
        lines += [
            f"| {TITLES[name]} | {one['n']:,} | {one['loss']:.3f} ± {one['standard_error']:.3f} "
            f"| {one['median']:.3f} | {one['farther']:.3f} |".replace(",", " ")
            for one in found["points"]
        ]
    seeds = ", ".join(f"{one['loss']:.3f}" for one in report["seeds"])
    steps = report["settings"]["steps"]
    return "\n".join(
        [*lines, "", f"Seeds of the run with all meshes, {steps} steps: left {seeds}.", "", origin(report)]
    )


PART = Part(
    "refiner_scaling",
    "what more meshes, pairs and parameters bring the compact refiner",
    "refiner_scaling.json",
    {"refiner_scaling": points_table, "refiner_scaling_laws": lambda report: laws_table(report, TITLES)},
)


if __name__ == "__main__":
    typer.run(main)
