"""The cross block of UniverSeg (Butoi et al. 2023): a target and its support set exchange what they know.

The modules' names are those of the published state dict. `CrossBlock.forward` is the plain form, written as the
architecture is defined; `fast_forward` computes the same with less work and is tested against it.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

NEGATIVE_SLOPE = 0.01


class CrossConv(nn.Module):
    """One shared 3x3 convolution over every pair of a target and a support item, channels concatenated in that order.

    In the published network there is no activation after it.
    """

    def __init__(self, target_channels: int, support_channels: int, out_channels: int) -> None:
        super().__init__()
        self.target_channels = target_channels
        self.cross_conv = nn.Conv2d(target_channels + support_channels, out_channels, 3, padding=1)
        initialise(self.cross_conv, gain=1.0)

    def forward(self, target: Tensor, support: Tensor) -> Tensor:
        """Map (B, Cu, H, W) and (B, S, Cv, H, W) -> (B, S, C, H, W)."""
        pairs = torch.cat([target[:, None].expand(-1, support.shape[1], -1, -1, -1), support], dim=2)
        return each(self.cross_conv, pairs)

    @property
    def target_weight(self) -> Tensor:
        """Return the part of the kernel that sees the target: (C, Cu, 3, 3)."""
        return self.cross_conv.weight[:, : self.target_channels]

    @property
    def support_weight(self) -> Tensor:
        """Return the part of the kernel that sees a support item: (C, Cv, 3, 3)."""
        return self.cross_conv.weight[:, self.target_channels :]


class ItemConv(nn.Module):
    """A convolution applied to each item alone, under the published name `vmapped.conv`."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.vmapped = nn.ModuleDict({"conv": nn.Conv2d(in_channels, out_channels, 3, padding=1)})
        initialise(self.conv, gain=math.sqrt(2))

    @property
    def conv(self) -> nn.Conv2d:
        conv = self.vmapped["conv"]
        assert isinstance(conv, nn.Conv2d)
        return conv


class CrossBlock(nn.Module):
    """Cross convolution, then a convolution of its mean (the new target) and of each pair (the new support)."""

    def __init__(self, target_channels: int, support_channels: int, out_channels: int) -> None:
        super().__init__()
        self.cross = CrossConv(target_channels, support_channels, out_channels)
        self.target = ItemConv(out_channels, out_channels)
        self.support = ItemConv(out_channels, out_channels)

    def forward(self, target: Tensor, support: Tensor) -> tuple[Tensor, Tensor]:
        """Map (B, Cu, H, W) and (B, S, Cv, H, W) -> (B, C, H, W) and (B, S, C, H, W)."""
        pairs = self.cross(target, support)
        return activated(self.target.conv(pairs.mean(dim=1))), activated(each(self.support.conv, pairs))


def each(function: Callable[[Tensor], Tensor], items: Tensor) -> Tensor:
    """Apply a function of (N, C, H, W) to (B, S, C, H, W)."""
    return function(items.flatten(0, 1)).unflatten(0, items.shape[:2])


def activated(x: Tensor) -> Tensor:
    """Apply leaky ReLU in place, which autograd allows because the slope is positive."""
    return functional.leaky_relu_(x, NEGATIVE_SLOPE)


def pooled(x: Tensor) -> Tensor:
    """Map (N, C, H, W) -> (N, C, H/2, W/2), the largest of each 2x2."""
    return functional.max_pool2d(x, 2)


def upsampled(x: Tensor) -> Tensor:
    """Map (N, C, H, W) -> (N, C, 2H, 2W), bilinear, corners staying corners."""
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


def initialise(conv: nn.Conv2d, gain: float) -> None:
    """Draw normal weights of standard deviation gain / sqrt(fan_in) (He et al. 2015), no bias."""
    nn.init.normal_(conv.weight, std=gain / math.sqrt(conv.weight[0].numel()))
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
