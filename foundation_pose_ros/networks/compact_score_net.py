"""A small scorer of our own: which of several poses is rendered most like the picture. Needs PyTorch.

Unlike ScoreNet it sees all poses of a set in one crop, so that what sets their renderings apart lies at the same
pixels, and is told of it there: each pose's features have the set's mean taken off.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .compared_pixels import CHANNELS, compared_pixels
from .convolutions import Residual, convolution

# Channels at each scale.
WIDTHS = (32, 64, 128)
_HEADS = 4


class CompactScoreNet(nn.Module):
    """Rendered (G, L, 6, s, s) and observed (G, 1, 6, s, s) -> scores (G, L), comparable within each set alone."""

    def __init__(self, widths: tuple[int, int, int] = WIDTHS) -> None:
        super().__init__()
        first, second, third = widths
        self.stem = convolution(CHANNELS, first, 5, stride=2)
        self.coarse = nn.Sequential(convolution(first, second, 3, stride=2), Residual(second), Residual(second))
        self.exchange = _Exchange(second)
        self.coarser = nn.Sequential(convolution(second, third, 3, stride=2), Residual(third), Residual(third))
        self.exchange_again = _Exchange(third)
        self.last = Residual(third)
        self.pooled = nn.Linear(2 * third, third)
        self.among = _Among(third, _HEADS, 2 * third, dropout=0.0, batch_first=True)
        self.score = nn.Linear(third, 1)

    def forward(self, rendered: Tensor, observed: Tensor) -> Tensor:
        """Score the poses of each set."""
        sets, poses = rendered.shape[:2]
        x = compared_pixels(rendered.flatten(0, 1), observed.expand(-1, poses, -1, -1, -1).flatten(0, 1)).all
        if x.device.type == "cpu" and not torch.jit.is_tracing():
            x = x.contiguous(memory_format=torch.channels_last)
        x = self.exchange(self.coarse(self.stem(x)), sets, poses)
        x = self.last(self.exchange_again(self.coarser(x), sets, poses))
        features = self.pooled(torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1))
        return self.score(self.among(features.reshape(sets, poses, -1))).squeeze(-1)


class _Exchange(nn.Module):
    """Tells each pose of a set what sets it apart from the others, pixel by pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mixed = nn.Conv2d(2 * channels, channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor, sets: int, poses: int) -> Tensor:
        grouped = x.unflatten(0, (sets, poses))
        apart = (grouped - grouped.mean(dim=1, keepdim=True)).flatten(0, 1)
        return functional.relu(x + self.norm(self.mixed(torch.cat([x, apart], dim=1))))


class _Among(nn.TransformerEncoderLayer):
    """Lets poses (G, L, C) look at each other (Vaswani et al. 2017), written out so that exports leave L free."""

    def forward(self, poses: Tensor) -> Tensor:  # type: ignore[override]
        attention = self.self_attn
        joined = functional.linear(poses, attention.in_proj_weight, attention.in_proj_bias)
        query, key, value = (part.unflatten(2, (_HEADS, -1)).transpose(1, 2) for part in joined.chunk(3, dim=2))
        seen = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        poses = self.norm1(poses + attention.out_proj(seen))
        return self.norm2(poses + self.linear2(functional.relu(self.linear1(poses))))


def set_losses(scores: Tensor, error: Tensor, sharpness: float) -> Tensor:
    """Return how far (G,) the choice that scores (G, L) make is from that of errors (G, L), made softly.

    It is the divergence of Kullback and Leibler (1951), 0 at best. sharpness: a pose that is worse by 1 / sharpness is
    less wanted by a factor of e.
    """
    wanted = torch.softmax(-sharpness * error, dim=1)
    return (torch.xlogy(wanted, wanted) - wanted * torch.log_softmax(scores.float(), dim=1)).sum(dim=1)
