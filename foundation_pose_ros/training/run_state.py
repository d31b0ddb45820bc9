"""What a run needs to go on where it stopped."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..atomic_file import replacing
from ..errors import InputRefused

# Share of the running mean that a step leaves.
RECENT = 0.98


# Networks and optimisers of a run, by the name that they have in its file.
Parts = dict[str, nn.Module | torch.optim.Optimizer]


def save_run(path: Path, parts: Parts, counts: dict[str, Any]) -> None:
    """Write what the parts have learned, and counts, whole or not at all: a run can be stopped at any time."""
    with replacing(path) as unfinished:
        torch.save({name: part.state_dict() for name, part in parts.items()} | counts, unfinished)


def load_run(path: Path, parts: Parts) -> dict[str, Any] | None:
    """Give the parts what they had learned, and return what was saved; None where nothing was.

    Raises InputRefused where that is of other networks.
    """
    if not path.is_file():
        return None
    content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    try:
        for name, part in parts.items():
            part.load_state_dict(content[name])
    except (KeyError, RuntimeError, ValueError):
        raise InputRefused(
            "bad_checkpoint", f"{path} is of another network: give this run an output folder of its own"
        ) from None
    return content


class RunState:
    """Step, processor time worked, network and optimiser; the running mean of the loss."""

    def __init__(self, network: nn.Module, optimizer: torch.optim.Optimizer, path: Path) -> None:
        self.network = network
        self.optimizer = optimizer
        self.path = path
        self.step = 0
        self.processor_s = 0.0
        self.recent_loss = float("nan")

    @property
    def _parts(self) -> Parts:
        return {"network": self.network, "optimizer": self.optimizer}

    def note(self, loss: float) -> None:
        """Take one step's loss into the running mean."""
        first = self.recent_loss != self.recent_loss
        self.recent_loss = loss if first else RECENT * self.recent_loss + (1 - RECENT) * loss

    def save(self) -> None:
        """Write the file, whole or not at all."""
        counts = {"step": self.step, "processor_s": self.processor_s, "recent_loss": self.recent_loss}
        save_run(self.path, self._parts, counts)

    def load(self) -> bool:
        """Take up what was saved; False where nothing was. Raises InputRefused where it is of another network."""
        content = load_run(self.path, self._parts)
        if content is None:
            return False
        self.step, self.processor_s = content["step"], content["processor_s"]
        self.recent_loss = content["recent_loss"]
        return True
