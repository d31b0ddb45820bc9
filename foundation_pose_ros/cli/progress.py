"""A bar on standard error while work goes on."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def with_progress(items: Iterable[Any], total: int, what: str, lines_on_stdout: bool) -> Iterator[Any]:
    """Yield the items, with a bar on standard error while they come.

    No bar without a terminal, nor where lines of output would run through it.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown = console.is_terminal and not (lines_on_stdout and sys.stdout.isatty())
    # Rich would send standard output to its own console, here standard error.
    with Progress(*columns, console=console, transient=True, disable=not shown, redirect_stdout=False) as progress:
        yield from progress.track(items, total=total, description=what)
