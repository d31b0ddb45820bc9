"""The field itself: signed distance and colour at any point of an object's box."""

import numpy as np
import torch
from torch import Tensor, nn

from .hash_grid import HashGrid
from .settings import FieldSettings

_COARSEST_CELLS = 16
_GEOMETRY_FEATURES = 15


class ObjectField(nn.Module):
    """Two small networks on one hash grid (Wen et al. 2023, 2024): distance from position, colour from both.

    Points live in the box: the object's frame shifted by `centre_m` and divided by `half_m`, so that the box is
    -1..1. Distances are in the same unit, negative inside. What no view says anything of is a ball in the box's middle.
    """

    def __init__(self, centre_m: np.ndarray, half_m: float, settings: FieldSettings) -> None:
        super().__init__()
        self.centre_m = np.asarray(centre_m, np.float64)
        self.half_m = float(half_m)
        finest = max(_COARSEST_CELLS, round(2 * half_m / settings.finest_cell_m))
        self.cell = 2.0 / finest
        self.grid = HashGrid(settings.levels, settings.features, settings.entries, _COARSEST_CELLS, finest)
        width = settings.hidden
        last = nn.Linear(width, 1 + _GEOMETRY_FEATURES)
        nn.init.zeros_(last.weight[:1])
        nn.init.zeros_(last.bias)
        self.geometry = nn.Sequential(nn.Linear(self.grid.size, width), nn.ReLU(), last)
        self.appearance = nn.Sequential(
            nn.Linear(_GEOMETRY_FEATURES + 3, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 3)
        )

    def forward(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Return signed distances (N,) at points (N, 3) of the box, and what the second network takes (N, F)."""
        out = self.geometry(self.grid(points))
        return out[:, 0] + (points.norm(dim=1) - 0.5) * 0.5, out[:, 1:]

    def distance(self, points: Tensor) -> Tensor:
        """Return signed distances (N,) at points (N, 3) of the box."""
        return self(points)[0]

    def colour(self, features: Tensor, directions: Tensor) -> Tensor:
        """Return colours (N, 3) in 0..1 of points with features (N, F), seen along unit directions (N, 3)."""
        return torch.sigmoid(self.appearance(torch.cat([features, directions], dim=1)))

    def gradient(self, points: Tensor, step: float) -> Tensor:
        """Return the distance's gradient (N, 3) at points (N, 3), from values at a tetrahedron's corners.

        Finite differences, because a hash grid's own gradient jumps at each cell's border (Li et al. 2023).
        """
        corners = points.new_tensor([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]])
        values = self.distance((points[:, None] + step * corners).view(-1, 3)).view(-1, 4)
        return values @ corners / (4 * step)
