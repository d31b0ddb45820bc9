"""Dice on tasks that training never sees, cheap enough to be measured along the way."""

import numpy as np
import torch

from ..model import UniverSeg
from .losses import hard_dice
from .tasks import RecordedTask

QUERIES = 4
SUPPORT = 8
SIZE = 128


class Validation:
    """The same queries and supports each time, so that two numbers of a run can be compared."""

    def __init__(self, tasks: list[RecordedTask]) -> None:
        self.tasks = tasks

    @torch.no_grad()
    def __call__(self, model: UniverSeg, device: str) -> tuple[float, tuple[np.ndarray, np.ndarray, np.ndarray] | None]:
        """Mean over tasks (NaN where there is none), and images, masks and probabilities of one query of each."""
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
