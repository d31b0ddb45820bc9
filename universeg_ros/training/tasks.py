"""Tasks to learn from: each gives images with label maps that all show the same thing to segment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from foundation_pose_ros.errors import InputRefused

from ..npz_file import read_npz


@dataclass(frozen=True)
class Examples:
    """Images and label maps of one task; the first is the query, the others its support."""

    images: np.ndarray  # (N, H, W) float32, 0..1
    labels: np.ndarray  # (N, H, W) float32, 0 or 1

    def __post_init__(self) -> None:
        assert self.images.shape == self.labels.shape and self.images.ndim == 3


class TaskSource(Protocol):
    """Anything that examples of one task can be drawn from."""

    def draw(self, rng: np.random.Generator, count: int, size: int) -> Examples:
        """Return examples (count, size, size) of one task."""
        ...


class RecordedTask:
    """A set of real images with masks. The query is never among its own support, unless there is one image only."""

    def __init__(self, name: str, images: np.ndarray, labels: np.ndarray) -> None:
        if len(images) != len(labels) or images.shape != labels.shape or not len(images):
            raise InputRefused("bad_task", f"{name}: images {images.shape} and labels {labels.shape} don't fit")
        self.name = name
        self.images = images  # (N, H, W) uint8
        self.labels = labels  # (N, H, W), 0 or not

    def draw(self, rng: np.random.Generator, count: int, size: int) -> Examples:
        query, *others = rng.permutation(len(self.images))
        support = rng.choice(others or [query], count - 1, replace=count - 1 > len(others))
        return self.examples([query, *support], size)

    def examples(self, indices: Iterable[int], size: int) -> Examples:
        """Return the images of these numbers, resized."""
        images = [resized(self.images[i].astype(np.float32) / 255, size) for i in indices]
        labels = [resized((self.labels[i] > 0).astype(np.float32), size) >= 0.5 for i in indices]
        return Examples(np.stack(images), np.stack(labels).astype(np.float32))


class Mixture:
    """Draws a family by weight, then one of its tasks: the published order, task first and images second.

    families: name to (weight, tasks).
    """

    def __init__(self, families: dict[str, tuple[float, Sequence[TaskSource]]]) -> None:
        used = {name: family for name, family in families.items() if family[0] > 0 and family[1]}
        if not used:
            raise InputRefused("no_tasks", "there is nothing to train on: give a family of tasks a weight above 0")
        self.families = list(used.values())
        weights = np.array([weight for weight, _ in self.families])
        self.shares = weights / weights.sum()

    def draw(self, rng: np.random.Generator, count: int, size: int) -> Examples:
        tasks = self.families[rng.choice(len(self.families), p=self.shares)][1]
        return tasks[int(rng.integers(len(tasks)))].draw(rng, count, size)


def read_tasks(files: Sequence[Path]) -> list[RecordedTask]:
    """Read tasks from `.npz` files with `images` and `labels` (N, H, W); raises InputRefused naming the file."""
    tasks = []
    for file in files:
        arrays = read_npz(file, "bad_task", "a task")
        if not {"images", "labels"} <= arrays.keys():
            raise InputRefused("bad_task", f"{file} isn't a task: it needs images and labels")
        tasks.append(RecordedTask(file.stem, arrays["images"], arrays["labels"]))
    return tasks


def resized(values: np.ndarray, size: int) -> np.ndarray:
    """Return (H, W) float32 -> (size, size)."""
    if values.shape == (size, size):
        return values
    return cv2.resize(
        values, (size, size), interpolation=cv2.INTER_AREA if size < max(values.shape) else cv2.INTER_LINEAR
    )
