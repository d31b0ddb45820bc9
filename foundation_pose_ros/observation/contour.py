"""The outline of a rendering as lines across it: where it is to a fraction of a cell, and which way is out."""

from typing import Any

import numpy as np

from ..depth import in_front
from ..jit import compiled

# Weights of a row of seven cells, that smooth, and that give the slope.
_SMOOTH = np.array([1, 6, 15, 20, 15, 6, 1], np.float32) / np.float32(64)
_SLOPE = np.array([-1, -4, -5, 0, 5, 4, 1], np.float32) / np.float32(32)
_HALF = 3
# Less than this per cell, and what is seen there is a tip or a thread, not an edge.
_LEAST_SLOPE = np.float32(0.15)
# So many cells along a line are looked at for how far it stays on either side.
_LONGEST_RUN = 8
# What stands so much nearer than the object beside its outline may hide it there.
_HIDES_M = np.float32(0.03)
# On grids of so many cells a row every second cell of an outline is enough, and so many lines on any.
_FINE_GRID, MOST_LINES = 40, 256
# Columns of a line: place u, v on the grid; direction du, dv outwards, of length 1; depth there in metres; for how many
# cells it runs within the outline, and beyond it.
U, V, DU, DV, DEPTH_M, RUN_IN, RUN_OUT = range(7)
COLUMNS = 7


@compiled
def outline(rendered_m: Any, observed_m: Any, lines: Any) -> int:
    """Fill lines (M, 7) float32 with the cells of an outline, on fine grids every second one, and return how many.

    rendered_m (n, n): depth of the object, 0 beside it. observed_m (n, n): what was measured; lines next to what may
    hide the object are left out.
    """
    size, count = len(rendered_m), 0
    halved = size >= _FINE_GRID
    for v in range(_HALF, size - _HALF):
        for u in range(_HALF, size - _HALF):
            depth = rendered_m[v, u]
            if depth == 0 or (
                rendered_m[v - 1, u] > 0
                and rendered_m[v + 1, u] > 0
                and rendered_m[v, u - 1] > 0
                and rendered_m[v, u + 1] > 0
            ):
                continue
            # Half of the cells of a row, of a column, and of either diagonal.
            if (halved and (u + 2 * v) % 4 > 1) or _beside_hidden(rendered_m, observed_m, v, u):
                continue
            smooth = right = down = np.float32(0)
            for row in range(2 * _HALF + 1):
                along = across = np.float32(0)
                for column in range(2 * _HALF + 1):
                    hit = np.float32(rendered_m[v + row - _HALF, u + column - _HALF] > 0)
                    along += hit * _SMOOTH[column]
                    across += hit * _SLOPE[column]
                smooth += _SMOOTH[row] * along
                right += _SMOOTH[row] * across
                down += _SLOPE[row] * along
            slope = np.sqrt(right * right + down * down)
            if slope < _LEAST_SLOPE:
                continue
            du, dv = -right / slope, -down / slope
            # Where the smoothed silhouette is a half.
            off = min(max((smooth - np.float32(0.5)) / slope, np.float32(-1)), np.float32(1.5))
            x, y = u + off * du, v + off * dv
            lines[count, U], lines[count, V], lines[count, DU], lines[count, DV] = x, y, du, dv
            lines[count, DEPTH_M] = depth
            lines[count, RUN_IN] = _run(rendered_m, x, y, -du, -dv, True)
            lines[count, RUN_OUT] = _run(rendered_m, x, y, du, dv, False)
            count += 1
            if count == len(lines):
                return count
    return count


@compiled
def _beside_hidden(rendered_m: Any, observed_m: Any, v: int, u: int) -> bool:
    for row in range(v - 1, v + 2):
        for column in range(u - 1, u + 2):
            own = rendered_m[row, column] if rendered_m[row, column] > 0 else rendered_m[v, u]
            if in_front(observed_m[row, column], own, _HIDES_M):
                return True
    return False


@compiled
def _run(rendered_m: Any, u: Any, v: Any, du: Any, dv: Any, inside: bool) -> int:
    """Return for how many cells from a place on a line stays on one side."""
    size = len(rendered_m)
    for k in range(_LONGEST_RUN):
        along = np.float32(k) + np.float32(0.7)
        column, row = int(np.floor(u + along * du + np.float32(0.5))), int(np.floor(v + along * dv + np.float32(0.5)))
        hit = 0 <= column < size and 0 <= row < size and rendered_m[row, column] > 0
        if hit != inside:
            return k
    return _LONGEST_RUN
