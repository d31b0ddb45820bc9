"""The networks on smaller inputs than theirs: training begins there, where a step costs a fraction."""

import torch
from torch import Tensor, nn

from ..networks import RefineNet, ScoreNet
from ..networks.blocks import INPUT_SIZE, PositionEmbedding

_STRIDE = 8


def steps_per_token(network: RefineNet, rendered: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
    """Return what each token says, translation and rotation (B, N, 3): RefineNet's outputs are their means.

    rendered and observed (B, 6, s, s), s a multiple of 8 up to 160.
    """
    tokens = _tokens(network.encodeA, network.encodeAB, network.pos_embed, rendered, observed)
    return network.trans_head(tokens), network.rot_head(tokens)


def scores(network: ScoreNet, rendered: Tensor, observed: Tensor, group_size: int) -> Tensor:
    """Return ScoreNet's logits (B / group_size, group_size), of images (B, 6, s, s) as above."""
    tokens = _tokens(network.encoderA, network.encoderAB, network.pos_embed, rendered, observed)
    return network.compared(network.att(tokens).mean(dim=1), group_size)


def _tokens(
    images: nn.Module, pair: nn.Module, embedding: PositionEmbedding, rendered: Tensor, observed: Tensor
) -> Tensor:
    features = images(torch.cat([rendered, observed]))
    joined = pair(torch.cat(features.chunk(2), dim=1))  # (B, 512, s/8, s/8)
    return joined.flatten(2).transpose(1, 2) + embedding.pe[:, _places(joined.shape[-1])]


def _places(side: int) -> Tensor:
    """Which of the 20 x 20 tokens lie where the side x side ones do: what a place means then stays as images grow."""
    full = INPUT_SIZE // _STRIDE
    nearest = ((torch.arange(side) + 0.5) * full / side - 0.5).round().long()
    return (nearest[:, None] * full + nearest).flatten()
