"""A Python program in a process of its own, ended with the context."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_LONGEST_END_S = 10.0


@contextmanager
def child_process(
    program: str | Path,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path | None = None,
    quiet: bool = False,
) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a module by its name, or a file by its path, and end it as SIGTERM does, or else by force.

    folder: that it runs in, None for this one. quiet: what it says goes nowhere.
    """
    named = [str(program)] if isinstance(program, Path) else ["-m", program]
    process = subprocess.Popen(
        [sys.executable, *named, *arguments],
        env=dict(environment),
        cwd=folder,
        stderr=subprocess.DEVNULL if quiet else None,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=_LONGEST_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
