"""Depth as the networks know it: lone pixels taken out, then smoothed over what lies on one surface.

The second step also fills small holes from what is around them.
"""

import torch
from torch import Tensor
from torch.nn import functional

RADIUS = 2
_NEAREST_M, _FARTHEST_M = 0.001, 100.0
# A neighbour farther off in depth speaks against a pixel; more of them than this share, and it goes.
_APART_M, _LARGEST_SHARE = 0.001, 0.8
# Farther from the window's mean than this isn't the same surface.
_SURFACE_M = 0.01
_SIGMA_PX = 2.0


def filtered(depth_m: Tensor) -> Tensor:
    """Erode and smooth depth (H, W) float32 in metres, 0 = none."""
    return smoothed(eroded(depth_m))


def eroded(depth_m: Tensor) -> Tensor:
    """Drop pixels from which more than 0.8 of the 5 x 5 around differ by a millimetre, or have no depth."""
    windows = _windows(depth_m)
    against = (windows - depth_m).abs() > _APART_M
    against |= ~_valid(windows)
    in_image = _windows(torch.ones_like(depth_m)) > 0
    share = (against & in_image).sum(dim=0) / in_image.sum(dim=0)
    return torch.where(share > _LARGEST_SHARE, 0, depth_m)


def smoothed(depth_m: Tensor) -> Tensor:
    """Average the 5 x 5 around each pixel, by distance, that lie within a centimetre of their plain mean."""
    windows = _windows(depth_m)
    valid = _valid(windows)
    known = windows * valid
    mean_m = known.sum(dim=0) / valid.sum(dim=0).clamp(min=1)
    weight = _gaussian(depth_m.device) * (valid & ((windows - mean_m).abs() < _SURFACE_M))
    total = weight.sum(dim=0)
    return torch.where(total > 0, (weight * known).sum(dim=0) / total.clamp(min=1e-12), 0)


def _windows(image: Tensor) -> Tensor:
    """(H, W) -> (25, H, W), 0 beyond the border."""
    return functional.unfold(image[None, None], 2 * RADIUS + 1, padding=RADIUS).reshape(-1, *image.shape)


def _valid(depth_m: Tensor) -> Tensor:
    return (depth_m >= _NEAREST_M) & (depth_m < _FARTHEST_M)


def _gaussian(device: torch.device) -> Tensor:
    """(25, 1, 1)"""
    steps = torch.arange(-RADIUS, RADIUS + 1, dtype=torch.float32, device=device)
    squared = steps[:, None] ** 2 + steps[None, :] ** 2
    return torch.exp(squared / (-2 * _SIGMA_PX**2)).reshape(-1, 1, 1)
