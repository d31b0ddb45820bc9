"""Options of the command segment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from .options import ExampleSelection, SupportSizeOption


@dataclass(frozen=True)
class DrawOptions:
    """Which examples are shown, and how often others are drawn."""

    support_size: SupportSizeOption = 16
    selection: Annotated[
        ExampleSelection, typer.Option("--select", help="How examples are chosen where there are more.")
    ] = ExampleSelection.RANDOM
    ensemble: Annotated[int, typer.Option("--ensemble", min=1, help="Random draws of the support to average.")] = 1


@dataclass(frozen=True)
class ImageOptions:
    """Which part of an image is segmented, what its values are, and what counts as the mask."""

    tile: Annotated[int, typer.Option("--tile", min=0, help="Cut larger images into squares of this side, px.")] = 0
    region: Annotated[
        str | None, typer.Option("--region", metavar="X,Y,W,H", help="Only this part, in pixels.", show_default=False)
    ] = None
    threshold: Annotated[float, typer.Option("--threshold", help="Least probability of the mask.")] = 0.5
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", help="16UC1 or 32FC1 for depth; as the support's.", show_default="that of the file"),
    ] = None


@dataclass(frozen=True)
class MaskOutputs:
    """Where masks, probabilities and pictures go: a file, or a folder for several images."""

    output: Annotated[
        Path,
        typer.Option("--output", metavar="mask.png|FOLDER", help="The mask; a folder for several.", show_default=False),
    ]
    probability: Annotated[
        Path | None,
        typer.Option("--probability", metavar="FILE|FOLDER", help="Also the probability, 8 bits.", show_default=False),
    ] = None
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="FILE|FOLDER", help="Also support, query and mask.", show_default=False),
    ] = None
