"""The square around a hypothesis that the networks look at, and the two cameras that see it.

Two, because in training the rendering and the picture of a crop were not quite registered: a rendering is larger by
160/159, and its pixels have their centres at half integers. Weights that were trained so must be fed so.
"""

import torch
from torch import Tensor

from ..networks.blocks import INPUT_SIZE

# A crop of less is a point: the object is too far away to be seen.
_SMALLEST_PX = 1.0
_NEAREST_M = 1e-3


def crop_boxes(translations: Tensor, K: Tensor, diameter_m: float, ratio: float) -> Tensor:
    """Return boxes (B, 4) float64 in whole pixels, left, top, right, bottom, around objects at translations (B, 3).

    K (3, 3) float64. ratio: the box's side in diameters. An object behind the camera gets the box that it would have
    just before it, one too far away a box of one pixel.
    """
    centre = translations.double()
    depth_m = centre[:, 2].clamp(min=_NEAREST_M)
    u = (K[0, 0] * centre[:, 0] + K[0, 1] * centre[:, 1]) / depth_m + K[0, 2]
    v = K[1, 1] * centre[:, 1] / depth_m + K[1, 2]
    radius = diameter_m * ratio / 2 * torch.maximum(K[0, 0], K[1, 1]) / depth_m
    left, top = torch.round(u - radius), torch.round(v - radius)
    right, bottom = torch.round(u + radius), torch.round(v + radius)
    right, bottom = torch.maximum(right, left + _SMALLEST_PX), torch.maximum(bottom, top + _SMALLEST_PX)
    return torch.stack([left, top, right, bottom], dim=1)


def crop_transforms(boxes: Tensor) -> Tensor:
    """Return the maps (B, 3, 3) float32 from the image's pixels to the crops' of boxes (B, 4)."""
    scale = INPUT_SIZE / (boxes[:, 2:] - boxes[:, :2])  # (B, 2)
    transforms = torch.zeros(len(boxes), 3, 3, dtype=torch.float64, device=boxes.device)
    transforms[:, (0, 1), (0, 1)] = scale
    transforms[:, :2, 2] = -scale * boxes[:, :2]
    transforms[:, 2, 2] = 1
    return transforms.float()


def render_cameras(boxes: Tensor, K: Tensor) -> Tensor:
    """Return K (B, 3, 3) float32 of cameras whose 160 x 160 pixels, centres at integers, render boxes (B, 4)."""
    larger = INPUT_SIZE / (INPUT_SIZE - 1)
    scale = larger * INPUT_SIZE / (boxes[:, 2:] - boxes[:, :2])  # (B, 2)
    cameras = K.expand(len(boxes), 3, 3).clone()
    cameras[:, :2, 2] -= boxes[:, :2]
    cameras[:, :2] *= scale[..., None]
    cameras[:, :2, 2] -= 0.5
    return cameras.float()
