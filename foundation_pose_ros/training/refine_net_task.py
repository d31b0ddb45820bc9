"""Training RefineNet: every pose of a set in a crop of its own, the published loss, what a step leaves of an error."""

from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import Tensor, nn

from ..learned.pose_update import stepped, true_steps
from ..networks import RefineNet
from ..networks.training_facts import TrainingFacts
from ..networks.weights_info import PUBLISHED_SETTINGS
from .losses import TRANSLATION_WEIGHT, step_loss
from .mixed_scenes import Scenes
from .network_task import Batch
from .published_inputs import PublishedInputs
from .published_settings import RefineNetSettings, RefineNetStage
from .published_weights import save_trained
from .reduced_resolution import RefineNetInTraining
from .refine_task import StepSetBatches, StepValidation
from .step_sets import StepSets

_INPUTS = PUBLISHED_SETTINGS["refine"]


class RefineNetTask(StepSetBatches):
    """RefineNet's part of a run."""

    title = "RefineNet"
    kind = "refine_net"
    file = "refine_net.safetensors"
    written_with: str | None = None
    columns = StepValidation.columns

    def __init__(self, settings: RefineNetSettings) -> None:
        self.settings = settings

    def network(self) -> nn.Module:
        """Make a refiner whose residual branches and last layers say nothing at first, after Goyal et al. (2017)."""
        network = RefineNetInTraining()
        for name, module in network.named_modules():
            if name.endswith("bn2") or name in ("trans_head.1", "rot_head.1"):
                for parameter in module.parameters():
                    nn.init.zeros_(parameter)
            if isinstance(module, nn.TransformerEncoderLayer):
                for last in (module.self_attn.out_proj, module.linear2):
                    nn.init.zeros_(last.weight)
            if isinstance(module, nn.Dropout):
                module.p = self.settings.dropout
        return network

    def sets(self, scenes: Scenes, stage: RefineNetStage) -> StepSets:
        """Return the sets of a stage."""
        return StepSets(scenes, stage.drawn, PublishedInputs(_INPUTS, stage.size))

    def loss(self, network: Callable[..., tuple[Tensor, Tensor]], batch: Batch) -> Tensor:
        """Return what is missing to the true steps, of the mean over tokens and of each alone."""
        rendered, observed, _, motion = batch
        translation, rotation = (said.float() for said in network(rendered, observed))  # (B, N, 3)
        true_translation, true_rotation = _true_steps(motion)
        weights = (TRANSLATION_WEIGHT, self.settings.rotation_weight)
        loss = step_loss(translation.mean(dim=1), rotation.mean(dim=1), true_translation, true_rotation, weights)
        if self.settings.per_token:
            alone = step_loss(translation, rotation, true_translation[:, None], true_rotation[:, None], weights)
            loss = loss + self.settings.per_token * alone
        return loss

    def judged(self, network: nn.Module, batches: Iterable[Batch]) -> StepValidation:
        """Judge a refiner."""
        return StepValidation.of(_left(network, batch) for batch in batches)

    def export(self, network: nn.Module, path: Path, facts: TrainingFacts) -> None:
        """Write a refiner as `load_checkpoint` reads it."""
        save_trained(network, RefineNet(), path, facts)


def said_motions(network: nn.Module, rendered: Tensor, observed: Tensor) -> Tensor:
    """Return the motions (B, 4, 4) that a refiner says, in the frame of each crop: about its centre, in radii."""
    translation, rotation = (said.float().mean(dim=1) for said in network(rendered, observed))
    still = torch.eye(4, device=rendered.device).expand(len(rendered), 4, 4)
    return stepped(still, translation, rotation, torch.zeros(3, device=rendered.device), 1.0, _INPUTS.turn_rad)


def _true_steps(motion: Tensor) -> tuple[Tensor, Tensor]:
    """What a refiner should say of motions (B, 4, 4) in crops' frames."""
    still = torch.eye(4, device=motion.device).expand_as(motion)
    return true_steps(still, motion, torch.zeros(3, device=motion.device), 1.0, _INPUTS.turn_rad)


def _left(network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """Mean distances (B,) of points from where they are in truth, before and after a step."""
    rendered, observed, points, motion = batch
    said = said_motions(network, rendered, observed)
    there, after = (_moved(T, points) for T in (motion, said))
    before, after = ((found - there).norm(dim=2).mean(dim=1) for found in (points, after))
    return before, after


def _moved(T: Tensor, points: Tensor) -> Tensor:
    """Points (B, P, 3) moved by (B, 4, 4)."""
    return points @ T[:, :3, :3].transpose(1, 2) + T[:, None, :3, 3]
