"""The surface of an object as files hold it: triangles, colours and what is known of them, in metres."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from ..arrays import Points
from .appearance import Appearance
from .directions import icosphere


@dataclass(frozen=True, eq=False)
class Surface:
    """What an ObjectModel is made of: `vertices` (V, 3) float32 and `sigma_m` (V,) in metres, `faces` (F, 3) uint32.

    unit_m: metres of one unit of the file that it came from.
    """

    vertices: Points
    faces: np.ndarray
    appearance: Appearance | None
    sigma_m: np.ndarray | None
    unit_m: float


def hull_corners(vertices: Points) -> np.ndarray:
    """Return the corners of the convex hull of (V, 3): a distance is convex, and so largest at one of them."""
    if len(vertices) > 4:
        with suppress(QhullError):  # flat: the vertices themselves do
            return vertices[ConvexHull(vertices).vertices]
    return vertices


def diameter(vertices: Points) -> float:
    """Return the largest distance between two of some points (V, 3), in their unit; of round bodies nearly so."""
    return span(hull_corners(vertices))


def span(corners: np.ndarray) -> float:
    """Return the diameter of what has these corners of its convex hull (C, 3)."""
    if len(corners) > 4000:
        # A hull with this many corners is round: the farthest ones in many directions give it to a thousandth.
        corners = corners[np.unique(np.argmax(corners @ icosphere(subdivisions=3).T, axis=0))]
    return float(pdist(corners).max()) if len(corners) > 1 else 0.0


def face_crosses(vertices: Points, faces: np.ndarray) -> np.ndarray:
    """Return (F, 3) float64: outward, as long as twice each face's area; 0 for one without."""
    corners = np.asarray(vertices, np.float64)[faces]  # (F, 3, 3)
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
