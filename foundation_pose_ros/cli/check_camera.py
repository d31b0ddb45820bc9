"""The command check-camera: what is wrong with live topics, in words, with the fix."""

from importlib import import_module
from typing import Annotated

import typer

from ..errors import InputRefused

EXAMPLES = (
    "**Examples**\n\n"
    "- `foundation-pose check-camera`\n"
    "- `foundation-pose check-camera --rgb /camera/color/image_raw --depth /camera/aligned_depth_to_color/image_raw`\n"
)


def check_camera(
    rgb: Annotated[str, typer.Option("--rgb", help="Topic of the colour image; empty: guessed.")] = "",
    info: Annotated[str, typer.Option("--info", help="Of its CameraInfo; empty: beside the image.")] = "",
    depth: Annotated[str, typer.Option("--depth", help="Of the depth image; empty: guessed.")] = "",
    depth_info: Annotated[str, typer.Option("--depth-info", help="Of its CameraInfo; empty: beside the image.")] = "",
    seconds: Annotated[float, typer.Option("--seconds", min=1.0, max=60.0, help="How long to listen.")] = 5.0,
) -> None:
    """Listen to a camera's topics for some seconds and say what is wrong with them, and the fix.

    Rates, stamps, whether colour and depth belong together and are aligned, distortion, frames, intrinsics and units.
    Needs ROS 2. The exit status is 1 where something keeps pose_node from working.
    """
    try:
        # By its name: the command line stands beside the nodes, not on them, and needs no ROS for all the rest.
        listener = import_module("..nodes.camera_listener", __package__)
    except ModuleNotFoundError as missing:
        raise InputRefused("no_ros", f"{missing}: source a ROS 2 workspace first") from None
    from ..streams.camera_check import Level, findings, worst

    heard = listener.hear(listener.CameraTopics(rgb, info, depth, depth_info), seconds)
    found = findings(heard)
    for finding in found:
        typer.echo(f"{finding.level.value:8}{finding.what}" + (f"\n{'':8}-> {finding.fix}" if finding.fix else ""))
    if worst(found) is Level.ERROR:
        raise typer.Exit(1)
