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
    "- `foundation-pose train foundation_pose_ros/training/refine_net.yaml --output runs/large`\n"
    "- `torchrun --nproc-per-node 4 -m foundation_pose_ros.cli train foundation_pose_ros/training/refine_net.yaml`\n"
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
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, help="Of what is drawn, and of first weights.", show_default="the run's"),
    ] = None,
    recordings: Annotated[
        list[Path] | None,
        typer.Option(
            "--recording",
            metavar="DIR",
            help="Judge on a real sequence as well; repeatable.",
            exists=True,
            show_default="the run's",
        ),
    ] = None,
) -> None:
    """Train a network on renderings, going on from the output folder's checkpoint where there is one.

    Which network is up to the file: `network: compact_score` and `compact_refine` are the small scorer and refiner of
    our own, `refine_net` and `score_net` the published ones, which want a GPU. Started by torchrun, all processes train
    one network. The output folder has a log, as CSV and for TensorBoard, of how held-out meshes and recordings do.
    """
    try:
        # PyTorch takes long to import, and help doesn't need it.
        from ..training.runs import trainer_of
    except ImportError as error:
        raise InputRefused("no_torch", f"{WITH_TORCH} ({error})") from None
    folders = {"output": output, "meshes": meshes, "textures": textures, "pictures": pictures}
    judged_on = [str(folder) for folder in recordings] if recordings else None
    trainer = trainer_of(run, typer.echo, recordings=judged_on, seed=seed, **folders)
    trainer.say(f"written: {trainer.run(steps)}")
