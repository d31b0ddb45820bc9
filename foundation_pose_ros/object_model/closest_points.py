"""Closest points of a mesh's surface, exactly: triangles in a tree of boxes, walked from the nearest box on."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Points
from ..jit import compiled

# Triangles in a leaf: fewer cost more steps down, more cost more triangles that are looked at in vain.
_LEAF = 4
_FAR = 1e300


@dataclass(frozen=True, eq=False)
class SurfacePoints:
    """Points of a surface: points (N, 3) in metres, the face (N,) int32 that each lies on, and u, v (N, 2) float32.

    u and v are the weights of the face's second and third corner, as renderings have them.
    """

    points: Points
    faces: np.ndarray
    uv: np.ndarray


class ClosestPoints:
    """A mesh of vertices (V, 3) and faces (F, 3), made ready to be asked which of its points are closest to others."""

    def __init__(self, vertices: Points, faces: np.ndarray) -> None:
        corners = np.ascontiguousarray(np.asarray(vertices, np.float64)[faces])  # (F, 3, 3)
        self._order, self._places, self._low, self._high = _built(corners)
        self._corners = corners[self._order]

    def query(self, points: Points) -> SurfacePoints:
        """Return the closest point of the surface to each of `points` (N, 3)."""
        points = np.array(points, np.float64, order="C")
        closest, nearest, uv = _queried(points, self._corners, self._places, self._low, self._high)
        return SurfacePoints(closest, self._order[nearest].astype(np.int32), uv.astype(np.float32))


def _built(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Order triangles (F, 3, 3) so that each node of a full binary tree holds neighbours.

    Returns the order (F,), and for each node n, whose children are 2n+1 and 2n+2: the places (n, 2) in the order
    between which its triangles are, and the corners (n, 3) of the box around them.
    """
    levels = max(0, int(np.ceil(np.log2(len(corners) / _LEAF))))
    order, bounds = np.arange(len(corners)), np.array([0, len(corners)])
    middles, lowest, highest = corners.mean(axis=1), corners.min(axis=1), corners.max(axis=1)
    places, low, high = [], [], []
    for level in range(levels + 1):
        places.append(np.column_stack([bounds[:-1], bounds[1:]]))
        low.append(np.minimum.reduceat(lowest[order], bounds[:-1]))
        high.append(np.maximum.reduceat(highest[order], bounds[:-1]))
        if level < levels:
            longest = np.argmax(high[-1] - low[-1], axis=1)
            node = np.repeat(np.arange(len(longest)), np.diff(bounds))
            order = order[np.lexsort((middles[order, longest[node]], node))]
            bounds = np.sort(np.concatenate([bounds, (bounds[:-1] + bounds[1:]) // 2]))
    return order, np.concatenate(places), np.concatenate(low), np.concatenate(high)


@compiled
def _queried(
    points: np.ndarray, corners: np.ndarray, places: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each point the closest one, the place of its triangle in the order, and u and v."""
    closest, uv = np.empty_like(points), np.empty((len(points), 2))
    nearest = np.zeros(len(points), np.int64)
    stack, distances = np.empty(64, np.int64), np.empty(64)
    weights = np.empty(2)
    for number in range(len(points)):
        point, best = points[number], _FAR
        stack[0], distances[0], height = 0, 0.0, 1
        while height > 0:
            height -= 1
            node = stack[height]
            if distances[height] >= best:
                continue
            if 2 * node + 2 < len(places):
                left, right = 2 * node + 1, 2 * node + 2
                to_left, to_right = _box_distance(point, low, high, left), _box_distance(point, low, high, right)
                # The nearer one is looked at first.
                if to_left < to_right:
                    stack[height], distances[height] = right, to_right
                    stack[height + 1], distances[height + 1] = left, to_left
                else:
                    stack[height], distances[height] = left, to_left
                    stack[height + 1], distances[height + 1] = right, to_right
                height += 2
                continue
            for place in range(places[node, 0], places[node, 1]):
                _nearest_weights(point, corners[place], weights)
                squared = 0.0
                for axis in range(3):
                    on = _between(corners[place], weights, axis)
                    squared += (on - point[axis]) ** 2
                if squared < best:
                    best = squared
                    nearest[number], uv[number, 0], uv[number, 1] = place, weights[0], weights[1]
        for axis in range(3):
            closest[number, axis] = _between(corners[nearest[number]], uv[number], axis)
    return closest, nearest, uv


@compiled
def _between(triangle: np.ndarray, uv: np.ndarray, axis: int) -> Any:
    first = triangle[0, axis]
    return first + uv[0] * (triangle[1, axis] - first) + uv[1] * (triangle[2, axis] - first)


@compiled
def _box_distance(point: np.ndarray, low: np.ndarray, high: np.ndarray, node: int) -> float:
    """Squared distance of a point to a box, 0 within."""
    squared = 0.0
    for axis in range(3):
        outside = max(low[node, axis] - point[axis], point[axis] - high[node, axis], 0.0)
        squared += outside * outside
    return squared


@compiled
def _nearest_weights(point: np.ndarray, triangle: np.ndarray, uv: np.ndarray) -> None:
    """Fill in u and v of the triangle's closest point to `point`: within, or else the best of the three edges."""
    ab2 = ac2 = ab_ac = ap_ab = ap_ac = 0.0
    for axis in range(3):
        ab, ac = triangle[1, axis] - triangle[0, axis], triangle[2, axis] - triangle[0, axis]
        ap = point[axis] - triangle[0, axis]
        ab2 += ab * ab
        ac2 += ac * ac
        ab_ac += ab * ac
        ap_ab += ap * ab
        ap_ac += ap * ac
    area2 = ab2 * ac2 - ab_ac * ab_ac
    if area2 > 0:
        u, v = (ac2 * ap_ab - ab_ac * ap_ac) / area2, (ab2 * ap_ac - ab_ac * ap_ab) / area2
        if u >= 0 and v >= 0 and u + v <= 1:
            uv[0], uv[1] = u, v
            return
    least = _FAR
    bc2 = ab2 + ac2 - 2 * ab_ac
    for edge in range(3):
        if edge == 0:
            along = min(max(ap_ab / ab2, 0.0), 1.0) if ab2 > 0 else 0.0
            u, v = along, 0.0
        elif edge == 1:
            along = min(max(ap_ac / ac2, 0.0), 1.0) if ac2 > 0 else 0.0
            u, v = 0.0, along
        else:
            along = min(max((ap_ac - ap_ab + ab2 - ab_ac) / bc2, 0.0), 1.0) if bc2 > 0 else 0.0
            u, v = 1 - along, along
        # Squared distance, less that of the first corner.
        squared = u * u * ab2 + v * v * ac2 + 2 * u * v * ab_ac - 2 * (u * ap_ab + v * ap_ac)
        if squared < least:
            least = squared
            uv[0], uv[1] = u, v
