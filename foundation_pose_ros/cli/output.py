"""Files that results go to."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import InputRefused


@contextmanager
def line_writer(path: Path | None) -> Iterator[Any]:
    """Give a function that writes one JSON object per line, at once, to the file or to standard output."""
    stream = sys.stdout if path is None else _opened(path)
    try:
        yield lambda line: print(json.dumps(line, allow_nan=False), file=stream, flush=True)
    finally:
        if path is not None:
            stream.close()


def prepared(path: Path, option: str = "--output") -> Path:
    """Return the path of an output file with its folder made; refuse it now rather than after the work.

    option: that the file was named by.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputRefused("output", f"{path} can't be written ({error.strerror}): give another {option}") from None
    if path.is_dir():
        raise InputRefused("output", f"{path} is a folder: give {option} the name of a file")
    return path


def _opened(path: Path) -> Any:
    try:
        return prepared(path).open("w")
    except OSError as error:
        raise InputRefused("output", f"{path} can't be written ({error.strerror}): give another --output") from None
