"""Training ScoreNet: every pose of a set in a crop of its own, and the published loss on their order."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from torch import Tensor, nn

from ..networks import ScoreNet
from ..networks.training_facts import TrainingFacts
from ..networks.weights_info import PUBLISHED_SETTINGS
from .losses import ranking_loss
from .mixed_scenes import Scenes
from .network_task import Batch
from .pose_sets import PoseSet, PoseSets
from .published_inputs import PublishedInputs
from .published_settings import ScoreNetSettings, ScoreNetStage
from .published_weights import save_trained
from .reduced_resolution import ScoreNetInTraining
from .score_task import ScoreValidation, laid_together


class ScoreNetTask:
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

    def batch(self, made: Sequence[PoseSet]) -> Batch:
        """Lay sets together, as `laid_together` does."""
        return laid_together(made)

    def pairs(self, batch: Batch) -> int:
        """Return how many pairs a batch has."""
        return batch[-1].numel()

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
