"""Multi-resolution hash encoding of points in a cube (Müller, Evans, Schied, Keller 2022), in plain PyTorch."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

# Of the paper's spatial hash: each axis times a prime, joined by exclusive or; as 32-bit numbers that may wrap.
_PRIMES = (1, 2654435761 - 2**32, 805459861)
_FIRST_VALUES = 1e-4


class HashGrid(nn.Module):
    """Features of points, interpolated in grids from coarse to fine that all keep their corners in small tables.

    levels grids of coarsest to finest cells along the cube's side, in geometric steps; `entries` (a power of two)
    corners of `features` numbers each per grid. Corners share an entry where a grid has more of them: those at the
    surface, which the losses speak of most, decide what it holds.
    """

    cells: Tensor
    starts: Tensor

    def __init__(self, levels: int, features: int, entries: int, coarsest: int, finest: int) -> None:
        super().__init__()
        self.levels, self.features, self.entries = levels, features, entries
        self.register_buffer("cells", torch.from_numpy(np.geomspace(coarsest, finest, levels).astype(np.float32)))
        self.register_buffer("starts", torch.arange(levels, dtype=torch.int32)[:, None] * entries)
        self.table = nn.Parameter(torch.empty(levels * entries, features).uniform_(-_FIRST_VALUES, _FIRST_VALUES))

    @property
    def size(self) -> int:
        """Return numbers per encoded point."""
        return self.levels * self.features

    def forward(self, points: Tensor) -> Tensor:
        """Return points (N, 3) in -1..1 as (N, levels * features); differentiable once in points and table."""
        scaled = (points[:, :, None] * 0.5 + 0.5) * self.cells  # (N, 3, L)
        corner = scaled.detach().floor()
        share = scaled - corner
        hashed = []
        for axis, prime in enumerate(_PRIMES):
            low = corner[:, axis].int() * prime
            hashed.append(torch.stack([low, low + prime], dim=-1))  # (N, L, 2)
        x, y, z = hashed
        mixed = x[..., :, None, None] ^ y[..., None, :, None] ^ z[..., None, None, :]  # (N, L, 2, 2, 2)
        index = (mixed & (self.entries - 1)).view(len(points), self.levels, 8) + self.starts
        x, y, z = torch.stack([1 - share, share], dim=-1).unbind(dim=1)  # each (N, L, 2)
        weight = x[..., :, None, None] * y[..., None, :, None] * z[..., None, None, :]
        # One call gathers, weighs and adds up: several times as fast as doing it step by step, and needs no memory.
        encoded = functional.embedding_bag(
            index.view(-1, 8), self.table, per_sample_weights=weight.reshape(-1, 8), mode="sum"
        )
        return encoded.view(len(points), self.size)
