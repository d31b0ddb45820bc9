"""Training the compact scorer: its sets, its loss, and how often it puts a right pose first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ..networks.compact_export import export_compact_scorer
from ..networks.compact_score_net import CompactScoreNet, set_losses
from ..networks.shipped_weights import COMPACT_SCORER
from ..networks.training_facts import TrainingFacts
from .compact_settings import CompactScoreSettings, ScoreStage
from .mixed_scenes import Scenes
from .network_task import Batch
from .pose_sets import PoseSet, PoseSets

# Poses that are no worse than the best by more than this are as right, and sets whose worst pose is not worse by more
# than that have nothing to tell.
_AS_RIGHT, _TELLS = 0.1, 0.2


@dataclass(frozen=True)
class ScoreValidation:
    """N sets of held-out meshes. loss (N,): see `set_losses`. tells (N,) bool: some poses are worse than others. right,
    by_depth (N,) bool: whether a right pose comes first, by the network and by the nearest depth alone.
    """

    columns: ClassVar[tuple[str, ...]] = ("right_first", "right_first_by_depth")

    loss: np.ndarray
    tells: np.ndarray
    right: np.ndarray
    by_depth: np.ndarray

    @classmethod
    def of(cls, network: nn.Module, batches: Iterable[Batch], sharpness: float) -> "ScoreValidation":
        """Judge a scorer. sharpness: of the loss, see `set_losses`."""
        judged: list[tuple[Tensor, ...]] = []
        for rendered, observed, error in batches:
            scores = network(rendered, observed)
            best = error.min(dim=1).values
            tells = error.max(dim=1).values - best > _TELLS
            right, by_depth = (
                error.gather(1, by.argmax(dim=1, keepdim=True))[:, 0] - best < _AS_RIGHT
                for by in (scores, _nearness(rendered, observed))
            )
            judged.append((set_losses(scores, error, sharpness), tells, right, by_depth))
        return cls(*(torch.cat(parts).cpu().numpy() for parts in zip(*judged, strict=True)))

    @property
    def right_first(self) -> tuple[float, float]:
        """Return the shares by the network and by depth alone, of sets that have something to tell."""
        return float(self.right[self.tells].mean()), float(self.by_depth[self.tells].mean())

    @property
    def logged(self) -> tuple[float, ...]:
        """Return the values of a log's columns."""
        return self.right_first

    def __str__(self) -> str:
        return "right first {:.3f} (by depth {:.3f})".format(*self.right_first)


class PoseSetBatches:
    """Batches of sets of poses, which every scorer learns from."""

    def batch(self, made: Sequence[PoseSet]) -> Batch:
        """Lay sets together: rendered (G, L, 6, s, s), observed (G, 1 or L, 6, s, s), error (G, L)."""
        observed = np.stack([one.observed for one in made])
        return (
            torch.from_numpy(np.stack([one.rendered for one in made])),
            torch.from_numpy(observed if observed.ndim == 5 else observed[:, None]),
            torch.from_numpy(np.stack([one.error for one in made])),
        )

    def pairs(self, batch: Batch) -> int:
        """Return how many pairs a batch has."""
        return batch[-1].numel()


class ScoreTask(PoseSetBatches):
    """The compact scorer's part of a run."""

    title = "compact scorer"
    kind = "compact_score"
    file = COMPACT_SCORER
    written_with: str | None = "onnx"
    columns = ScoreValidation.columns

    def __init__(self, settings: CompactScoreSettings) -> None:
        self.settings = settings

    def network(self) -> nn.Module:
        """Make a scorer."""
        return CompactScoreNet(self.settings.widths)

    def sets(self, scenes: Scenes, stage: ScoreStage) -> PoseSets:
        """Return the sets of a stage."""
        return PoseSets(scenes, stage.drawn)

    def loss(self, network: Callable[..., Tensor], batch: Batch) -> Tensor:
        """Return how far the network's choice is from the one that errors would make."""
        rendered, observed, error = batch
        return set_losses(network(rendered, observed), error, self.settings.sharpness).mean()

    def judged(self, network: nn.Module, batches: Iterable[Batch]) -> ScoreValidation:
        """Judge a scorer."""
        return ScoreValidation.of(network, batches, self.settings.sharpness)

    def export(self, network: nn.Module, path: Path, facts: TrainingFacts) -> None:
        """Write a scorer for onnxruntime."""
        assert isinstance(network, CompactScoreNet)
        export_compact_scorer(network, path, facts.as_metadata, half=True)


def _nearness(rendered: Tensor, observed: Tensor) -> Tensor:
    """(G, L): share of each rendering beside which depth agrees, what a network has to be better than."""
    known = rendered[:, :, 3:].abs().sum(dim=2) > 0
    apart = (rendered[:, :, 5] - observed[:, :, 5]).abs()
    near = known & (observed[:, :, 3:].abs().sum(dim=2) > 0) & (apart < 0.1)
    return near.sum(dim=(2, 3)) / known.sum(dim=(2, 3)).clamp(min=1)
