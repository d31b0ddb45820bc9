"""`python -m benchmarks.pose.training_scaling`: what more meshes, pairs and parameters bring the compact scorer.

One run of training for each point, all judged on the same sets of meshes that none has seen. A run that was stopped
goes on, and what is finished is read. Writes benchmarks/results/training_scaling.json, its tables and the figure.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.reporting.documents import publish
from benchmarks.reporting.log_chart import LogPanel, log_charts
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.power_law import PowerLaw
from benchmarks.reporting.results import ROOT, data_folder, origin
from foundation_pose_ros import InputRefused
from foundation_pose_ros.atomic_file import write_text
from foundation_pose_ros.runtime.provenance import provenance

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
# Points of a law's line in the figure.
_LINE = 24
_TITLES = {"meshes": "meshes", "pairs": "pairs seen", "parameters": "parameters"}


def main(
    runs: Annotated[Path, typer.Option(help="Folder of the runs, to go on in.")] = Path("runs/training_scaling"),
    output: Annotated[Path | None, typer.Option(help="The JSON file; without it the part's own.")] = None,
) -> None:
    """Train what isn't trained yet, and write JSON, tables and the figure."""
    report = measure(runs) | {"command": "python -m benchmarks.pose.training_scaling"}
    publish(PART, report, output)
    if output is None:
        write_text(FIGURE, figure(report))
    print(PART.markdown(report))


def measure(runs: Path) -> Report:
    """Return losses against each of meshes, pairs and parameters, the laws through them, and the spread of seeds."""
    base = Run(runs / "all", {})
    pairs = [base.at(steps) for steps in PAIRS_AT_STEPS]
    points = {
        "meshes": [base.at() if n == ALL else Run(runs / f"meshes_{n}", {"most_meshes": n}).at() for n in MESHES],
        "pairs": pairs,
        "parameters": [base.at() if w == BASE else Run(runs / f"width_{w[0]}", {"widths": w}).at() for w in WIDTHS],
    }
    seeds = [base.at() if seed == SEEDS[0] else Run(runs / f"seed_{seed}", {"seed": seed}).at() for seed in SEEDS]
    return provenance({"sets": SETS, "steps": STEPS, "validation_sets": VALIDATION_SETS}) | {
        "against": {name: _against(name, found) for name, found in points.items()},
        "seeds": [_point(found, "pairs") for found in seeds],
    }


class Run:
    """One training, made as far as it is asked for."""

    def __init__(self, folder: Path, changes: Mapping[str, Any]) -> None:
        self._folder, self._changes = folder, dict(changes)

    def at(self, steps: int = STEPS) -> dict[str, np.ndarray]:
        """Return sizes and losses after so many steps; trains to there unless that was done.

        Fewer steps are asked for before more: raises InputRefused where the run is beyond them.
        """
        kept = self._folder / f"validation_{steps}.npz"
        if not kept.is_file():
            self._train(steps, kept)
        with np.load(kept) as content:
            return {name: content[name] for name in content.files}

    def _train(self, steps: int, kept: Path) -> None:
        from foundation_pose_ros.training.compact_loop import CompactTrainer
        from foundation_pose_ros.training.compact_settings import CompactScoreSettings, ScoreStage
        from foundation_pose_ros.training.score_task import ScoreTask

        data = data_folder()
        settings = CompactScoreSettings(
            network="compact_score",
            output=str(self._folder),
            meshes=str(data / "meshes_train"),
            textures=str(data / "textures_train"),
            stages=(ScoreStage(max(PAIRS_AT_STEPS), SETS),),
            # Weights of steps long past would say how few steps were taken.
            average=0.98,
            validate_every=max(PAIRS_AT_STEPS),
            validation_sets=VALIDATION_SETS,
            **self._changes,
        )
        trainer = CompactTrainer(ScoreTask(settings), lambda line: print(f"{self._folder.name}: {line}", flush=True))
        trainer.run(until=steps)
        if trainer.step > steps:
            raise InputRefused(
                "run_beyond", f"{self._folder} is at step {trainer.step}, not {steps}: begin in another folder"
            )
        found = trainer.validated()
        parameters = sum(p.numel() for p in trainer.network.parameters())
        np.savez(
            kept,
            meshes=len(trainer.meshes),
            pairs=trainer.pairs,
            parameters=parameters,
            loss=found.loss,
            right_first=found.right_first[0],
        )


def _point(found: Mapping[str, np.ndarray], name: str) -> dict[str, Any]:
    loss = found["loss"]
    return {
        "n": int(found[name]),
        "loss": round(float(loss.mean()), 4),
        "standard_error": round(float(loss.std(ddof=1) / np.sqrt(len(loss))), 4),
        "right_first": round(float(found["right_first"]), 4),
    }


def _against(name: str, found: list[dict[str, np.ndarray]]) -> dict[str, Any]:
    n = np.array([float(one[name]) for one in found])
    law = PowerLaw.through(n, np.stack([one["loss"] for one in found]))
    return {
        "points": [_point(one, name) for one in found],
        "floor": _rounded(law.floor),
        "exponent": _rounded(law.exponent),
        "asked": ASKED[name],
        "foretold": _rounded(law.at(ASKED[name])),
        "law": [[round(float(at), 1), round(law.at(at)[0], 4)] for at in np.geomspace(n.min(), n.max(), _LINE)],
    }


def _rounded(values: tuple[float, ...]) -> list[float]:
    return [round(value, 4) for value in values]


def points_table(report: Report) -> str:
    """Return losses and shares at each point."""
    lines = ["| grows | n | loss | right turn first |", "|---|---|---|---|"]
    for name, found in report["against"].items():
        lines += [
            f"| {_TITLES[name]} | {point['n']:,} | {point['loss']:.3f} ± {point['standard_error']:.3f} "
            f"| {point['right_first']:.3f} |".replace(",", " ")
            for point in found["points"]
        ]
    seeds = [point["loss"] for point in report["seeds"]]
    spread = f"Other seeds of the run with all meshes, {STEPS} steps: losses {', '.join(f'{x:.3f}' for x in seeds)}."
    return "\n".join([*lines, "", spread, "", origin(report)])


def laws_table(report: Report) -> str:
    """Return the power laws and what they foretell."""
    lines = ["| grows | floor (95 %) | exponent (95 %) | foretold at | loss (95 %) |", "|---|---|---|---|---|"]
    for name, found in report["against"].items():
        floor, exponent, loss = (
            f"{value:.2f} ({low:.2f} to {high:.2f})"
            for value, low, high in (found[key] for key in ("floor", "exponent", "foretold"))
        )
        asked = f"{found['asked']:,}".replace(",", " ")
        lines.append(f"| {_TITLES[name]} | {floor} | {exponent} | {asked} | {loss} |")
    return "\n".join(lines)


def figure(report: Report) -> str:
    """Draw losses and laws as SVG."""
    panels = []
    for name, found in report["against"].items():
        n, loss, bars = (np.array([p[key] for p in found["points"]]) for key in ("n", "loss", "standard_error"))
        law = np.array(found["law"]).T
        panels.append(LogPanel(f"loss against {_TITLES[name]}", _TITLES[name], n, loss, bars, law))
    return log_charts(panels, "loss on meshes never seen")


PART = Part(
    "training_scaling",
    "what more meshes, pairs and parameters bring the compact scorer",
    "training_scaling.json",
    {"training_scaling": points_table, "training_scaling_laws": laws_table},
)


if __name__ == "__main__":
    typer.run(main)
