"""`universeg segment`."""

from pathlib import Path
from typing import Annotated

import typer

from foundation_pose_ros.cli.option_groups import with_option_groups
from foundation_pose_ros.runtime.extras import require

from .options import SegmenterOptions, SupportOption
from .segment_options import DrawOptions, ImageOptions, MaskOutputs


@with_option_groups
def segment(
    support: SupportOption,
    images: Annotated[
        list[Path], typer.Option("--image", help="What to segment; may be given again.", show_default=False)
    ],
    outputs: MaskOutputs,
    draw: DrawOptions,
    network: SegmenterOptions,
    part: ImageOptions,
) -> None:
    """Segment images as the examples show.

    Masks are PNGs at the images' sizes: 0 and 255 for one label, else the labels. Prints one JSON line per image with
    the labels found, their confidence (the Dice to be expected) and the time.
    """
    require("segmentation", "segmentation")
    from .segmentation import segment_images

    segment_images(support, images, outputs, draw, network, part)
