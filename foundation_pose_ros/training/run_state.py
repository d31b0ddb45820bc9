"""What a run needs to go on where it stopped."""

from pathlib import Path

import torch
from torch import nn

from ..atomic_file import replacing
from ..errors import InputRefused

# Share of the running mean that a step leaves.
RECENT = 0.98


class RunState:
    """Step, processor time worked, network and optimiser; the running mean of the loss."""

    def __init__(self, network: nn.Module, optimizer: torch.optim.Optimizer, path: Path) -> None:
        self.network = network
        self.optimizer = optimizer
        self.path = path
        self.step = 0
        self.processor_s = 0.0
        self.recent_loss = float("nan")

    def note(self, loss: float) -> None:
        """Take one step's loss into the running mean."""
        first = self.recent_loss != self.recent_loss
        self.recent_loss = loss if first else RECENT * self.recent_loss + (1 - RECENT) * loss

    def save(self) -> None:
        """Write the file, whole or not at all: a run can be stopped at any time."""
        content = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "processor_s": self.processor_s,
            "recent_loss": self.recent_loss,
        }
        with replacing(self.path) as unfinished:
            torch.save(content, unfinished)

    def load(self) -> bool:
        """Take up what was saved; False where nothing was. Raises InputRefused where it is of another network."""
        if not self.path.is_file():
            return False
        content = torch.load(self.path, map_location="cpu", weights_only=True)
        try:
            self.network.load_state_dict(content["network"])
            self.optimizer.load_state_dict(content["optimizer"])
        except (KeyError, RuntimeError, ValueError):
            raise InputRefused(
                "bad_checkpoint", f"{self.path} is of another network: give this run an output folder of its own"
            ) from None
        self.step, self.processor_s = content["step"], content["processor_s"]
        self.recent_loss = content["recent_loss"]
        return True
