"""Training the compact scorer: its sets, its loss, and how often it puts a right pose first."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..networks.compact_export import export_compact_scorer
from ..networks.compact_score_net import CompactScoreNet, set_losses
from ..networks.shipped_weights import COMPACT_SCORER
from ..synthetic.mesh_library import MeshLibrary
from ..synthetic.surface_textures import TextureLibrary
from .compact_settings import CompactScoreSettings, ScoreStage
from .compact_task import Batch
from .mixed_scenes import scenes_of
from .pose_sets import PoseSet, PoseSets

# Poses that are no worse than the best by more than this are as right, and sets whose worst pose is not worse by more
# than that have nothing to tell.
_AS_RIGHT, _TELLS = 0.1, 0.2


@dataclass(frozen=True)
class ScoreValidation:
    """N sets of held-out meshes. loss (N,): see `set_losses`. tells (N,) bool: some poses are worse than others. right,
    by_depth (N,) bool: whether a right pose comes first, by the network and by the nearest depth alone.
    """

    loss: np.ndarray
    tells: np.ndarray
    right: np.ndarray
    by_depth: np.ndarray

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


class ScoreTask:
    """The compact scorer's part of a run."""

    title = "compact scorer"
    kind = "compact_score"
    file = COMPACT_SCORER
    columns: tuple[str, ...] = ("right_first", "right_first_by_depth")

    def __init__(self, settings: CompactScoreSettings) -> None:
        self.settings = settings

    def network(self) -> nn.Module:
        """Make a scorer."""
        return CompactScoreNet(self.settings.widths)

    def sets(self, meshes: MeshLibrary, textures: TextureLibrary, stage: ScoreStage, seed: int) -> PoseSets:
        """Return the sets of a stage."""
        scenes = scenes_of(meshes, textures, stage.drawn, seed, self.settings.pictures)
        return PoseSets(scenes, stage.drawn)

    def batch(self, made: Sequence[PoseSet]) -> Batch:
        """Rendered (G, L, 6, s, s), observed (G, 1, 6, s, s), error (G, L)."""
        return (
            torch.from_numpy(np.stack([one.rendered for one in made])),
            torch.from_numpy(np.stack([one.observed for one in made]))[:, None],
            torch.from_numpy(np.stack([one.error for one in made])),
        )

    def pairs(self, batch: Batch) -> int:
        """Return how many pairs a batch has."""
        return batch[-1].numel()

    def loss(self, network: Callable[..., Tensor], batch: Batch) -> Tensor:
        """Return how far the network's choice is from the one that errors would make."""
        rendered, observed, error = batch
        return set_losses(network(rendered, observed), error, self.settings.sharpness).mean()

    def judged(self, network: nn.Module, batches: Iterable[Batch]) -> ScoreValidation:
        """Judge a scorer."""
        judged: list[tuple[Tensor, ...]] = []
        for rendered, observed, error in batches:
            scores = network(rendered, observed)
            best = error.min(dim=1).values
            tells = error.max(dim=1).values - best > _TELLS
            right, by_depth = (
                error.gather(1, by.argmax(dim=1, keepdim=True))[:, 0] - best < _AS_RIGHT
                for by in (scores, _nearness(rendered, observed))
            )
            judged.append((set_losses(scores, error, self.settings.sharpness), tells, right, by_depth))
        return ScoreValidation(*(torch.cat(parts).numpy() for parts in zip(*judged, strict=True)))

    def export(self, network: nn.Module, path: Path, metadata: Mapping[str, str]) -> None:
        """Write a scorer for onnxruntime."""
        assert isinstance(network, CompactScoreNet)
        export_compact_scorer(network, path, metadata, half=True)


def _nearness(rendered: Tensor, observed: Tensor) -> Tensor:
    """(G, L): share of each rendering beside which depth agrees, what a network has to be better than."""
    known = rendered[:, :, 3:].abs().sum(dim=2) > 0
    apart = (rendered[:, :, 5] - observed[:, :, 5]).abs()
    near = known & (observed[:, :, 3:].abs().sum(dim=2) > 0) & (apart < 0.1)
    return near.sum(dim=(2, 3)) / known.sum(dim=(2, 3)).clamp(min=1)
