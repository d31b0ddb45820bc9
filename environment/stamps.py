"""Remembers from which inputs a step was last done, so that a second call has nothing to do."""

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path

from .layout import ROOT, STAMPS


def fingerprint(files: Iterable[Path], *words: str) -> str:
    """Hash of the files' names and contents, of further words, of the interpreter and of the repository's place."""
    digest = hashlib.sha256(repr((sys.version, sys.base_prefix, str(ROOT), words)).encode())
    for file in sorted(files):
        digest.update(str(file.relative_to(ROOT)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def is_current(step: str, wanted: str) -> bool:
    """Whether the step was last done from inputs with this fingerprint."""
    stamp = STAMPS / step
    return stamp.exists() and stamp.read_text(encoding="utf-8") == wanted


def set_current(step: str, wanted: str) -> None:
    """Remember that the step is done."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / step).write_text(wanted, encoding="utf-8")


def forget(*steps: str) -> None:
    """Have these steps done again: before they start, so that an interrupted one isn't taken for done."""
    for step in steps:
        (STAMPS / step).unlink(missing_ok=True)
