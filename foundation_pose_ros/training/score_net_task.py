"""Training ScoreNet: every pose of a set in a crop of its own, and the published loss on their order."""

from collections.abc import Callable, Iterable
from pathlib import Path

from torch import Tensor, nn

from ..networks import ScoreNet
from ..networks.training_facts import TrainingFacts
from ..networks.weights_info import PUBLISHED_SETTINGS
from .losses import ranking_loss
from .mixed_scenes import Scenes
from .network_task import Batch
from .pose_sets import PoseSets
from .published_inputs import PublishedInputs
from .published_settings import ScoreNetSettings, ScoreNetStage
from .published_weights import save_trained
from .reduced_resolution import ScoreNetInTraining
from .score_task import PoseSetBatches, ScoreValidation


class ScoreNetTask(PoseSetBatches):
    """ScoreNet's part of a run."""

    title = "ScoreNet"
    kind = "score_net"
    file = "score_net.safetensors"
    written_with: str | None = None
    columns = ScoreValidation.columns

    def __init__(self, settings: ScoreNetSettings) -> None:
        self.settings = settings

    def network(self) -> nn.Module:
        """Make a scorer."""
        return ScoreNetInTraining()

    def sets(self, scenes: Scenes, stage: ScoreNetStage) -> PoseSets:
        """Return the sets of a stage."""
        return PoseSets(scenes, stage.drawn, PublishedInputs(PUBLISHED_SETTINGS["score"], stage.size))

    def loss(self, network: Callable[..., Tensor], batch: Batch) -> Tensor:
        """Return by how much right poses aren't scored higher than others."""
        rendered, observed, error = batch
        return ranking_loss(network(rendered, observed).float(), error, self.settings.margin)

    def judged(self, network: nn.Module, batches: Iterable[Batch]) -> ScoreValidation:
        """Judge a scorer."""
        return ScoreValidation.of(network, batches, 1 / self.settings.margin)

    def export(self, network: nn.Module, path: Path, facts: TrainingFacts) -> None:
        """Write a scorer as `load_checkpoint` reads it."""
        save_trained(network, ScoreNet(), path, facts)
