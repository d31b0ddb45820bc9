"""Tasks to judge segmentation by, and how each is split into support and test images."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from foundation_pose_ros.errors import InputRefused

from ..npz_file import read_npz

SPLIT_SEED = 42
POOL_SHARE = 0.7
LEAVE_ONE_OUT = 5


@dataclass(frozen=True)
class EvaluationTask:
    """Images with masks of one thing, and where each image is from."""

    name: str
    images: np.ndarray  # (N, H, W) or, in colour, (N, H, W, 3) uint8
    masks: np.ndarray  # (N, H, W) bool
    sources: tuple[str, ...]

    @property
    def patients(self) -> tuple[str, ...]:
        """Return of each image what its source's name begins with, up to the first _; itself without one."""
        prefixes = [source.split("_")[0] for source in self.sources]
        return tuple(prefixes) if len(set(prefixes)) >= 3 else self.sources

    def splits(self, patients_apart: bool = False) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Return indices of the support pool and of the test images.

        One split by a fixed permutation, 70 % into the pool; each image once against all others where there are 5 or
        fewer. patients_apart: no patient is on both sides.
        """
        groups = np.unique(self.patients, return_inverse=True)[1] if patients_apart else np.arange(len(self.images))
        count = int(groups.max()) + 1
        if count <= LEAVE_ONE_OUT:
            for group in range(count):
                yield np.flatnonzero(groups != group), np.flatnonzero(groups == group)
            return
        order = np.random.default_rng(SPLIT_SEED).permutation(count)
        in_pool = np.isin(groups, order[: int(POOL_SHARE * count)])
        yield np.flatnonzero(in_pool), np.flatnonzero(~in_pool)


def read_task(path: Path) -> EvaluationTask:
    """Read `.npz` with `images` (N, H, W) or (N, H, W, 3), `labels` (N, H, W) and, where known, `source` (N,).

    Raises InputRefused for anything else.
    """
    arrays = read_npz(path, "bad_task", "a task")
    if not {"images", "labels"} <= arrays.keys():
        raise InputRefused("bad_task", f"{path} isn't a task: it needs arrays images and labels")
    images, masks = arrays["images"], arrays["labels"] > 0
    sources = tuple(str(source) for source in arrays["source"]) if "source" in arrays else None
    if images.shape[:3] != masks.shape or images.shape[3:] not in ((), (3,)):
        raise InputRefused(
            "bad_task",
            f"{path}: labels {masks.shape} must be (N, H, W), and images {images.shape} too, or (N, H, W, 3)",
        )
    if len(images) < 2:
        raise InputRefused("bad_task", f"{path} holds {len(images)} images: at least 2 are needed, one as support")
    return EvaluationTask(path.stem, images, masks, sources or tuple(str(i) for i in range(len(images))))


def image_sources(tasks: Sequence[EvaluationTask]) -> dict[str, str]:
    """Map each task's name to the first task that shares an image with it: their figures aren't independent."""
    first_with: dict[bytes, str] = {}
    found: dict[str, str] = {}
    for task in tasks:
        digests = [hashlib.sha256(image.tobytes()).digest() for image in task.images]
        shared = next((first_with[digest] for digest in digests if digest in first_with), task.name)
        found[task.name] = shared
        for digest in digests:
            first_with.setdefault(digest, shared)
    return found
