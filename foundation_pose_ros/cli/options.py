"""Arguments that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Device(StrEnum):
    CPU = "cpu"
    CUDA = "cuda"


class Unit(StrEnum):
    AUTO = "auto"
    M = "m"
    CM = "cm"
    MM = "mm"


class Masks(StrEnum):
    FILE = "file"
    TRUTH = "truth"


class Init(StrEnum):
    MASK = "mask"
    GT = "gt"


class Mode(StrEnum):
    REGISTER = "register"
    TRACK = "track"


SequenceArgument = Annotated[
    Path,
    typer.Argument(
        metavar="SEQUENCE",
        help="Folder with rgb/, depth/ (16 bits, mm), K.txt, masks/OBJECT/, mesh/OBJECT/; or a scene of a BOP dataset.",
        show_default=False,
    ),
]
ObjectOption = Annotated[
    str | None,
    typer.Option(
        "--object", metavar="NAME", help="Which object. Not needed where there is only one.", show_default=False
    ),
]
DeviceOption = Annotated[Device, typer.Option("--device", help="Where networks compute; the rest runs on the cpu.")]
UnitOption = Annotated[
    Unit | None,
    typer.Option(
        "--unit",
        help="Unit of the meshes; auto tells metres from millimetres by size.",
        show_default="m, in a BOP scene mm",
    ),
]
ModelsOption = Annotated[
    Path | None,
    typer.Option(
        "--models",
        metavar="DIR",
        help="Folder with the meshes, where it isn't mesh/ of the sequence or models/ of the BOP dataset.",
        show_default=False,
    ),
]
MasksOption = Annotated[
    Masks,
    typer.Option("--mask", help="Masks of the recording, or rendered from its true poses (where it has no masks)."),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output", metavar="FILE.jsonl", help="Write the lines to this file.", show_default="standard output"
    ),
]
OverlayOption = Annotated[
    Path | None,
    typer.Option("--overlay", metavar="DIR", help="Also draw the poses into the images there.", show_default=False),
]
