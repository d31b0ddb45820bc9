"""UniverSeg (Butoi et al. 2023): segments a target image as a support set of images and label maps shows."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from foundation_pose_ros.errors import InputRefused

from . import fast_forward
from .cross_block import CrossBlock, each, initialise, pooled, upsampled

PUBLISHED_FEATURES = (64, 64, 64, 64)
DEFAULT_MEMORY_BUDGET = 512 << 20


class OutConv(nn.Module):
    """The final 1x1 convolution, under its published name `conv`."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 1, 1)
        initialise(self.conv, gain=1.0)


class UniverSeg(nn.Module):
    """The published network for any feature widths; the default widths are those of the published checkpoint.

    features: one width per resolution, from the finest to the coarsest. The decoder mirrors them. Height and width of
    the input must be multiples of 2 ** (len(features) - 1).
    """

    def __init__(self, features: Sequence[int] = PUBLISHED_FEATURES) -> None:
        super().__init__()
        if not features or min(features) < 1:
            raise InputRefused("bad_features", f"features={features}: give one positive width per resolution")
        self.features = tuple(features)
        self.enc_blocks = nn.ModuleList()
        self.dec_blocks = nn.ModuleList()
        width, support_width = 1, 2
        for out_width in self.features:
            self.enc_blocks.append(CrossBlock(width, support_width, out_width))
            width = support_width = out_width
        for skip_width in reversed(self.features[:-1]):
            self.dec_blocks.append(CrossBlock(width + skip_width, width + skip_width, skip_width))
            width = skip_width
        self.out_conv = OutConv(width)

    @property
    def encoder(self) -> list[CrossBlock]:
        """Return the encoder's blocks, from the finest to the coarsest."""
        return cast(list[CrossBlock], list(self.enc_blocks))

    @property
    def decoder(self) -> list[CrossBlock]:
        """Return the decoder's blocks, from the coarsest to the finest."""
        return cast(list[CrossBlock], list(self.dec_blocks))

    @property
    def stride(self) -> int:
        """Return what height and width of every input are multiples of."""
        return 2 ** (len(self.features) - 1)

    def forward(
        self,
        target: Tensor,
        support_images: Tensor,
        support_labels: Tensor,
        memory_budget: int = DEFAULT_MEMORY_BUDGET,
    ) -> Tensor:
        """Return logits (B, 1, H, W) for targets (B, 1, H, W), given images and labels (B, S, 1, H, W).

        Images are in 0..1, labels 0 or 1. The probability is the sigmoid of the result. memory_budget: bytes that
        intermediate results of one block may take; without gradients, the support is taken in chunks to keep to it.
        Equal to `plain` but for float rounding. Raises InputRefused for shapes that don't fit.
        """
        self.check(target, support_images, support_labels)
        layers = fast_forward.Layers(self.encoder, self.decoder, self.out_conv.conv, self.features[0])
        return fast_forward.logits(layers, target, support_images, support_labels, memory_budget)

    def plain(self, target: Tensor, support_images: Tensor, support_labels: Tensor) -> Tensor:
        """Return the same by the definition of the architecture: the reference, slower and with more memory."""
        self.check(target, support_images, support_labels)
        support = torch.cat([support_images, support_labels], dim=2)  # (B, S, 2, H, W)
        skips = []
        for block in self.encoder[:-1]:
            target, support = block(target, support)
            skips.append((target, support))
            target, support = pooled(target), each(pooled, support)
        target, support = self.encoder[-1](target, support)
        for block in self.decoder:
            skip_target, skip_support = skips.pop()
            target = torch.cat([upsampled(target), skip_target], dim=1)
            support = torch.cat([each(upsampled, support), skip_support], dim=2)
            target, support = block(target, support)
        return self.out_conv.conv(target)

    def check(self, target: Tensor, support_images: Tensor, support_labels: Tensor) -> None:
        """Raise InputRefused where shapes don't fit each other or the network."""
        target_shape, images_shape, labels_shape = (tuple(t.shape) for t in (target, support_images, support_labels))
        shapes = f"target {target_shape}, images {images_shape}, labels {labels_shape}"
        if target.ndim != 4 or support_images.ndim != 5 or support_labels.ndim != 5:
            raise InputRefused("bad_shape", f"{shapes}: give (B, 1, H, W), (B, S, 1, H, W) and (B, S, 1, H, W)")
        batch, _, height, width = target.shape
        count = support_images.shape[1]
        if count == 0:
            raise InputRefused("empty_support", "the support is empty: give at least one image with its label map")
        expected = (batch, count, 1, height, width)
        if tuple(support_images.shape) != expected or tuple(support_labels.shape) != expected or target.shape[1] != 1:
            raise InputRefused("bad_shape", f"{shapes}: batch, one channel, height and width must agree")
        if height % self.stride or width % self.stride:
            raise InputRefused(
                "bad_size", f"{height}x{width} isn't a multiple of {self.stride}: resize or pad, 128x128 is usual"
            )
