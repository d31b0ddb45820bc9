"""Which views to use: spread over the viewing sphere, the clear ones first."""

from collections.abc import Sequence

import numpy as np

from ..se3 import inverse, transform_points
from .reference_view import ReferenceView


def viewing_directions(views: Sequence[ReferenceView]) -> np.ndarray:
    """Return (N, 3) unit vectors from the object's middle to each camera, in the object's frame."""
    eyes = np.stack([view.centre_obj for view in views])
    towards = eyes - middle_obj(views)
    return towards / np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-9)


def middle_obj(views: Sequence[ReferenceView]) -> np.ndarray:
    """Return the middle (3,) of what views measured, in the object's frame: the median, so a bad view does no harm."""
    middles = []
    for view in views:
        points = view.points_cam(stride=4)
        if len(points):
            middles.append(transform_points(inverse(view.pose), np.median(points, axis=0, keepdims=True))[0])
    return np.median(middles, axis=0) if middles else np.zeros(3)


def choose(views: Sequence[ReferenceView], count: int) -> tuple[ReferenceView, ...]:
    """Choose at most `count` views that cover the viewing sphere, in their own order.

    The one with most measured pixels first, then always the one farthest from all chosen (Gonzalez 1985), where half
    a step of distance is given up for twice the measured pixels.
    """
    if len(views) <= count:
        return tuple(views)
    directions = viewing_directions(views)
    clear = np.array([view.seen.sum() for view in views], float)
    bonus = 0.5 * (clear / clear.max())  # of a nearly empty view nothing, of the clearest half its distance
    chosen = [int(np.argmax(clear))]
    nearest = _angles(directions, directions[chosen[0]])
    while len(chosen) < count:
        gain = nearest * (0.5 + bonus)
        gain[chosen] = -1
        chosen.append(int(np.argmax(gain)))
        nearest = np.minimum(nearest, _angles(directions, directions[chosen[-1]]))
    return tuple(views[k] for k in sorted(chosen))


def _angles(directions: np.ndarray, direction: np.ndarray) -> np.ndarray:
    return np.arccos(np.clip(directions @ direction, -1, 1))
