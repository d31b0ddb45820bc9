"""What both networks are built of: one encoder for either image, one for the pair, and where each token lies.

Names of modules, and so of tensors, are those of the published weights.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import InputRefused

INPUT_SIZE = 160
INPUT_CHANNELS = 6
WIDTH = 512
HEADS = 4
# Pixels of a side for each token.
STRIDE = 8
TOKENS = (INPUT_SIZE // STRIDE) ** 2


class ConvBlock(nn.Module):
    """Convolution, batch norm, ReLU; stride 2 halves the image."""

    def __init__(self, channels_in: int, channels: int, kernel: int, stride: int) -> None:
        super().__init__()
        convolution = nn.Conv2d(channels_in, channels, kernel, stride, padding=(kernel - 1) // 2)
        self.net = nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside the identity (He et al. 2016); size and channels stay."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + x)


class PositionEmbedding(nn.Module):
    """Adds sines and cosines of a token's place (Vaswani et al. 2017)."""

    pe: Tensor

    def __init__(self) -> None:
        super().__init__()
        place = torch.arange(TOKENS, dtype=torch.float64)[:, None]
        frequency = torch.exp(torch.arange(0, WIDTH, 2, dtype=torch.float64) * (-math.log(10000.0) / WIDTH))
        waves = torch.stack([torch.sin(place * frequency), torch.cos(place * frequency)], dim=2)  # (400, 256, 2)
        self.register_buffer("pe", waves.reshape(1, TOKENS, WIDTH).float())

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens + self.pe[:, : tokens.shape[1]]


class SelfAttention(nn.MultiheadAttention):
    """Each of T tokens looks at all T: (B, T, 512) -> (B, T, 512); no residual, no norm."""

    def __init__(self) -> None:
        super().__init__(WIDTH, HEADS, batch_first=True)

    def forward(self, tokens: Tensor) -> Tensor:  # type: ignore[override]
        joined = functional.linear(tokens, self.in_proj_weight, self.in_proj_bias)  # (B, T, 3 * 512)
        query, key, value = (part.unflatten(2, (HEADS, -1)).transpose(1, 2) for part in joined.chunk(3, dim=2))
        seen = functional.scaled_dot_product_attention(query, key, value)  # (B, 4, T, 128)
        return self.out_proj(seen.transpose(1, 2).flatten(2))


def image_encoder() -> nn.Sequential:
    """Map (B, 6, 160, 160) -> (B, 128, 40, 40), of the rendered and of the observed image alike."""
    return nn.Sequential(
        ConvBlock(INPUT_CHANNELS, 64, 7, stride=2),
        ConvBlock(64, 128, 3, stride=2),
        ResidualBlock(128),
        ResidualBlock(128),
    )


def pair_encoder() -> nn.Sequential:
    """Return features of both images, (B, 256, 40, 40) -> (B, 512, 20, 20)."""
    return nn.Sequential(
        ResidualBlock(256),
        ResidualBlock(256),
        ConvBlock(256, WIDTH, 3, stride=2),
        ResidualBlock(WIDTH),
        ResidualBlock(WIDTH),
    )


def pair_tokens(
    images: nn.Sequential, pair: nn.Sequential, embedding: PositionEmbedding, rendered: Tensor, observed: Tensor
) -> Tensor:
    """Return tokens (B, 400, 512) of rendered (B, 6, 160, 160) against observed (B, 6, 160, 160), row by row.

    Observed of batch 1 is shared by all: it is encoded once. Raises InputRefused for any other shape.
    """
    check_inputs(rendered, observed)
    count = rendered.shape[0]  # not len(): an exported graph keeps it free
    features = images(torch.cat([rendered, observed]))
    joined = torch.cat([features[:count], features[count:].expand(count, -1, -1, -1)], dim=1)
    return embedding(pair(joined).flatten(2).transpose(1, 2))


def check_inputs(rendered: Tensor, observed: Tensor) -> None:
    """Raises InputRefused where they aren't what the networks take."""
    shape = (INPUT_CHANNELS, INPUT_SIZE, INPUT_SIZE)
    for name, images in (("rendered", rendered), ("observed", observed)):
        if images.ndim != 4 or tuple(images.shape[1:]) != shape:
            raise InputRefused(
                "bad_network_input",
                f"{name} is {tuple(images.shape)}: give (B, {', '.join(map(str, shape))}), colour and then XYZ",
            )
    if len(observed) not in (1, len(rendered)):
        raise InputRefused(
            "bad_network_input",
            f"{len(rendered)} rendered but {len(observed)} observed images: give one observed for each, or for all",
        )
