"""Training the compact refiner: its sets, its loss, and how much of an error one step leaves."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ..networks.compact_export import export_compact_refiner
from ..networks.compact_refine_net import CompactRefineNet
from ..networks.shipped_weights import COMPACT_REFINER
from ..networks.surface_motion import SurfaceMotion, motions, moved
from ..networks.training_facts import TrainingFacts
from .compact_settings import CompactRefineSettings, RefineStage
from .mixed_scenes import Scenes
from .network_task import Batch
from .step_sets import StepSet, StepSets

# Errors below so many radii count by their size, larger ones by what a step leaves of them.
_SMALL_RADII = 0.05


@dataclass(frozen=True)
class StepValidation:
    """N pairs of held-out meshes: means (N,) of how far model points are from where they are in truth, before and after
    one step, in radii.
    """

    columns: ClassVar[tuple[str, ...]] = ("left", "farther")

    before: np.ndarray
    after: np.ndarray

    @classmethod
    def of(cls, found: Iterable[tuple[Tensor, Tensor]]) -> "StepValidation":
        """Join batches' distances (B,) before and after."""
        before, after = (torch.cat(parts).cpu().numpy() for parts in zip(*found, strict=True))
        return cls(before, after)

    @property
    def logged(self) -> tuple[float, ...]:
        """Return the values of a log's columns."""
        left = self.after / self.before
        return float(np.median(left)), float((left > 1).mean())

    def __str__(self) -> str:
        return "one step leaves {:.3f}, {:.3f} end farther".format(*self.logged)


class StepSetBatches:
    """Batches of sets of starts, which every refiner learns from."""

    def batch(self, made: Sequence[StepSet]) -> Batch:
        """Lay sets together: rendered, observed (B, 6, s, s), points (B, P, 3), motion (B, 4, 4)."""
        observed = [np.broadcast_to(one.observed, one.rendered.shape) for one in made]
        parts = ([one.rendered for one in made], observed, [one.points for one in made], [one.motion for one in made])
        return tuple(torch.from_numpy(np.concatenate(part)) for part in parts)

    def pairs(self, batch: Batch) -> int:
        """Return how many pairs a batch has."""
        return len(batch[0])


class RefineTask(StepSetBatches):
    """The compact refiner's part of a run."""

    title = "compact refiner"
    kind = "compact_refine"
    file = COMPACT_REFINER
    written_with: str | None = "onnx"
    columns = StepValidation.columns

    def __init__(self, settings: CompactRefineSettings) -> None:
        self.settings = settings

    def network(self) -> nn.Module:
        """Make a refiner."""
        return CompactRefineNet(self.settings.widths)

    def sets(self, scenes: Scenes, stage: RefineStage) -> StepSets:
        """Return the sets of a stage."""
        return StepSets(scenes, stage.drawn)

    def loss(self, network: Callable[..., Tensor], batch: Batch) -> Tensor:
        """Return what a step leaves of the error, and how unlikely the true motions of cells were by what was said."""
        rendered, observed, points, motion = batch
        said = SurfaceMotion.said_of(rendered, observed, network(rendered, observed))
        before, after = _distances(said, points, motion)
        left = after / (before + _SMALL_RADII)
        return (left + self.settings.likelihood * said.unlikely(motion)).mean()

    def judged(self, network: nn.Module, batches: Iterable[Batch]) -> StepValidation:
        """Judge a refiner."""
        return StepValidation.of(
            _distances(SurfaceMotion.said_of(rendered, observed, network(rendered, observed)), points, motion)
            for rendered, observed, points, motion in batches
        )

    def export(self, network: nn.Module, path: Path, facts: TrainingFacts) -> None:
        """Write a refiner for onnxruntime."""
        assert isinstance(network, CompactRefineNet)
        export_compact_refiner(network, path, facts.as_metadata, half=True)


def _distances(said: SurfaceMotion, points: Tensor, motion: Tensor) -> tuple[Tensor, Tensor]:
    """Mean distances (B,) of points (B, P, 3) from where a motion (B, 4, 4) takes them, before and after the step."""
    information, pull = said.equations()
    twist = torch.linalg.solve(information, pull)
    there = points + motions(points, motion)
    # The root has no slope at 0.
    before, after = (
        ((found - there).square().sum(dim=2) + 1e-8).sqrt().mean(dim=1) for found in (points, moved(points, twist))
    )
    return before, after
