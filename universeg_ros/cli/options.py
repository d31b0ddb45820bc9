"""Options that several commands share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from foundation_pose_ros.cli.options import Device
from foundation_pose_ros.str_enum import StrEnum


class SegmenterPrecision(StrEnum):
    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


class ExampleSelection(StrEnum):
    RANDOM = "random"
    SIMILAR = "similar"


class CloserLook(StrEnum):
    NEVER = "never"
    COLOURS = "colours"
    ALWAYS = "always"


class AspectChoice(StrEnum):
    STRETCH = "stretch"
    KEEP = "keep"


WeightsOption = Annotated[
    str,
    typer.Option("--weights", metavar="FILE", help="A .pt or .safetensors; or default or research, where shipped."),
]
SupportOption = Annotated[
    Path,
    typer.Option(
        "--support",
        metavar="FOLDER|FILE.npz",
        help="Examples: a folder with images/ and masks/ of the same names, or a .npz.",
        show_default=False,
    ),
]
SupportSizeOption = Annotated[
    int, typer.Option("--support-size", min=1, max=1024, help="Most examples that are shown at a time.")
]


@dataclass(frozen=True)
class SegmenterOptions:
    """The weights, how often they are asked, and where they compute."""

    weights: WeightsOption = "default"
    flips: Annotated[bool, typer.Option("--flips", help="Average over mirror images too: four times the work.")] = False
    zoom: Annotated[
        CloserLook,
        typer.Option("--zoom", help="Look again from closer at what is small; colours: where all have some."),
    ] = CloserLook.COLOURS
    likeness: Annotated[
        bool, typer.Option(help="Show the network where pixels look like what is marked, or gray alone.")
    ] = True
    device: Annotated[Device, typer.Option("--device", help="Where to compute.")] = Device.CPU
    precision: Annotated[
        SegmenterPrecision,
        typer.Option(
            "--precision", help="bf16 is faster on processors that have it, and a little less exact; fp16: CUDA."
        ),
    ] = SegmenterPrecision.FP32
