"""The command train: networks from a file that says what a run is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputRefused
from ..method_choice import WITH_TORCH

EXAMPLES = (
    "**Examples**\n\n"
    "- `foundation-pose train foundation_pose_ros/training/compact_score.yaml --output runs/mine`\n"
    "- `foundation-pose train foundation_pose_ros/training/compact_refine.yaml --output runs/mine_too`\n"
    "- `foundation-pose train foundation_pose_ros/training/overfit.yaml --steps 100`\n"
)


def train(
    run: Annotated[Path, typer.Argument(metavar="RUN.yaml", help="What the run is made of.", show_default=False)],
    output: Annotated[
        str | None,
        typer.Option(
            "--output", metavar="DIR", help="Folder of checkpoint, log and weights.", show_default="the run's"
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option("--steps", min=1, help="Stop at this step; the same command goes on.", show_default="all"),
    ] = None,
    meshes: Annotated[
        str | None,
        typer.Option("--meshes", metavar="DIR", help="Library of meshes.", show_default="the run's"),
    ] = None,
    textures: Annotated[
        str | None,
        typer.Option("--textures", metavar="DIR", help="Library of pictures for surfaces.", show_default="the run's"),
    ] = None,
    pictures: Annotated[
        str | None,
        typer.Option("--pictures", metavar="DIR", help="Scenes that generate has made.", show_default="the run's"),
    ] = None,
) -> None:
    """Train a network on renderings, going on from the output folder's checkpoint where there is one.

    Which network is up to the file: `network: compact_score` and `compact_refine` are the small scorer and refiner of
    our own, `kind: refine` and `kind: score` are the published ones.
    """
    # YAML takes long to import, and help doesn't need it.
    from ..yaml_settings import read_settings

    content = read_settings(run)
    try:
        if "network" in content:
            from ..training.compact_runs import compact_trainer

            folders = {"output": output, "meshes": meshes, "textures": textures, "pictures": pictures}
            written = compact_trainer(run, typer.echo, **folders).run(steps)
        else:
            from ..training.loop import Trainer
            from ..training.settings import TrainSettings

            if any(folder is not None for folder in (meshes, textures, pictures)):
                raise InputRefused(
                    "bad_settings", f"{run} names its objects: leave --meshes, --textures and --pictures out"
                )
            written = Trainer(TrainSettings.from_yaml(run, output=output), typer.echo).run(steps)
    except ImportError as error:
        raise InputRefused("no_torch", f"{WITH_TORCH} ({error})") from None
    typer.echo(f"written: {written}")
