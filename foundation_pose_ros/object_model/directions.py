"""Directions spread evenly over a sphere, made as trimesh makes them, which takes a second to import."""

import numpy as np


def icosphere(subdivisions: int) -> np.ndarray:
    """Return the corners of an icosahedron whose edges were halved so often, as unit vectors: (12, 3), (42, 3), ...

    In trimesh's order: what is thinned greedily, and hangs on which comes first, stays what it was.
    """
    g = (1 + 5**0.5) / 2
    corners = [(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g), (0, -1, -g), (0, 1, -g)]
    directions = _unit(np.array([*corners, (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)]))
    for _ in range(subdivisions):
        cosines = np.tril(directions @ directions.T, k=-1)
        # Edges differ by a fifth in length; the next nearest corners are farther by half.
        nearest_rad = np.arccos(cosines.max())
        other, one = np.nonzero(cosines > np.cos(1.3 * nearest_rad))
        directions = np.concatenate([directions, _unit(directions[one] + directions[other])])
    return directions


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
