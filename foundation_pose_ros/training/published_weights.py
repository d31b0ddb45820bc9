"""Weights of a published network that were trained here, as a file that `load_checkpoint` reads."""

from dataclasses import replace
from pathlib import Path

from torch import nn

from ..networks import RefineNet, ScoreNet
from ..networks.training_facts import TrainingFacts
from ..networks.weights_file import write_safetensors


def save_trained(network: nn.Module, whole: RefineNet | ScoreNet, path: Path, facts: TrainingFacts) -> None:
    """Write a network's tensors as those of `whole`, which has none of training's own layers.

    The file tells what it was trained on, for people and for a run that begins with it.
    """
    whole.load_state_dict(network.state_dict())
    info = replace(whole.info, licence=facts.licence, date=facts.date, note=f"trained in {facts}")
    write_safetensors(whole.state_dict(), path, facts.as_metadata | info.as_metadata())
