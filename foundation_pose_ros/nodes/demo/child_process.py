"""A Python program in a process of its own, ended with the context."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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

    Meanwhile SIGTERM ends this program as sys.exit does, so that the other one isn't left behind.
    folder: that it runs in, None for this one. quiet: what it says goes nowhere.
    """
    named = [str(program)] if isinstance(program, Path) else ["-m", program]
    with _unwound_by_sigterm():
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


@contextmanager
def _unwound_by_sigterm() -> Iterator[None]:
    # Python lets the main thread alone say what a signal does.
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _frame: Any) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
