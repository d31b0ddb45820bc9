"""What the networks are trained to: the step to the true pose, and the order of poses."""

import torch
from torch import Tensor

TRANSLATION_WEIGHT, ROTATION_WEIGHT = 1.0, 0.1
MARGIN = 0.1
RIGHT_WITHIN = 0.1


def step_loss(
    translation: Tensor,
    rotation: Tensor,
    true_translation: Tensor,
    true_rotation: Tensor,
    weights: tuple[float, float] = (TRANSLATION_WEIGHT, ROTATION_WEIGHT),
) -> Tensor:
    """Return weighted squares of what is missing to the true step, mean over the batch (Wen et al. 2024).

    translation and rotation (..., 3) are RefineNet's outputs, rotation before the tanh; the true ones are what
    `steps.true_steps` gives: object radii, and shares of the largest turn.
    """
    off = (translation - true_translation).square().sum(dim=-1)
    turned_off = (torch.tanh(rotation) - true_rotation).square().sum(dim=-1)
    return (weights[0] * off + weights[1] * turned_off).mean()


def ranking_loss(scores: Tensor, error: Tensor, margin: float = MARGIN) -> Tensor:
    """Return the hinge on all pairs of a group whose better pose isn't scored higher by the margin (Wen et al. 2024).

    scores (G, L); error (G, L): how wrong poses are, in diameters. Only poses that are right stand as the better one of
    a pair: among poses that are all far off there is no order to be learned. Where the published loss counts a pose
    turned by less than 10 degrees as right, it is here one less than a tenth of the diameter off as far as it shows, so
    that nothing is asked of turns that nobody can tell apart. Zero where there is no such pair.
    """
    better = error[:, :, None] < error[:, None, :]  # (G, L, L): the first against the second
    counted = better & (error < RIGHT_WITHIN)[:, :, None]
    lacking = (scores[:, None, :] - scores[:, :, None] + margin).clamp(min=0)
    return (lacking * counted).sum() / counted.sum().clamp(min=1)
