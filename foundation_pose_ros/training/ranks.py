"""One process or many (torchrun): who writes, and a network whose gradients are averaged over all of them."""

import gc
import os

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel


class Ranks:
    """This process among those of the run; alone where torchrun hasn't started it.

    device: cpu, cuda, or auto for a GPU where there is one; each process has one of its own.
    """

    def __init__(self, device: str) -> None:
        self.rank = int(os.environ.get("RANK", 0))
        self.count = int(os.environ.get("WORLD_SIZE", 1))
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self._local = int(os.environ.get("LOCAL_RANK", 0)) if device == "cuda" else None
        self.device = device if self._local is None else f"cuda:{self._local}"
        if self._local is not None:
            torch.cuda.set_device(self._local)
        if self.count > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if device == "cuda" else "gloo")

    @property
    def first(self) -> bool:
        """Tell whether this process is the one that writes files."""
        return self.rank == 0

    def parallel(self, model: nn.Module, unused: bool = False) -> nn.Module:
        """Return the model as all processes train it together, with the first one's weights.

        unused: whether there are parameters that the loss doesn't reach.
        """
        if self.count == 1:
            return model
        devices = None if self._local is None else [self._local]
        return DistributedDataParallel(model, device_ids=devices, find_unused_parameters=unused)

    def agreed(self, value: float) -> float:
        """Return the first process's value, so that all stop at the same step."""
        if self.count == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64, device=self.device)
        distributed.broadcast(shared, 0)
        return float(shared)

    def wait(self) -> None:
        """Wait for all processes to come here."""
        if self.count > 1:
            distributed.barrier()

    def close(self) -> None:
        """Leave the group, all at once: gloo at times aborts a process that leaves while others are at work.

        Nobody may hold what `parallel` gave any more: it holds the group, with which no process can end.
        """
        if self.count > 1:
            gc.collect()
            self.wait()
            distributed.destroy_process_group()
