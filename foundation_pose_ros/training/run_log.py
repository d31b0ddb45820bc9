"""What a run has come to as it goes: a CSV file, and the same for TensorBoard where that is installed."""

import csv
import math
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from ..atomic_file import write_text
from ..errors import InputRefused
from ..runtime.extras import LIBRARIES, needed


class RunLog:
    """Rows of numbers by step, each written at once. columns: their names, the first one that of the step."""

    def __init__(self, folder: Path, columns: tuple[str, ...], step: int, say: Callable[[str], None]) -> None:
        """Go on after a step: rows of later ones, which were lost with a run that was killed, are taken out.

        Raises InputRefused where the folder's log has other columns.
        """
        self.path = folder / "log.csv"
        self._columns = columns
        if self.path.is_file():
            self._cut(step)
        else:
            write_text(self.path, ",".join(columns) + "\n")
        self._events = None
        if all(find_spec(library) is not None for library in LIBRARIES["tensorboard"]):
            from torch.utils.tensorboard import SummaryWriter

            self._events = SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)
        else:
            say(needed("a log for TensorBoard", "tensorboard", f"{self.path} holds the same"))

    def write(self, row: tuple[float, ...]) -> None:
        """Append a row; what isn't known is NaN."""
        with self.path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow([f"{value:.5g}" if isinstance(value, float) else value for value in row])
        if self._events is not None:
            for name, value in zip(self._columns[1:], row[1:], strict=True):
                if not math.isnan(value):
                    self._events.add_scalar(name, value, int(row[0]))
            self._events.flush()

    def close(self) -> None:
        """Write what TensorBoard's file still lacks."""
        if self._events is not None:
            self._events.close()

    def _cut(self, step: int) -> None:
        header, *rows = self.path.read_text(encoding="utf-8").splitlines()
        if header != ",".join(self._columns):
            raise InputRefused(
                "bad_log", f"{self.path} is of another kind of run: give this run an output folder of its own"
            )
        kept = [row for row in rows if int(row.split(",")[0]) <= step]
        write_text(self.path, "\n".join([header, *kept]) + "\n")
