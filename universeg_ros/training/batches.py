"""Batches of tasks, each made from its number alone: a run that is resumed sees what it would have seen."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from .augmentation import Augmentation
from .procedural import DeformedMaps, PseudoLabels, ScatteredShapes
from .settings import Mix, UniverSegStage
from .tasks import Examples, Mixture, RecordedTask, TaskSource

Batch = tuple[Tensor, Tensor, Tensor, Tensor]
FEWEST_PIXELS = 4
TRIES = 8


def mixture(
    mix: Mix,
    recorded: list[RecordedTask],
    maps: Sequence[RecordedTask] = (),
    objects: Sequence[RecordedTask] = (),
    collages: Sequence[TaskSource] = (),
) -> Mixture:
    """Return the families of tasks, those that need data only where there is some."""
    return Mixture(
        {
            "real": (mix.real, recorded),
            "likeness": (mix.likeness, maps),
            "deformed_maps": (mix.deformed_maps, [DeformedMaps()]),
            "scattered_shapes": (mix.scattered_shapes, [ScatteredShapes()]),
            "pseudo_labels": (mix.pseudo_labels, [PseudoLabels(recorded)] if recorded else []),
            "rendered": (mix.rendered, objects),
            "collages": (mix.collages, collages),
        }
    )


class TaskBatches(Dataset[Batch]):
    """Batch number n: target (B, 1, H, W), images and labels (B, S, 1, H, W), target label (B, 1, H, W)."""

    def __init__(
        self, source: TaskSource, augmentation: Augmentation, stage: UniverSegStage, seed: tuple[int, ...]
    ) -> None:
        self.source = source
        self.augmentation = augmentation
        self.stage = stage
        self.seed = seed

    def __getitem__(self, number: int) -> Batch:
        rng = np.random.default_rng([*self.seed, number])
        low, high = self.stage.support
        # Evenly over the logarithm: few examples are the hard case, and cheap.
        count = min(int(np.exp(rng.uniform(np.log(low), np.log(high + 1)))), high)
        drawn = [self._task(rng, count) for _ in range(self.stage.batch)]
        images = torch.from_numpy(np.stack([examples.images for examples in drawn]))[:, :, None]
        labels = torch.from_numpy(np.stack([examples.labels for examples in drawn]))[:, :, None]
        return images[:, 0], images[:, 1:], labels[:, 1:], labels[:, 0]

    def __len__(self) -> int:
        return 1 << 60

    def _task(self, rng: np.random.Generator, support: int) -> Examples:
        """One whose support shows something."""
        for _ in range(TRIES):
            drawn = self.augmentation(rng, self.source.draw(rng, support + 1, self.stage.size))
            if drawn.labels[1:].sum() >= FEWEST_PIXELS * support:
                break
        return drawn


class Numbers:
    """first, first + 1, first + 2, ..."""

    def __init__(self, first: int) -> None:
        self.first = first

    def __iter__(self) -> Iterator[int]:
        number = self.first
        while True:
            yield number
            number += 1


def batches_from(batches: TaskBatches, first: int, workers: int) -> Iterator[Batch]:
    """Yield batches first, first + 1, ... without end."""
    loader: DataLoader[Batch] = DataLoader(
        batches, batch_size=None, sampler=Numbers(first), num_workers=workers, worker_init_fn=_one_thread
    )
    return iter(loader)


def _one_thread(_worker: int) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
