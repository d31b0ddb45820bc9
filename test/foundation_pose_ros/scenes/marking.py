"""A job for workers, which other processes can import."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from foundation_pose_ros import InputRefused


@dataclass(frozen=True)
class Marking:
    """A job that leaves a mark for each time it is called, dies at some numbers, once or always, and refuses others."""

    folder: Path
    dies_once: tuple[int, ...] = ()
    dies: tuple[int, ...] = ()
    refuses: tuple[int, ...] = ()
    takes_s: float = 0.0

    def __call__(self, number: int) -> None:
        mark = self.folder / f"{number}_{time.monotonic_ns()}"
        first = not list(self.folder.glob(f"{number}_*"))
        mark.touch()
        time.sleep(self.takes_s)
        if number in self.dies or (number in self.dies_once and first):
            os.kill(os.getpid(), signal.SIGKILL)
        if number in self.refuses:
            raise InputRefused("table_full", "no room")

    def times(self, number: int) -> int:
        return len(list(self.folder.glob(f"{number}_*")))
