"""Peak memory of a process that makes one prediction: `python -m benchmarks.segmentation.peak_memory FORM EXAMPLES`.

Imports little, since what is imported counts.
"""

import sys
from pathlib import Path

import torch

from universeg_ros import UniverSeg

THREADS = 2
SIZE = 128


def network() -> UniverSeg:
    """Make the network of published widths, untrained."""
    torch.manual_seed(0)
    return UniverSeg().eval()


def task(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Make an image and so many examples with masks, of noise."""
    generator = torch.Generator().manual_seed(count)
    images = torch.rand((1, count + 1, 1, SIZE, SIZE), generator=generator)
    labels = (torch.rand((1, count, 1, SIZE, SIZE), generator=generator) > 0.6).float()
    return images[:, 0], images[:, 1:], labels


@torch.inference_mode()
def predict_and_print_peak(form: str, count: int) -> None:
    """Print MiB."""
    torch.set_num_threads(THREADS)
    model = network()
    (model if form == "forward" else model.plain)(*task(count))
    # Not getrusage, which still holds what the parent had when it forked.
    (peak,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    print(int(peak.split()[1]) / 1024)


if __name__ == "__main__":
    predict_and_print_peak(sys.argv[1], int(sys.argv[2]))
