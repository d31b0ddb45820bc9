"""One process or many (torchrun): who writes, and how gradients are averaged."""

import os

import torch
from torch import distributed, nn


class Ranks:
    """This process among those of the run; alone where torchrun hasn't started it."""

    def __init__(self, device: str) -> None:
        self.rank = int(os.environ.get("RANK", 0))
        self.count = int(os.environ.get("WORLD_SIZE", 1))
        local = int(os.environ.get("LOCAL_RANK", 0))
        self.device = f"cuda:{local}" if device == "cuda" else device
        if self.count > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if device == "cuda" else "gloo")

    @property
    def first(self) -> bool:
        """Tell whether this process is the one that writes files."""
        return self.rank == 0

    def same(self, model: nn.Module) -> None:
        """Give every process the first one's parameters."""
        if self.count > 1:
            for parameter in model.parameters():
                distributed.broadcast(parameter.data, 0)

    def average_gradients(self, model: nn.Module) -> None:
        """Average the gradients over all processes; parameters that the loss doesn't reach have none."""
        if self.count > 1:
            for parameter in model.parameters():
                if parameter.grad is not None:
                    distributed.all_reduce(parameter.grad)
                    parameter.grad /= self.count

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
        """Leave the group, all at once: gloo at times aborts a process that leaves while others are at work."""
        if self.count > 1:
            self.wait()
            distributed.destroy_process_group()
