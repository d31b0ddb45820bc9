"""Directions spread evenly over a sphere."""

from itertools import product

import numpy as np


def icosphere(subdivisions: int) -> np.ndarray:
    """Return the corners of an icosahedron whose edges were halved so often, as unit vectors: (12, 3), (42, 3), ..."""
    golden = (1 + 5**0.5) / 2
    corners = np.array([np.roll((0, a, b * golden), turn) for turn in range(3) for a, b in product((-1, 1), repeat=2)])
    directions = _unit(corners)
    for _ in range(subdivisions):
        cosines = np.triu(directions @ directions.T, k=1)
        # Edges differ by a fifth in length; the next nearest corners are farther by half.
        nearest_rad = np.arccos(cosines.max())
        one, other = np.nonzero(cosines > np.cos(1.3 * nearest_rad))
        directions = np.concatenate([directions, _unit(directions[one] + directions[other])])
    return directions


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
