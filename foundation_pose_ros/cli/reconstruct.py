"""The command reconstruct: a model from reference views, with a picture and a report."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ..errors import InputRefused
from ..reconstruction.capture.calibration_board import Board
from ..reconstruction.capture.rosbag import BagTopics, is_bag, read_bag_views
from ..reconstruction.capture.view_folder import read_views
from ..reconstruction.model_files import SUFFIXES, write_model
from ..reconstruction.reconstruct import STEPS, Reconstruction, ReconstructionSettings, reconstruct
from ..reconstruction.reference_view import ReferenceView
from ..reconstruction.surface_choice import SurfaceMaker, better_surface, field_from
from ..reconstruction.texture.texture_atlas import PaintSettings
from .options import ObjectOption
from .output import prepared

EPILOG = (
    "**Examples**\n\n"
    "- `foundation-pose reconstruct views/mug --output mug.glb`\n"
    "- `foundation-pose reconstruct recordings/desk --object mug --output mug.glb --views 24`\n"
    "- `foundation-pose reconstruct views/mug --output mug.glb --board charuco:7x5:30:22:5X5_100`\n"
    "- `foundation-pose reconstruct recording_bag --output mug.glb --masks-topic /masks --fixed-frame map`\n"
    "- `foundation-pose reconstruct ycbv/train_real/000014 --object obj_000014 --output mug.ply --texture 0`\n"
)
TOPICS = BagTopics()


class SurfaceChoice(StrEnum):
    """How the surface is made."""

    FUSION = "fusion"
    FIELD = "field"
    BETTER = "better"


_MAKERS: dict[SurfaceChoice, SurfaceMaker | None] = {
    SurfaceChoice.FUSION: None,
    SurfaceChoice.FIELD: field_from,
    SurfaceChoice.BETTER: lambda views: better_surface(views).surface,
}
_WHAT = {"check": "checking views", "fuse": "fusing", "paint": "painting", "compare": "comparing"}


def reconstruct_command(
    views: Annotated[
        Path,
        typer.Argument(
            metavar="VIEWS",
            help="Folder with rgb/, depth/ (16 bits, mm), masks/, K.txt, cam_in_ob/ or gt/; a BOP scene; or a rosbag2.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            metavar="model.glb",
            help="The model: .glb, .ply or .obj. A picture (.png) and a report (.json) are written beside it.",
            show_default=False,
        ),
    ],
    object_name: ObjectOption = None,
    board: Annotated[
        str | None,
        typer.Option(
            "--board",
            metavar="KIND:CxR:MM:MM:DICT",
            help="The object stands on a printed board, which poses (and masks, where there are none) come from: "
            "charuco:7x5:30:22:5X5_100 (squares, markers in mm) or apriltag:4x3:40:10:APRILTAG_36h11 (tags, gaps).",
            show_default=False,
        ),
    ] = None,
    most_views: Annotated[
        int, typer.Option("--views", min=3, help="Use at most so many, spread over all sides; the rest judge.")
    ] = 16,
    surface: Annotated[
        SurfaceChoice,
        typer.Option(
            "--surface",
            help="fusion in a volume (seconds), a neural field (minutes; needs PyTorch), or the better of both, judged "
            "by views kept out.",
        ),
    ] = SurfaceChoice.FUSION,
    texture: Annotated[
        int, typer.Option("--texture", min=0, max=4096, help="Side of the texture in pixels; 0 colours vertices alone.")
    ] = 1024,
    rgb_topic: Annotated[
        str, typer.Option("--rgb-topic", help="Of a rosbag2: colour, raw or compressed.")
    ] = TOPICS.rgb,
    info_topic: Annotated[
        str, typer.Option("--info-topic", help="Of a rosbag2: colour's CameraInfo.")
    ] = TOPICS.rgb_info,
    depth_topic: Annotated[
        str, typer.Option("--depth-topic", help="Of a rosbag2: depth in the colour image's pixels.")
    ] = TOPICS.depth,
    masks_topic: Annotated[
        str,
        typer.Option(
            "--masks-topic",
            help="Of a rosbag2: masks by stamp; without, the object stands alone on a plane, or on the board.",
            show_default=False,
        ),
    ] = TOPICS.masks,
    fixed_frame: Annotated[
        str,
        typer.Option(
            "--fixed-frame",
            help="Of a rosbag2: poses from TF, in which the object stands still in this frame.",
            show_default=False,
        ),
    ] = TOPICS.fixed_frame,
) -> None:
    """Make a model of an object from a dozen RGB-D views with masks, instead of a mesh.

    Where the views have no poses they are estimated from one view to the next.

    The model is in the frame of the poses, in metres, and goes wherever a mesh does. It remembers which of its surface
    no view has seen (.glb and .ply).
    """
    if output.suffix.lower() not in SUFFIXES:
        raise InputRefused("output", f"{output} is no mesh: give --output a name that ends in {', '.join(SUFFIXES)}")
    prepared(output)
    settings = replace(ReconstructionSettings(), views=most_views, paint=PaintSettings(texture))
    printed = Board.parse(board) if board is not None else None
    if is_bag(views):
        topics = BagTopics(rgb_topic, info_topic, depth_topic, masks_topic, fixed_frame)
        read = read_bag_views(views, topics, printed)
    else:
        read = read_views(views, object_name, printed)
    result = _with_bar(read, object_name or output.stem, settings, _MAKERS[surface])
    write_model(result, output)
    for line in result.report.lines():
        print(line)


def _with_bar(
    views: tuple[ReferenceView, ...], name: str, settings: ReconstructionSettings, make_surface: SurfaceMaker | None
) -> Reconstruction:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(STEPS))
        return reconstruct(
            views,
            name,
            settings,
            make_surface=make_surface,
            on_step=lambda step: bar.update(task, description=_WHAT[step], completed=STEPS.index(step)),
        )
