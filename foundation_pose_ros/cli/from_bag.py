"""The command from-bag: a sequence folder of a rosbag2 recording."""

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = (
    "**Examples**\n\n"
    "- `foundation-pose from-bag recording_bag recordings/desk`\n"
    "- `foundation-pose from-bag recording.mcap recordings/desk --rgb /camera/color/image_raw "
    "--depth /camera/aligned_depth_to_color/image_raw --every 3`\n"
)


def from_bag(
    bag: Annotated[Path, typer.Argument(metavar="BAG", help="Folder of a rosbag2, or its .mcap or .db3 file.")],
    output: Annotated[Path, typer.Argument(metavar="FOLDER", help="The sequence folder; made, and not overwritten.")],
    rgb: Annotated[str, typer.Option("--rgb", help="Topic of the colour image; empty: guessed.")] = "",
    info: Annotated[str, typer.Option("--info", help="Of its CameraInfo; empty: beside the image.")] = "",
    depth: Annotated[str, typer.Option("--depth", help="Of depth in the colour image's pixels; empty: guessed.")] = "",
    every: Annotated[int, typer.Option("--every", min=1, help="Take every n-th frame.")] = 1,
) -> None:
    """Write a rosbag2 recording as a folder of images that every other command reads.

    rgb/ and depth/ (16 bits, mm) as PNG, freed of distortion, and K.txt. Meshes go into mesh/OBJECT/, masks into
    masks/OBJECT/. Needs no ROS; frames that can't be used are left out, and said why.
    """
    from ..datasets.bag_sequence import BagSequence
    from ..datasets.folder_writer import write_folder
    from ..streams.bag_topics import BagTopics

    sequence = BagSequence(bag.expanduser(), topics=BagTopics(rgb, info, depth))
    written = write_folder(sequence, sequence.frame_ids[::every], output.expanduser(), typer.echo)
    typer.echo(f"{written} of {len(sequence.frame_ids)} frames are in {output}: put meshes into {output}/mesh/OBJECT/")
