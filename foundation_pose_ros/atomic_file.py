"""Files that are there whole or not at all: nobody reads half of one, and a full disk leaves the last one in place."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path in the same folder, of the same suffix, to write to; what was written then takes the place of `path`.

    Where writing fails, nothing of it is left and the old file stays. The folder must be there.
    """
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield unfinished
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a file's whole text, as UTF-8."""
    with replacing(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
