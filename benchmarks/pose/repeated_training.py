"""`python -m benchmarks.pose.repeated_training`: where a run ends that is repeated with another seed.

Trains what compact_score.yaml describes so many steps far with several seeds. The first of them state the interval in
which another run ends with 95 %; the last one is that other run. Goes on where it was stopped.
"""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from scipy import stats

from benchmarks.reporting.documents import publish
from benchmarks.reporting.parts import Part, Report
from benchmarks.reporting.results import data_folder, origin
from foundation_pose_ros.runtime.provenance import provenance
from foundation_pose_ros.training import score_task
from foundation_pose_ros.training.runs import trainer_of

RUN = Path(score_task.__file__).with_name("compact_score.yaml")
STEPS, SEEDS = 250, 5
_CONFIDENCE = 0.95


def main(
    runs: Annotated[Path, typer.Option(help="Folder of the runs, to go on in.")] = Path("runs/repeated"),
    steps: Annotated[int, typer.Option(min=1, help="Of each run.")] = STEPS,
) -> None:
    """Train what isn't there yet, and write JSON and table."""
    losses = [_loss(runs / f"seed_{seed}", seed, steps) for seed in range(SEEDS)]
    report = provenance({"run": RUN.name, "steps": steps}) | {
        "command": f"python -m benchmarks.pose.repeated_training --steps {steps}",
        "losses": [round(loss, 4) for loss in losses],
        "interval": [round(limit, 4) for limit in interval(losses[:-1])],
    }
    publish(PART, report, None)
    print(PART.markdown(report))


def interval(losses: list[float]) -> tuple[float, float]:
    """Return the limits within which one more run ends, if runs are spread normally (Student 1908)."""
    reach = stats.t.ppf((1 + _CONFIDENCE) / 2, len(losses) - 1) * np.std(losses, ddof=1) * np.sqrt(1 + 1 / len(losses))
    return float(np.mean(losses) - reach), float(np.mean(losses) + reach)


def _loss(folder: Path, seed: int, steps: int) -> float:
    data = data_folder()
    folders: dict[str, Any] = {"meshes": str(data / "meshes_train"), "textures": str(data / "textures_train")}
    trainer = trainer_of(
        RUN,
        lambda line: print(f"seed {seed}: {line}", flush=True),
        output=str(folder),
        seed=seed,
        recordings=[],
        # Weights of steps long past would say how few steps were taken.
        average=0.98,
        # bf16 takes several times as long on processors that don't multiply it.
        precision="fp32",
        validation_sets=512,
        **folders,
    )
    trainer.run(until=steps)
    return float(trainer.validated().loss.mean())


def table(report: Report) -> str:
    """Return each run's loss, and the interval that all but the last state."""
    *first, last = report["losses"]
    low, high = report["interval"]
    rows = [f"| {seed} | {loss:.3f} | |" for seed, loss in enumerate(first)]
    rows.append(
        f"| {len(first)} | {last:.3f} | {'within' if low <= last <= high else 'outside'} {low:.3f} to {high:.3f} |"
    )
    settings = report["settings"]
    what = f"Losses on 512 sets of held-out meshes after {settings['steps']} steps of `{settings['run']}`, fp32."
    return "\n".join(
        ["| seed | loss | interval of the runs before |", "|---|---|---|", *rows, "", f"{what} {origin(report)}"]
    )


PART = Part(
    "repeated_training",
    "where a run ends that is repeated with another seed",
    "repeated_training.json",
    {"repeated_training": table},
)


if __name__ == "__main__":
    typer.run(main)
