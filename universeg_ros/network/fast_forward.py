"""UniverSeg's forward pass with less work and memory, equal to `UniverSeg.plain` but for float rounding.

The cross convolution is linear, so
1. it splits into a part of the target, computed once, and a part of each support item; its mean over the support is
   that of the support's mean;
2. the last block, of whose support only the mean is used, costs the same for any support; and what feeds it (what the
   finest encoder block and the block before the last one put out) needn't be kept, only summed;
3. in the first block, an item's two convolutions in a row (2 -> f -> f channels) are one of 5x5 (2 -> f), but for a
   border of one pixel, where zero padding comes between them.
The support is taken in chunks, which bounds memory and keeps the work in the processor's caches.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .cross_block import CrossBlock, activated, pooled, upsampled

# Larger chunks leave the last-level cache of a CPU and gain nothing there.
CPU_CHUNK_BYTES = 16 << 20


@dataclass(frozen=True)
class Layers:
    """The network's layers in the order in which they are applied."""

    encoder: Sequence[CrossBlock]  # from the finest to the coarsest
    decoder: Sequence[CrossBlock]  # from the coarsest to the finest, one fewer
    out_conv: nn.Conv2d
    finest_width: int  # channels of the finest block


def logits(
    layers: Layers, target: Tensor, support_images: Tensor, support_labels: Tensor, memory_budget: int
) -> Tensor:
    """Return logits (B, 1, H, W); arguments as UniverSeg.forward has them."""
    batch = len(target)
    items = torch.cat([support_images, support_labels], dim=2).transpose(0, 1)  # (S, B, 2, H, W)
    chunks = items.split(chunk_size(layers.finest_width, target, memory_budget))
    support = [channels_last(chunk.flatten(0, 1)) for chunk in chunks]
    target = channels_last(target)

    encoder, decoder = layers.encoder, layers.decoder
    skips: list[tuple[Tensor, list[Tensor]]] = []
    finest_skip_mean = None
    for depth, block in enumerate(encoder[:-1]):
        target, outputs = _advance(block, target, _mean(support, batch), support, first=depth == 0)
        if depth == 0:
            finest_skip_mean, support = _mean_while_pooling(outputs, batch)
            skips.append((target, []))
        else:
            skip = list(outputs)
            support = [pooled(chunk) for chunk in skip]
            skips.append((target, skip))
        target = pooled(target)
    target, outputs = _advance(encoder[-1], target, _mean(support, batch), support, first=len(encoder) == 1)

    for block in decoder[:-1]:
        skip_target, skip = skips.pop()
        below = list(outputs)
        support_mean = _joined(_mean(below, batch), _mean(skip, batch))
        pairs = (_joined(*pair) for pair in zip(below, skip, strict=True))
        target, outputs = _advance(block, _joined(target, skip_target), support_mean, pairs)
    if finest_skip_mean is not None:
        skip_target, _ = skips.pop()
        support_mean = _joined(_mean(outputs, batch), finest_skip_mean)
        target, _ = _advance(decoder[-1], _joined(target, skip_target), support_mean, [])
    return layers.out_conv(target)


def channels_last(x: Tensor) -> Tensor:
    """Return the layout in which convolutions of many channels are fastest, on CPUs and GPUs alike."""
    return x.contiguous(memory_format=torch.channels_last)


def chunk_size(finest_width: int, target: Tensor, memory_budget: int) -> int:
    """Return the support items per chunk, at least one; one chunk computes at most memory_budget bytes at full size."""
    batch, _, height, width = target.shape
    item_bytes = 2 * batch * finest_width * height * width * target.element_size()
    limit = memory_budget if target.is_cuda else min(memory_budget, CPU_CHUNK_BYTES)
    return max(1, limit // item_bytes)


def _advance(
    block: CrossBlock, target: Tensor, support_mean: Tensor, support: Iterable[Tensor], first: bool = False
) -> tuple[Tensor, Iterator[Tensor]]:
    """The block's new target (B, C, H, W) at once, its new support chunk by chunk, as it is asked for."""
    cross = block.cross
    shared = functional.conv2d(target, cross.target_weight, cross.cross_conv.bias, padding=1)
    new_target = activated(block.target.conv(shared + functional.conv2d(support_mean, cross.support_weight, padding=1)))
    return new_target, _first_block(block, target, support) if first else _any_block(block, shared, support)


def _any_block(block: CrossBlock, shared: Tensor, support: Iterable[Tensor]) -> Iterator[Tensor]:
    weight = channels_last(block.cross.support_weight)
    for chunk in support:
        pairs = functional.conv2d(chunk, weight, padding=1)
        pairs.view(-1, *shared.shape).add_(shared)
        yield activated(block.support.conv(pairs))


def _first_block(block: CrossBlock, target: Tensor, support: Iterable[Tensor]) -> Iterator[Tensor]:
    """Both convolutions of a pair as one: a third of the whole network's work otherwise."""
    inner, outer = block.cross.cross_conv, block.support.conv
    assert inner.bias is not None and outer.bias is not None
    weight = functional.conv2d(inner.weight.transpose(0, 1), outer.weight.flip(2, 3), padding=2)  # (3, C, 5, 5)
    weight = weight.transpose(0, 1)
    bias = outer.weight.sum(dim=(2, 3)) @ inner.bias + outer.bias

    for chunk in support:
        pairs = torch.cat([target.repeat(len(chunk) // len(target), 1, 1, 1), chunk], dim=1)  # (s * B, 3, H, W)
        new = functional.conv2d(channels_last(pairs), weight, bias, padding=2)
        new[..., 0, :] = outer(inner(pairs[..., :3, :]))[..., 0, :]
        new[..., -1, :] = outer(inner(pairs[..., -3:, :]))[..., -1, :]
        new[..., :, 0] = outer(inner(pairs[..., :, :3]))[..., :, 0]
        new[..., :, -1] = outer(inner(pairs[..., :, -3:]))[..., :, -1]
        yield activated(new)


def _mean(support: Iterable[Tensor], batch: int) -> Tensor:
    """Mean over the support's items: chunks (s * B, C, H, W) -> (B, C, H, W)."""
    total, count = _summed(support, batch)
    return total / count


def _mean_while_pooling(support: Iterable[Tensor], batch: int) -> tuple[Tensor, list[Tensor]]:
    """Mean and pooled chunks, so that a full-size chunk is dropped before the next one is made."""
    chunks: list[Tensor] = []

    def pooling() -> Iterator[Tensor]:
        for chunk in support:
            chunks.append(pooled(chunk))
            yield chunk

    return _mean(pooling(), batch), chunks


def _summed(support: Iterable[Tensor], batch: int) -> tuple[Tensor, int]:
    total, count = None, 0
    for chunk in support:
        part = chunk.unflatten(0, (-1, batch)).sum(dim=0)
        total = part if total is None else total + part
        count += len(chunk) // batch
    assert total is not None
    return total, count


def _joined(below: Tensor, skip: Tensor) -> Tensor:
    return torch.cat([upsampled(below), skip], dim=1)
