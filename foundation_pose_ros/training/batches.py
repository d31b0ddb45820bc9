"""Batches of rendered pairs, each made from its number alone: a run that goes on sees what it would have seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from .. import se3
from ..learned.pose_update import true_steps
from ..networks.weights_info import PUBLISHED_SETTINGS, Kind
from ..object_model.model import ObjectModel
from ..rendering import make_tensor_renderer
from .pairs import PairRenderer
from .pose_sampling import CAMERA
from .settings import Pairs, ResolutionStage

_MODEL_POINTS = 256


@dataclass(frozen=True)
class StepBatch:
    """rendered, observed (2 V, 6, s, s), two of each view; true steps (2 V, 3), in radii and in shares of the largest
    turn.
    """

    rendered: Tensor
    observed: Tensor
    translation: Tensor
    rotation: Tensor


@dataclass(frozen=True)
class RankingBatch:
    """rendered, observed (G * L, 6, s, s) of G groups of L poses; the poses' error_m and angle_rad (G, L)."""

    rendered: Tensor
    observed: Tensor
    error_m: Tensor
    angle_rad: Tensor


def pair_renderers(models: Sequence[ObjectModel], kind: Kind, threads: int = 1) -> list[PairRenderer]:
    """Return one per object, with Embree."""
    settings = PUBLISHED_SETTINGS[kind]
    return [PairRenderer(model, make_tensor_renderer(model, threads=threads), CAMERA, settings) for model in models]


class StepBatches(Dataset[StepBatch]):
    """What RefineNet learns from: two opposite guesses at each view, pictures, and the steps between them."""

    def __init__(self, objects: Sequence[PairRenderer], pairs: Pairs, stage: ResolutionStage, seed: int) -> None:
        self._objects, self._pairs, self._stage, self._seed = objects, pairs, stage, seed

    def __len__(self) -> int:
        return 1 << 60

    def __getitem__(self, number: int) -> StepBatch:
        rng = np.random.default_rng([self._seed, number])
        items = [self._item(rng) for _ in range(self._stage.batch)]
        return StepBatch(*(torch.cat(tensors) for tensors in zip(*items, strict=True)))

    def _item(self, rng: np.random.Generator) -> tuple[Tensor, ...]:
        shown = self._objects[int(rng.integers(len(self._objects)))]
        model = shown.model
        true = self._pairs.views.drawn(rng, 1, model.centre_m)
        start = self._pairs.perturbation.opposites(rng, true, model.centre_m, model.diameter_m)
        T_true, T_start = torch.from_numpy(true), torch.from_numpy(start)
        return (
            shown.rendered(T_start, self._stage.size),
            shown.observed(rng, T_true, T_start, self._stage.size, self._pairs.surroundings),
            *true_steps(T_start, T_true.expand_as(T_start), shown.centre_obj, shown.radius_m, shown.settings.turn_rad),
        )


class RankingBatches(Dataset[RankingBatch]):
    """What ScoreNet learns from: groups of guesses at one picture's object, and how far off each is."""

    def __init__(self, objects: Sequence[PairRenderer], pairs: Pairs, stage: ResolutionStage, seed: int) -> None:
        self._objects, self._pairs, self._stage, self._seed = objects, pairs, stage, seed

    def __len__(self) -> int:
        return 1 << 60

    def __getitem__(self, number: int) -> RankingBatch:
        rng = np.random.default_rng([self._seed, number])
        groups = [self._group(rng) for _ in range(self._stage.batch)]
        rendered, observed, error_m, angle_rad = zip(*groups, strict=True)
        return RankingBatch(torch.cat(rendered), torch.cat(observed), torch.stack(error_m), torch.stack(angle_rad))

    def _group(self, rng: np.random.Generator) -> tuple[Tensor, ...]:
        shown = self._objects[int(rng.integers(len(self._objects)))]
        true = self._pairs.views.drawn(rng, 1, shown.model.centre_m)
        start = self._pairs.perturbation.drawn(
            rng, np.repeat(true, self._pairs.group_size, axis=0), shown.model.centre_m, shown.model.diameter_m
        )
        T_true, T_start = torch.from_numpy(true), torch.from_numpy(start)
        points = shown.model.surface_points(_MODEL_POINTS)
        off = se3.transform_points(T_start.numpy(), points) - se3.transform_points(T_true.numpy(), points)  # (L, P, 3)
        return (
            shown.rendered(T_start, self._stage.size),
            shown.observed(rng, T_true, T_start, self._stage.size, self._pairs.surroundings),
            torch.from_numpy(np.linalg.norm(off, axis=-1).mean(axis=1)),
            torch.from_numpy(se3.rotation_angle_rad(T_start[:, :3, :3].numpy(), T_true[:, :3, :3].numpy())),
        )
