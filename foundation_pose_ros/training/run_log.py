"""What a run has come to as it goes: a CSV file, and the same for TensorBoard where that is installed."""

import csv
import math
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from ..runtime.extras import LIBRARIES, needed


class RunLog:
    """Rows of numbers by step, each written at once. columns: their names, the first one that of the step."""

    def __init__(self, folder: Path, columns: tuple[str, ...], say: Callable[[str], None]) -> None:
        self.path = folder / "log.csv"
        self._columns = columns
        self._events = None
        if all(find_spec(library) is not None for library in LIBRARIES["tensorboard"]):
            from torch.utils.tensorboard import SummaryWriter

            self._events = SummaryWriter(str(folder / "tensorboard"))
        else:
            say(needed("a log for TensorBoard", "tensorboard", f"{self.path} holds the same"))

    def write(self, row: tuple[float, ...]) -> None:
        """Append a row; what isn't known is NaN."""
        new = not self.path.is_file()
        with self.path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(self._columns)
            writer.writerow([f"{value:.5g}" if isinstance(value, float) else value for value in row])
        if self._events is not None:
            for name, value in zip(self._columns[1:], row[1:], strict=True):
                if not math.isnan(value):
                    self._events.add_scalar(name, value, int(row[0]))
            self._events.flush()

    def close(self) -> None:
        """Write what TensorBoard's file still lacks."""
        if self._events is not None:
            self._events.close()
