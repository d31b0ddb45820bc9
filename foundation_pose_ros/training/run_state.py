"""What a run needs to go on where it stopped."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..atomic_file import replacing
from ..errors import InputRefused

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
