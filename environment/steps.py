"""Runs the slow steps: a plain line before and after, the output in a log file, its end shown when a step fails."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from .layout import LOGS, ROOT

SHOWN_LINES = 25


class StepFailed(RuntimeError):
    """A step that ended badly; the message is meant for the user."""


def say(text: str) -> None:
    """One plain line of progress on stderr: stdout belongs to the command that is run afterwards."""
    print(f"environment: {text}", file=sys.stderr, flush=True)


def run_step(name: str, title: str, command: Sequence[object], variables: Mapping[str, str] | None = None) -> None:
    """Run a command in the repository's root, its output in `<name>.log`; raises StepFailed with the log's end."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    say(f"{title} ...")
    begin = time.monotonic()
    with log.open("w", encoding="utf-8") as stream:
        status = subprocess.run(
            [str(word) for word in command],
            cwd=ROOT,
            env=None if variables is None else dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    if status != 0:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-SHOWN_LINES:]
        ending = "".join(f"    {line}\n" for line in lines)
        raise StepFailed(f"{title}: failed with status {status}; {log} ends with:\n{ending}".rstrip())
    say(f"{title}: done in {time.monotonic() - begin:.0f} s")
