"""Soft Dice with cross-entropy."""

import torch
from torch import Tensor
from torch.nn import functional


def segmentation_loss(logits: Tensor, labels: Tensor, cross_entropy: float = 1.0) -> Tensor:
    """Mean over the batch of 1 - soft Dice (Milletari et al. 2016), plus weighted cross-entropy; (B, 1, H, W) both."""
    logits = logits.float()
    probability = torch.sigmoid(logits)
    overlap = (probability * labels).sum(dim=(1, 2, 3))
    total = probability.sum(dim=(1, 2, 3)) + labels.sum(dim=(1, 2, 3))
    soft_dice = (2 * overlap + 1) / (total + 1)
    return (1 - soft_dice).mean() + cross_entropy * functional.binary_cross_entropy_with_logits(logits, labels)


def hard_dice(logits: Tensor, labels: Tensor) -> Tensor:
    """Dice of what is above probability 0.5, per item (B,); two empty masks agree."""
    found, wanted = logits > 0, labels > 0.5
    overlap = (found & wanted).sum(dim=(1, 2, 3))
    total = found.sum(dim=(1, 2, 3)) + wanted.sum(dim=(1, 2, 3))
    return torch.where(total > 0, 2 * overlap / total.clamp(min=1), torch.ones_like(overlap, dtype=torch.float32))
