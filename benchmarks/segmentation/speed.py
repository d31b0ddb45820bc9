"""UniverSeg's forward pass beside the plain form of the same network: time, its floor, and peak memory.

The floor is what the machine needs for the same multiplications in one large matrix product, measured in the same
round. Figures of one round are compared with each other, so that ratios hold on a busy machine too.
"""

import subprocess
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.reporting import segmentation_tables
from benchmarks.reporting.parts import Part, Report, Scope
from benchmarks.segmentation.peak_memory import SIZE, THREADS, network, task
from foundation_pose_ros.runtime.provenance import provenance
from universeg_ros import UniverSeg

SUPPORTS = (1, 16, 64)
GEMM_SIZE = 1024
# What a process of its own is asked to do, and the number of examples.
MEMORY_CASES = (("forward", 16), ("forward", 64), ("plain", 64), ("forward", 256))


def measure(scope: Scope) -> Report:
    """Measure time and memory, in three rounds."""
    return provenance({"quick": scope.quick}) | {"speed": figures(rounds=1 if scope.quick else 3)}


def figures(rounds: int) -> dict[str, Any]:
    """Return published widths, one query of 128x128, float32; forward also with bf16 autocast."""
    threads = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        return {
            "features": list(UniverSeg().features),
            "image": f"{SIZE}x{SIZE}",
            "threads": THREADS,
            "torch": torch.__version__,
            "time": [_compared(count, rounds) for count in SUPPORTS],
            "memory": [
                {"form": form, "support": count, "peak_mib": round(_peak_mib(form, count))}
                for form, count in MEMORY_CASES
            ],
        }
    finally:
        torch.set_num_threads(threads)


@torch.inference_mode()
def _compared(count: int, rounds: int) -> dict[str, Any]:
    model, given = network(), task(count)
    macs, plain_macs = _macs(count, "forward"), _macs(count, "plain")
    rows: dict[str, list[float]] = {key: [] for key in ("plain", "fp32", "bf16", "ratio", "bf16_ratio", "over_floor")}
    for _ in range(rounds):
        floor_s = macs / _gemm_macs_per_s()
        fp32_s, fast = _timed(lambda: model(*given))
        with torch.autocast("cpu", torch.bfloat16):
            bf16_s, half = _timed(lambda: model(*given))
        plain_s, plain = _timed(lambda: model.plain(*given))
        fp32_s = min(fp32_s, _timed(lambda: model(*given))[0])  # on both sides of the long one, should load change
        for key, value in (
            ("plain", plain_s),
            ("fp32", fp32_s),
            ("bf16", bf16_s),
            ("ratio", plain_s / fp32_s),
            ("bf16_ratio", plain_s / bf16_s),
            ("over_floor", fp32_s / floor_s),
        ):
            rows[key].append(value)
    return {
        "support": count,
        "rounds": rounds,
        "macs": macs,
        "plain_macs": plain_macs,
        "largest_difference": float((fast - plain).abs().max()),
        "largest_difference_bf16": float((half.float() - plain).abs().max()),
        "standard_deviation": float(plain.std()),
        **{key: float(f"{np.median(values):.4g}") for key, values in rows.items()},
    }


def _macs(count: int, form: str) -> int:
    """Multiplications of a prediction, counted without making them."""
    model = network().to("meta")
    given = [tensor.to("meta") for tensor in task(count)]
    with FlopCounterMode(display=False) as counter:
        (model if form == "forward" else model.plain)(*given)
    return counter.get_total_flops() // 2


def _timed(work: Callable[[], torch.Tensor]) -> tuple[float, torch.Tensor]:
    started = perf_counter()
    result = work()
    return perf_counter() - started, result


def _gemm_macs_per_s() -> float:
    a, b = torch.rand(GEMM_SIZE, GEMM_SIZE), torch.rand(GEMM_SIZE, GEMM_SIZE)
    return GEMM_SIZE**3 / min(_timed(lambda: a @ b)[0] for _ in range(8))


def _peak_mib(form: str, count: int) -> float:
    """Peak resident memory of a whole process that makes one prediction."""
    command = [sys.executable, "-m", "benchmarks.segmentation.peak_memory", form, str(count)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


PART = Part(
    name="segmentation_speed",
    about="time and memory of a forward pass beside the plain form of the network",
    result="segmentation_speed.json",
    tables={"segmentation_speed": segmentation_tables.speed, "segmentation_memory": segmentation_tables.memory},
    measure=measure,
)
