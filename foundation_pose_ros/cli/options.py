"""Arguments and options that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..str_enum import StrEnum

if TYPE_CHECKING:
    from ..datasets.sequence import Sequence


class Device(StrEnum):
    CPU = "cpu"
    CUDA = "cuda"


class Unit(StrEnum):
    AUTO = "auto"
    M = "m"
    DM = "dm"
    CM = "cm"
    MM = "mm"
    IN = "in"


class MaskSource(StrEnum):
    FILE = "file"
    TRUTH = "truth"
    SEARCH = "search"


class TrackStart(StrEnum):
    MASK = "mask"
    GT = "gt"


class RunMode(StrEnum):
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
MasksOption = Annotated[
    MaskSource,
    typer.Option(
        "--mask",
        help="Masks of the recording, or rendered from its true poses (where it has no masks), or none: objects are "
        "searched for.",
    ),
]
OverlayOption = Annotated[
    Path | None,
    typer.Option("--overlay", metavar="DIR", help="Also draw the poses into the images there.", show_default=False),
]


@dataclass(frozen=True)
class MeshOptions:
    """Where the meshes of a recording's objects are, and in which unit."""

    unit: Annotated[
        Unit | None,
        typer.Option(
            "--unit",
            help="Unit of the meshes; auto tells metres from millimetres by size.",
            show_default="m, in a BOP scene mm",
        ),
    ] = None
    models: Annotated[
        Path | None,
        typer.Option(
            "--models",
            metavar="DIR",
            help="Folder with the meshes, where it isn't mesh/ of the sequence or models/ of the BOP dataset.",
            show_default=False,
        ),
    ] = None

    def opened(self, path: Path) -> Sequence:
        """Open the recording there with these meshes; raises InputRefused as `open_sequence` does."""
        from ..datasets.open_sequence import open_sequence

        return open_sequence(path, self.models, self.unit)


@dataclass(frozen=True)
class PoseOutputs:
    """Where poses go: lines of JSON, and pictures."""

    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE.jsonl", help="Write the lines to this file.", show_default="standard output"
        ),
    ] = None
    overlay: OverlayOption = None
