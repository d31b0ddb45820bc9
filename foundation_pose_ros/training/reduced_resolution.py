"""The published networks on inputs smaller than theirs: training begins there, where a step costs a fraction."""

import torch
from torch import Tensor, nn

from ..networks import RefineNet, ScoreNet
from ..networks.blocks import INPUT_SIZE, STRIDE, PositionEmbedding


class RefineNetInTraining(RefineNet):
    """RefineNet, but that inputs may be smaller, and that every token is asked: its outputs are their means."""

    def forward(self, rendered: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
        """Return what each token says, translation and rotation (B, N, 3), of images (B, 6, s, s).

        s: a multiple of 8 up to 160.
        """
        tokens = _tokens(self.encodeA, self.encodeAB, self.pos_embed, rendered, observed)
        return self.trans_head(tokens), self.rot_head(tokens)


class ScoreNetInTraining(ScoreNet):
    """ScoreNet, but that inputs may be smaller, and come in groups."""

    def forward(self, rendered: Tensor, observed: Tensor) -> Tensor:  # type: ignore[override]
        """Return logits (G, L) of images (G, L, 6, s, s), s as above; observed may be one for each group, L = 1."""
        groups, poses = rendered.shape[:2]
        pairs = rendered.flatten(0, 1), observed.expand_as(rendered).flatten(0, 1)
        tokens = _tokens(self.encoderA, self.encoderAB, self.pos_embed, *pairs)
        return self.compared(self.att(tokens).mean(dim=1), poses).reshape(groups, poses)


def _tokens(
    images: nn.Module, pair: nn.Module, embedding: PositionEmbedding, rendered: Tensor, observed: Tensor
) -> Tensor:
    features = images(torch.cat([rendered, observed]))
    joined = pair(torch.cat(features.chunk(2), dim=1))  # (B, 512, s/8, s/8)
    return joined.flatten(2).transpose(1, 2) + embedding.pe[:, _places(joined.shape[-1])]


def _places(side: int) -> Tensor:
    """Which of the 20 x 20 tokens lie where the side x side ones do: what a place means then stays as images grow."""
    full = INPUT_SIZE // STRIDE
    nearest = ((torch.arange(side) + 0.5) * full / side - 0.5).round().long()
    return (nearest[:, None] * full + nearest).flatten()
