"""What compact networks are built of: convolutions with their norm, and residual pairs of them. Needs PyTorch."""

import torch
from torch import Tensor, nn


def convolution(channels_in: int, channels: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Return a convolution with norm and ReLU."""
    convolved = nn.Conv2d(channels_in, channels, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(convolved, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """Two 3x3 convolutions beside the identity (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = convolution(channels, channels, 3)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        return torch.relu(x + self.norm(self.second(self.first(x))))
