"""The command reconstruct: a model from reference views, with a picture and a report."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ..str_enum import StrEnum
from ..streams.bag_topics import DEFAULT_TOPICS as TOPICS
from ..streams.bag_topics import BagTopics
from .option_groups import with_option_groups
from .options import ObjectOption

EPILOG = (
    "**Examples**\n\n"
    "- `foundation-pose reconstruct views/mug --output mug.glb`\n"
    "- `foundation-pose reconstruct recordings/desk --object mug --output mug.glb --views 24`\n"
    "- `foundation-pose reconstruct views/mug --output mug.glb --board charuco:7x5:30:22:5X5_100`\n"
    "- `foundation-pose reconstruct recording_bag --output mug.glb --masks-topic /masks --fixed-frame map`\n"
    "- `foundation-pose reconstruct ycbv/train_real/000014 --object obj_000014 --output mug.ply --texture 0`\n"
)


class SurfaceChoice(StrEnum):
    """How the surface is made."""

    FUSION = "fusion"
    FIELD = "field"
    BETTER = "better"


@dataclass(frozen=True)
class TopicOptions(BagTopics):
    """Where a rosbag2 has the views, as options."""

    rgb: Annotated[str, typer.Option("--rgb-topic", help="Of a rosbag2: colour, raw or compressed.")] = TOPICS.rgb
    rgb_info: Annotated[str, typer.Option("--info-topic", help="Of a rosbag2: colour's CameraInfo.")] = TOPICS.rgb_info
    depth: Annotated[str, typer.Option("--depth-topic", help="Of a rosbag2: depth in the colour image's pixels.")] = (
        TOPICS.depth
    )
    masks: Annotated[
        str,
        typer.Option(
            "--masks-topic",
            help="Of a rosbag2: masks by stamp; without, the object stands alone on a plane, or on the board.",
            show_default=False,
        ),
    ] = TOPICS.masks
    fixed_frame: Annotated[
        str,
        typer.Option(
            "--fixed-frame",
            help="Of a rosbag2: poses from TF, in which the object stands still in this frame.",
            show_default=False,
        ),
    ] = TOPICS.fixed_frame


@with_option_groups
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
    *,
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
    topics: TopicOptions,
) -> None:
    """Make a model of an object from a dozen RGB-D views with masks, instead of a mesh.

    Where the views have no poses they are estimated from one view to the next.

    The model is in the frame of the poses, in metres, and goes wherever a mesh does. It remembers which of its surface
    no view has seen (.glb and .ply).
    """
    from ..reconstruction.reconstruct import ReconstructionSettings
    from ..reconstruction.texture.texture_atlas import PaintSettings
    from .reconstruction import check_libraries, check_output, read_all_views, write_reconstruction

    check_output(output)
    check_libraries(surface.value, texture)
    read = read_all_views(views, object_name, board, topics)
    settings = ReconstructionSettings(views=most_views, paint=PaintSettings(texture))
    write_reconstruction(read, object_name or output.stem, surface.value, settings, output)
