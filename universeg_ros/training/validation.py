"""The loss that training follows, and Dice on tasks that it never sees, measured along the way."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..network.model import UniverSeg
from .tasks import RecordedTask

# Images asked about and shown of each task, and their side in pixels.
QUERIES = 4
SUPPORT = 8
SIZE = 128


def segmentation_loss(logits: Tensor, labels: Tensor, cross_entropy: float = 1.0) -> Tensor:
    """Return 1 - soft Dice (Milletari et al. 2016) plus weighted cross-entropy, mean over (B, 1, H, W) both."""
    logits = logits.float()
    probability = torch.sigmoid(logits)
    overlap = (probability * labels).sum(dim=(1, 2, 3))
    total = probability.sum(dim=(1, 2, 3)) + labels.sum(dim=(1, 2, 3))
    soft_dice = (2 * overlap + 1) / (total + 1)
    return (1 - soft_dice).mean() + cross_entropy * functional.binary_cross_entropy_with_logits(logits, labels)


def hard_dice(logits: Tensor, labels: Tensor) -> Tensor:
    """Return Dice of what is above probability 0.5, per item (B,); two empty masks agree."""
    found, wanted = logits > 0, labels > 0.5
    overlap = (found & wanted).sum(dim=(1, 2, 3))
    total = found.sum(dim=(1, 2, 3)) + wanted.sum(dim=(1, 2, 3))
    return torch.where(total > 0, 2 * overlap / total.clamp(min=1), torch.ones_like(overlap, dtype=torch.float32))


class Validation:
    """The same queries and supports each time, so that two numbers of a run can be compared."""

    def __init__(self, tasks: list[RecordedTask]) -> None:
        self.tasks = tasks

    @torch.no_grad()
    def __call__(self, model: UniverSeg, device: str) -> tuple[float, tuple[np.ndarray, np.ndarray, np.ndarray] | None]:
        """Return the mean over tasks (NaN without any), and image, mask and probability of one query of each."""
        dices, shown = [], []
        for task in self.tasks:
            order = np.random.default_rng(0).permutation(len(task.images))
            support = task.examples(order[QUERIES : QUERIES + SUPPORT], SIZE)
            queries = task.examples(order[:QUERIES], SIZE)
            images, labels = (torch.from_numpy(a)[None, :, None].to(device) for a in (support.images, support.labels))
            task_dices = []
            for image, label in zip(queries.images, queries.labels, strict=True):
                logits = model(torch.from_numpy(image)[None, None].to(device), images, labels)
                task_dices.append(float(hard_dice(logits, torch.from_numpy(label)[None, None].to(device))))
            dices.append(np.mean(task_dices))
            shown.append((image, label, torch.sigmoid(logits)[0, 0].cpu().numpy()))
        if not dices:
            return float("nan"), None
        images_shown, labels_shown, found = (np.stack(arrays) for arrays in zip(*shown, strict=True))
        return float(np.mean(dices)), (images_shown, labels_shown, found)
