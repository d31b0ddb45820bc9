"""Weights of a published network that were trained here, as a file that `load_checkpoint` reads."""

from dataclasses import replace
from pathlib import Path

from torch import nn

from ..networks import RefineNet, ScoreNet
from ..networks.checkpoints import save_checkpoint
from ..networks.compact_facts import CompactFacts


def save_trained(network: nn.Module, whole: RefineNet | ScoreNet, path: Path, facts: CompactFacts) -> None:
    """Write a network's tensors as those of `whole`, which has none of training's own layers."""
    whole.load_state_dict(network.state_dict())
    save_checkpoint(
        whole, path, replace(whole.info, licence=facts.licence, date=facts.date, note=f"trained in {facts}")
    )
