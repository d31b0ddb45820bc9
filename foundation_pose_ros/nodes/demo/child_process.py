"""A Python module in a process of its own, ended with the context."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_LONGEST_END_S = 10.0


@contextmanager
def child_process(
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path | None = None,
    quiet: bool = False,
) -> "Iterator[subprocess.Popen[bytes]]":
    """Run `python -m module`, and end it as SIGTERM does, or else by force.

    folder: that it runs in, None for this one. quiet: what it says goes nowhere.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
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
