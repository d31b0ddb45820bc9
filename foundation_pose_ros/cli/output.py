"""Where results go: JSON lines, overlay pictures, a progress bar."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..datasets.sequence import Sequence
from ..errors import InputRefused
from ..evaluation.runner import Estimate
from ..frame import Frame
from ..overlay import OverlayPose, draw_overlay

# Distinguishable with any colour vision (Okabe and Ito, 2008).
COLOURS = [(230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (213, 94, 0), (204, 121, 167), (0, 114, 178)]


@contextmanager
def line_writer(path: Path | None) -> Iterator[Any]:
    """A function that writes one JSON object per line, at once, to the file or to standard output."""
    stream = sys.stdout if path is None else _opened(path)
    try:
        yield lambda line: print(json.dumps(line, allow_nan=False), file=stream, flush=True)
    finally:
        if path is not None:
            stream.close()


def prepared(path: Path) -> Path:
    """The path of an output file, its folder made; refused now rather than after the work."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputRefused("output", f"{path} can't be written ({error.strerror}): give another --output") from None
    if path.is_dir():
        raise InputRefused("output", f"{path} is a folder: give --output the name of a file")
    return path


def _opened(path: Path) -> Any:
    try:
        return prepared(path).open("w")
    except OSError as error:
        raise InputRefused("output", f"{path} can't be written ({error.strerror}): give another --output") from None


class OverlayWriter:
    """Draws the poses of a frame into DIR/SEQUENCE/FRAME.png; does nothing without a folder."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def __call__(self, sequence: Sequence, frame: Frame | None, estimates: Iterable[Estimate]) -> None:
        if self._folder is None or frame is None:
            return
        estimates = list(estimates)
        poses = [
            OverlayPose(
                sequence.model(e.object_name),
                e.result.T_cam_obj,
                f"{e.object_name} {e.result.score:.2f}",
                COLOURS[index % len(COLOURS)],
            )
            for index, e in enumerate(estimates)
            if e.result is not None
        ]
        path = self._folder / sequence.name / f"{estimates[0].frame_id}.png"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            written = cv2.imwrite(
                str(path), cv2.cvtColor(draw_overlay(frame.rgb, frame.camera, poses), cv2.COLOR_RGB2BGR)
            )
        except OSError:
            written = False
        if not written:
            raise InputRefused("output", f"{path} can't be written: give --overlay a folder that may be written")


def with_progress(items: Iterable[Any], total: int, what: str, lines_on_stdout: bool) -> Iterator[Any]:
    """The items, with a bar on standard error while they come.

    No bar without a terminal, nor where lines of output would run through it.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown = console.is_terminal and not (lines_on_stdout and sys.stdout.isatty())
    # Rich would send standard output to its own console, here standard error.
    with Progress(*columns, console=console, transient=True, disable=not shown, redirect_stdout=False) as progress:
        yield from progress.track(items, total=total, description=what)


def run_app(app: typer.Typer, program: str, arguments: list[str] | None = None) -> int:
    """Run a command line; the exit status is 0 only when the job was done, 2 for a wrong call, 1 otherwise."""
    arguments = sys.argv[1:] if arguments is None else arguments
    command = typer.main.get_command(app)
    try:
        status = command.main(arguments or ["--help"], prog_name=program, standalone_mode=False)
        return (status or 0) if arguments else 2
    except InputRefused as error:
        return _failed(program, str(error))
    except BrokenPipeError:
        # Whoever read the output has gone; Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return _failed(program, "interrupted", 130)
    except Exception as error:
        # Newer typer brings its own copy of click, so no one class catches wrong calls in all versions.
        if not hasattr(error, "format_message"):
            raise
        return _failed(program, f"{error.format_message()} (see {program} --help)", 2)


def _failed(program: str, message: str, status: int = 1) -> int:
    print(f"{program}: {' '.join(message.split())}", file=sys.stderr)
    return status
