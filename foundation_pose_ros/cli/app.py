"""The program that all commands belong to."""

from typing import Annotated

import typer

from .check_camera import EXAMPLES as CHECK_EXAMPLES
from .check_camera import check_camera
from .estimate import REGISTER_EXAMPLES, TRACK_EXAMPLES, register, track
from .evaluate import EXAMPLES, evaluate
from .from_bag import EXAMPLES as BAG_EXAMPLES
from .from_bag import from_bag
from .generate import EXAMPLES as GENERATE_EXAMPLES
from .generate import generate
from .program import run_app, version_option
from .reconstruct import EPILOG, reconstruct_command
from .train import EXAMPLES as TRAIN_EXAMPLES
from .train import train
from .weights import EXAMPLES as WEIGHTS_EXAMPLES
from .weights import weights as weights_command

PROGRAM = "foundation-pose"

app = typer.Typer(add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False)


@app.callback(
    epilog="**Examples**\n\n"
    "- `foundation-pose register recordings/desk --object mug --frame 000001`\n"
    "- `foundation-pose track recordings/desk --object mug --output poses.jsonl --overlay pictures`\n"
    "- `foundation-pose evaluate recordings/desk recordings/shelf --output report.json`\n"
)
def _root(
    show_version: Annotated[bool, version_option(PROGRAM)] = False,
) -> None:
    """6D poses of objects in RGB-D recordings, from a mesh of each object: no training, no GPU, no ROS.

    **register** finds an object in single frames, **track** follows it through all frames, **evaluate** compares
    either with known poses, **reconstruct** makes a model of an object from a few views of it, **generate** renders
    scenes with known poses, **train** makes networks of them, **weights** checks published ones, **from-bag** makes a
    folder of a rosbag2, and **check-camera** says what is wrong with a live camera.
    `foundation-pose COMMAND --help` says more.
    """


app.command(epilog=REGISTER_EXAMPLES)(register)
app.command(epilog=TRACK_EXAMPLES)(track)
app.command(epilog=EXAMPLES)(evaluate)
app.command("reconstruct", epilog=EPILOG)(reconstruct_command)
app.command(epilog=WEIGHTS_EXAMPLES)(weights_command)
app.command(epilog=TRAIN_EXAMPLES)(train)
app.command(epilog=GENERATE_EXAMPLES)(generate)
app.command("from-bag", epilog=BAG_EXAMPLES)(from_bag)
app.command("check-camera", epilog=CHECK_EXAMPLES)(check_camera)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0 only when the job was done, 2 for a wrong call, 1 otherwise."""
    return run_app(app, PROGRAM, arguments)
