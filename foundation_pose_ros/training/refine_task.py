"""Training the compact refiner: its sets, its loss, and how much of an error one step leaves."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..networks.compact_export import export_compact_refiner
from ..networks.compact_refine_net import CompactRefineNet
from ..networks.shipped_weights import COMPACT_REFINER
from ..networks.surface_motion import SurfaceMotion, motions, moved
from ..synthetic.mesh_library import MeshLibrary
from ..synthetic.surface_textures import TextureLibrary
from .compact_settings import CompactRefineSettings, RefineStage
from .compact_task import Batch
from .mixed_scenes import scenes_of
from .step_sets import StepSet, StepSets

# Errors below so many radii count by their size, larger ones by what a step leaves of them.
_SMALL_RADII = 0.05


@dataclass(frozen=True)
class StepValidation:
    """N pairs of held-out meshes: means (N,) of how far model points are from where they are in truth, before and after
    one step, in radii.
    """

    before: np.ndarray
    after: np.ndarray

    @property
    def logged(self) -> tuple[float, ...]:
        """Return the values of a log's columns."""
        left = self.after / self.before
        return float(np.median(left)), float((left > 1).mean())

    def __str__(self) -> str:
        return "one step leaves {:.3f}, {:.3f} end farther".format(*self.logged)


class RefineTask:
    """The compact refiner's part of a run."""

    title = "compact refiner"
    kind = "compact_refine"
    file = COMPACT_REFINER
    columns: tuple[str, ...] = ("left", "farther")

    def __init__(self, settings: CompactRefineSettings) -> None:
        self.settings = settings

    def network(self) -> nn.Module:
        """Make a refiner."""
        return CompactRefineNet(self.settings.widths)

    def sets(self, meshes: MeshLibrary, textures: TextureLibrary, stage: RefineStage, seed: int) -> StepSets:
        """Return the sets of a stage."""
        scenes = scenes_of(meshes, textures, stage.drawn, seed, self.settings.pictures)
        return StepSets(scenes, stage.drawn)

    def batch(self, made: Sequence[StepSet]) -> Batch:
        """Rendered, observed (B, 6, s, s), points (B, P, 3), motion (B, 4, 4)."""
        observed = [np.broadcast_to(one.observed, one.rendered.shape) for one in made]
        parts = ([one.rendered for one in made], observed, [one.points for one in made], [one.motion for one in made])
        return tuple(torch.from_numpy(np.concatenate(part)) for part in parts)

    def pairs(self, batch: Batch) -> int:
        """Return how many pairs a batch has."""
        return len(batch[0])

    def loss(self, network: Callable[..., Tensor], batch: Batch) -> Tensor:
        """Return what a step leaves of the error, and how unlikely the true motions of cells were by what was said."""
        rendered, observed, points, motion = batch
        said = SurfaceMotion.said_of(rendered, observed, network(rendered, observed))
        before, after = _distances(said, points, motion)
        left = after / (before + _SMALL_RADII)
        return (left + self.settings.likelihood * said.unlikely(motion)).mean()

    def judged(self, network: nn.Module, batches: Iterable[Batch]) -> StepValidation:
        """Judge a refiner."""
        found = []
        for rendered, observed, points, motion in batches:
            said = SurfaceMotion.said_of(rendered, observed, network(rendered, observed))
            found.append(torch.stack(_distances(said, points, motion)))
        before, after = torch.cat(found, dim=1).numpy()
        return StepValidation(before, after)

    def export(self, network: nn.Module, path: Path, metadata: Mapping[str, str]) -> None:
        """Write a refiner for onnxruntime."""
        assert isinstance(network, CompactRefineNet)
        export_compact_refiner(network, path, metadata, half=True)


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
