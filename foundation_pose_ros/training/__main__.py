"""`python -m foundation_pose_ros.training`: train, and show what it was worth on renderings not seen before."""

import json
from pathlib import Path
from typing import Annotated

import typer

from ..atomic_file import write_text
from ..errors import InputRefused
from ..networks import RefineNet
from ..runtime.provenance import provenance
from ..yaml_settings import read_settings
from .improvement import PushedPoses, measure_improvement
from .loop import Trainer
from .settings import TrainSettings

OVERFIT = Path(__file__).parent / "overfit.yaml"


def main(
    settings: Annotated[Path, typer.Argument(help="YAML file; by default RefineNet is overfitted")] = OVERFIT,
    output: Annotated[str | None, typer.Option(help="folder of checkpoint and weights")] = None,
    views: Annotated[int, typer.Option(help="held-out views per object to measure on; 0 for none")] = 24,
    report: Annotated[Path | None, typer.Option(help="JSON file for the measured errors")] = None,
) -> None:
    """Train until the settings' last step, going on from the output folder's checkpoint where there is one."""
    try:
        run = TrainSettings.from_yaml(settings, output=output)
        trainer = Trainer(run)
        typer.echo(f"weights in {trainer.run()}")
    except InputRefused as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if views and isinstance(trainer.network, RefineNet):
        size = run.stages[-1].size
        named = [] if settings == OVERFIT else [str(settings)]
        found = measure_improvement(
            trainer.network, trainer.objects, run.pairs.views, run.pairs.surroundings, size, PushedPoses(views)
        )
        content = provenance(read_settings(settings)) | {
            "command": " ".join(["python -m foundation_pose_ros.training", *named, f"--views {views}"]),
            "objects": list(run.objects),
            "views_per_object": views,
            "size": size,
            "steps": trainer.state.step,
            "processor_minutes": round(trainer.state.processor_s / 60, 1),
            "medians_by_iteration": [errors.medians() for errors in found.errors],
            "remaining": found.remaining(),
            "remaining_by_object": {name: found.of(k, views).remaining() for k, name in enumerate(run.objects)},
        }
        typer.echo(json.dumps(content, indent=2))
        if report is not None:
            write_text(report, json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
