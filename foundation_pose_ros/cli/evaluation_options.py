"""Options of the command evaluate."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from .options import MasksOption, MaskSource, RunMode, TrackStart
from .output import prepared


@dataclass(frozen=True)
class RunOptions:
    """How the estimator goes through a recording."""

    mode: Annotated[RunMode, typer.Option("--mode", help="Every frame alone, or a track through all frames.")] = (
        RunMode.REGISTER
    )
    init: Annotated[
        TrackStart,
        typer.Option("--init", help="A track's start: the first known pose, or a registration from the first mask."),
    ] = TrackStart.GT
    masks: MasksOption = MaskSource.FILE


@dataclass(frozen=True)
class ReportOptions:
    """Files that are written beside the printed table."""

    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="report.json", help="Also write a report with every frame.", show_default=False
        ),
    ] = None
    html: Annotated[
        Path | None,
        typer.Option(
            "--html", metavar="report.html", help="Also write a page with curves and worst cases.", show_default=False
        ),
    ] = None
    bop_csv: Annotated[
        Path | None,
        typer.Option(
            "--bop-csv", metavar="FILE.csv", help="Also write the poses as the BOP challenge wants.", show_default=False
        ),
    ] = None

    def prepare(self) -> None:
        """Make the folders of all files; raise InputRefused where one can't be written."""
        for path, option in ((self.output, "--output"), (self.html, "--html"), (self.bop_csv, "--bop-csv")):
            if path is not None:
                prepared(path, option)
