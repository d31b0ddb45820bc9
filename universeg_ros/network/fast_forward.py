"""UniverSeg's forward pass with less work and memory, equal to `UniverSeg.plain` but for float rounding.

The cross convolution is linear, so
1. it splits into a part of the target, computed once, and a part of each support item; its mean over the support is
   that of the support's mean;
2. the last block, of whose support only the mean is used, costs the same for any support; and what feeds it (what the
   finest encoder block and the block before the last one put out) needn't be kept, only summed;
3. in the first block, an item's two convolutions in a row (2 -> f -> f channels) are one of 5x5 (2 -> f), but for a
   border of one pixel, where zero padding comes between them.
The support is taken in chunks, which bounds memory, keeps the work in the processor's caches, and gives threads
something to share (`chunk_threads`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .chunk_threads import done_by, one_each, threads_for
from .cross_block import CrossBlock, activated, pooled, upsampled

# Larger chunks leave the last-level cache of a CPU and gain nothing there.
CPU_CHUNK_BYTES = 16 << 20
# Parts of the support per thread: whoever is done takes the next.
_PARTS = 4


@dataclass(frozen=True)
class Layers:
    """The network's layers in the order in which they are applied."""

    encoder: Sequence[CrossBlock]  # from the finest to the coarsest
    decoder: Sequence[CrossBlock]  # from the coarsest to the finest, one fewer
    out_conv: nn.Conv2d
    finest_width: int  # channels of the finest block


class _Support(NamedTuple):
    """The support's items: chunks (s * B, C, H, W), none where only their mean (B, C, H, W) is used from here on."""

    chunks: list[Tensor]
    mean: Tensor


class _Part(NamedTuple):
    """What comes of some chunks, as they are and pooled, if anybody asks for it; sums (B, C, H, W) over all items."""

    full: list[Tensor]
    full_sum: Tensor
    pooled: list[Tensor]
    pooled_sum: Tensor | None


def logits(
    layers: Layers, target: Tensor, support_images: Tensor, support_labels: Tensor, memory_budget: int
) -> Tensor:
    """Return logits (B, 1, H, W); arguments as UniverSeg.forward has them."""
    items = torch.cat([support_images, support_labels], dim=2).transpose(0, 1)  # (S, B, 2, H, W)
    threads = threads_for(target)
    with one_each(threads):
        return _logits(layers, target, items, memory_budget, threads)


def _logits(layers: Layers, target: Tensor, items: Tensor, memory_budget: int, threads: int) -> Tensor:
    size = min(chunk_size(layers.finest_width, target, memory_budget), -(-len(items) // threads))
    support = _Support([channels_last(chunk.flatten(0, 1)) for chunk in items.split(size)], items.mean(dim=0))
    target = channels_last(target)
    advanced = partial(_advanced, threads=threads)

    encoder, decoder = layers.encoder, layers.decoder
    skips: list[tuple[Tensor, _Support]] = []
    for depth, block in enumerate(encoder[:-1]):
        target, skip, support = advanced(block, target, support, first=depth == 0, keeps=depth > 0, pools=True)
        skips.append((target, skip))
        target = pooled(target)
    keeps = len(decoder) > 1
    target, support, _ = advanced(encoder[-1], target, support, first=len(encoder) == 1, keeps=keeps)

    for block in decoder[:-1]:
        skip_target, skip = skips.pop()
        keeps = len(skips) > 1
        target, support, _ = advanced(block, _joined(target, skip_target), support, skip=skip, keeps=keeps)
    if skips:
        skip_target, skip = skips.pop()
        target = _new_target(decoder[-1], *_meeting(decoder[-1], _joined(target, skip_target), support, skip, threads))
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


def _advanced(
    block: CrossBlock,
    target: Tensor,
    support: _Support,
    *,
    threads: int,
    skip: _Support | None = None,
    first: bool = False,
    keeps: bool = True,
    pools: bool = False,
) -> tuple[Tensor, _Support, _Support]:
    """The block's new target (B, C, H, W), its new support and that pooled.

    skip: is joined to the support, from below. keeps: whether anybody uses more of the new support than its mean.
    pools: whether anybody uses it pooled.
    """
    shared, of_mean = _meeting(block, target, support, skip, threads)
    new_items = _first_block(block, target) if first else _any_block(block, shared)

    def part(numbers: Sequence[int]) -> _Part:
        full, small, full_sum, small_sum = [], [], None, None
        for number in numbers:
            given = support.chunks[number]
            new = new_items(given if skip is None else _joined(given, skip.chunks[number]))
            full_sum = _sum(new, target, full_sum)
            if pools:
                small.append(pooled(new))
                small_sum = _sum(small[-1], target, small_sum)
            if keeps:
                full.append(new)
        assert full_sum is not None
        return _Part(full, full_sum, small, small_sum)

    # The target's own convolution is needed by the next block only: whoever has nothing else to do makes it.
    targets: list[Tensor] = []
    numbers = range(len(support.chunks))
    each = -(-len(numbers) // (_PARTS * threads))
    jobs: list[Callable[[], _Part | None]] = [partial(part, numbers[i : i + each]) for i in numbers[::each]]
    done = done_by(threads, [*jobs, lambda: targets.append(_new_target(block, shared, of_mean))])
    count = sum(len(chunk) for chunk in support.chunks) // len(target)
    parts = [made for made in done if made is not None]
    small_sums = [made.pooled_sum for made in parts if made.pooled_sum is not None]
    return (
        targets[0],
        _Support([chunk for made in parts for chunk in made.full], _total([made.full_sum for made in parts]) / count),
        _Support([chunk for made in parts for chunk in made.pooled], _total(small_sums) / count if pools else target),
    )


def _meeting(
    block: CrossBlock, target: Tensor, support: _Support, skip: _Support | None, threads: int
) -> tuple[Tensor, Tensor]:
    """The cross convolution's part of the target, bias included, and that of the support's mean."""
    cross = block.cross

    def of_target() -> Tensor:
        return functional.conv2d(target, cross.target_weight, cross.cross_conv.bias, padding=1)

    def of_mean() -> Tensor:
        mean = support.mean if skip is None else _joined(support.mean, skip.mean)
        return functional.conv2d(mean, cross.support_weight, padding=1)

    shared, averaged = done_by(threads, [of_target, of_mean])
    return shared, averaged


def _new_target(block: CrossBlock, shared: Tensor, of_mean: Tensor) -> Tensor:
    return activated(block.target.conv(shared + of_mean))


def _any_block(block: CrossBlock, shared: Tensor) -> Callable[[Tensor], Tensor]:
    weight = channels_last(block.cross.support_weight)

    def new_items(chunk: Tensor) -> Tensor:
        pairs = functional.conv2d(chunk, weight, padding=1)
        pairs.view(-1, *shared.shape).add_(shared)
        return activated(block.support.conv(pairs))

    return new_items


def _first_block(block: CrossBlock, target: Tensor) -> Callable[[Tensor], Tensor]:
    """Both convolutions of a pair as one: a third of the whole network's work otherwise."""
    inner, outer = block.cross.cross_conv, block.support.conv
    assert inner.bias is not None and outer.bias is not None
    weight = functional.conv2d(inner.weight.transpose(0, 1), outer.weight.flip(2, 3), padding=2)  # (3, C, 5, 5)
    weight = weight.transpose(0, 1)
    bias = outer.weight.sum(dim=(2, 3)) @ inner.bias + outer.bias

    def new_items(chunk: Tensor) -> Tensor:
        pairs = torch.cat([target.repeat(len(chunk) // len(target), 1, 1, 1), chunk], dim=1)  # (s * B, 3, H, W)
        new = functional.conv2d(channels_last(pairs), weight, bias, padding=2)
        new[..., 0, :] = outer(inner(pairs[..., :3, :]))[..., 0, :]
        new[..., -1, :] = outer(inner(pairs[..., -3:, :]))[..., -1, :]
        new[..., :, 0] = outer(inner(pairs[..., :, :3]))[..., :, 0]
        new[..., :, -1] = outer(inner(pairs[..., :, -3:]))[..., :, -1]
        return activated(new)

    return new_items


def _sum(chunk: Tensor, target: Tensor, before: Tensor | None) -> Tensor:
    """Over a chunk's items (s * B, C, H, W) -> (B, C, H, W), and over those before.

    One after the other: PyTorch's sum over items that lie channels last takes 15 times as long, and lays its result
    out channels first.
    """
    return _total(chunk.split(len(target)) if before is None else (before, *chunk.split(len(target))))


def _total(parts: Sequence[Tensor]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _joined(below: Tensor, skip: Tensor) -> Tensor:
    return torch.cat([upsampled(below), skip], dim=1)
