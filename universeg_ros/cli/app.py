"""The root of the command, and `universeg train`."""

from pathlib import Path
from typing import Annotated

import typer

from foundation_pose_ros.cli.program import run_app, version_option
from foundation_pose_ros.runtime.extras import require

from .evaluate import evaluate
from .export import export
from .segment import segment
from .support import app as support_app

PROGRAM = "universeg"

app = typer.Typer(add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False)
app.command(
    epilog="**Examples**\n\n"
    "- `universeg segment --support cells --image 17.png --output mask.png`\n"
    "- `universeg segment --support cells.npz --image 17.png --image 18.png --output masks --picture pictures`\n"
)(segment)
app.command(
    epilog="**Examples**\n\n"
    "- `universeg evaluate wbc.npz spine.npz --output report.json`\n"
    "- `universeg evaluate wbc.npz --weights runs/mine/weights.safetensors --support-size 1 --no-baselines`\n"
)(evaluate)
app.command(epilog="**Example**\n\n- `universeg export --output universeg.onnx`\n")(export)
app.add_typer(support_app, name="support")


@app.callback()
def _root(
    show_version: Annotated[bool, version_option(PROGRAM)] = False,
) -> None:
    """Masks from a handful of examples: a support set says what to segment, nothing is trained for it.

    **segment** does it on images, **support** makes and checks sets of examples, **evaluate** measures, **train** makes
    the weights that all tasks share, **export** writes them as ONNX. `universeg COMMAND --help` says more.
    """


@app.command()
def train(
    settings: Annotated[
        Path | None,
        typer.Argument(metavar="RUN.yaml", help="The run's settings.", show_default="those of the default weights"),
    ] = None,
    output: Annotated[str | None, typer.Option("--output", help="Folder of the run, in place of the file's.")] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", help="Budget, in place of the file's.")] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Budget, in place of the file's.")] = None,
    procedural: Annotated[bool, typer.Option("--procedural", help="Made-up tasks alone: needs no data.")] = False,
) -> None:
    """Train a network; a run that was stopped goes on from its last checkpoint when the command is given again.

    Writes weights.safetensors, log.csv, sample.png and training.pt (the checkpoint) into the output folder. Several
    GPUs: `torchrun --nproc-per-node 4 -m universeg_ros.cli train RUN.yaml`.
    """
    require("training", "segmentation")
    from ..training.settings import DEFAULT_RUN, UniverSegTrainSettings
    from ..training.train import train as train_as_set

    changes: dict[str, object] = {"output": output}
    if minutes is not None or steps is not None:
        changes |= {"minutes": minutes or 0.0, "steps": steps or 0}
    if procedural:
        changes |= {"data": (), "validation": ()}
    weights = train_as_set(UniverSegTrainSettings.from_yaml(settings or DEFAULT_RUN, **changes))
    print(f"weights: {weights}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0 only when the job was done, 2 for a wrong call, 1 otherwise."""
    return run_app(app, PROGRAM, arguments)
