"""UniverSeg's forward pass and the plain form where other processes want the cores too.

One process a core does nothing but count. Both forms take turns under the same load, and before it, in the same run:
`python -m benchmarks.run --only segmentation_load`.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numpy as np
import torch

from benchmarks.reporting import segmentation_tables
from benchmarks.reporting.parts import Part, Report, Scope
from benchmarks.segmentation.peak_memory import SIZE, THREADS, network, task
from foundation_pose_ros.runtime.provenance import provenance
from universeg_ros import UniverSeg

# Rounds by the number of examples: the plain form takes minutes for many under load.
ROUNDS = {16: 3, 64: 1}
_COUNTING = "while True: pass"


def measure(scope: Scope) -> Report:
    """Measure both forms without and with a busy process on each core, in rounds, published widths, float32."""
    rounds = {16: 1} if scope.quick else ROUNDS
    threads = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        model = network()
        rows = [_row(model, count, times) for count, times in rounds.items()]
    finally:
        torch.set_num_threads(threads)
    return provenance({"quick": scope.quick}) | {
        "image": f"{SIZE}x{SIZE}",
        "threads": THREADS,
        "cores": os.cpu_count(),
        "rows": rows,
    }


@torch.inference_mode()
def _row(model: UniverSeg, count: int, rounds: int) -> dict[str, Any]:
    given = task(count)
    forms: dict[str, Callable[..., torch.Tensor]] = {"plain": model.plain, "forward": model}
    row: dict[str, Any] = {"support": count, "rounds": rounds, "load_average": os.getloadavg()[0]}
    for when in ("before", "loaded"):
        with busy_cores() if when == "loaded" else _as_it_is():
            times = {form: [_time_s(forward, given) for _ in range(rounds)] for form, forward in forms.items()}
        row[when] = {form: float(f"{np.median(times_s):.4g}") for form, times_s in times.items()}
    return row


def _time_s(forward: Callable[..., torch.Tensor], given: tuple[torch.Tensor, ...]) -> float:
    started = perf_counter()
    forward(*given)
    return perf_counter() - started


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


@contextmanager
def busy_cores() -> Iterator[None]:
    """Keep every core of the machine busy with a process of its own."""
    busy = [subprocess.Popen([sys.executable, "-c", _COUNTING]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


PART = Part(
    name="segmentation_load",
    about="time of a forward pass beside the plain form while other processes want the cores",
    result="segmentation_load.json",
    tables={"segmentation_load": segmentation_tables.load},
    measure=measure,
)
