"""The thing at a pixel, as far as depth tells it from what it stands on and beside: where a click starts."""

import cv2
import numpy as np

from ..arrays import Mask
from ..errors import InputRefused
from .coarse_scene import CoarseScene
from .object_prior import SizeColourPrior
from .object_proposals import Proposal, fits, proposal_of
from .scene_parts import LARGEST_JUMP

# A pixel without depth, or on an edge, stands for the nearest that will do, no further than so many of the grid.
_NEAREST = 4
# Where a thing can't be told from the table, what lies within so many diameters of the point is surely it.
_SURELY = 0.3


def thing_at(scene: CoarseScene, prior: SizeColourPrior, u: float, v: float) -> Proposal:
    """Take what hangs together in depth around a pixel, within the object's size, as the object.

    Tables and walls are left out; what is as flat as they are is taken by its distance from the point alone. Raises
    InputRefused where there is no depth near the pixel.
    """
    cell = (int(np.abs(scene.depth.v - v).argmin()), int(np.abs(scene.depth.u - u).argmin()))
    seed = _nearest(scene.valid, cell)
    if seed is None:
        raise InputRefused(
            "no_depth_under_mask", f"no depth is measured at pixel ({u:.0f}, {v:.0f}): point at another spot of it"
        )
    planes = scene.support(prior.table_m)
    distance_m = np.linalg.norm(scene.points - scene.points[seed], axis=-1)
    free = scene.valid & ~planes.on_plane & (distance_m < prior.diameter_m)
    # Cut at every jump, and then only at those that are too large to be within the object.
    for cut in (scene.on_edge, scene.jump_m > LARGEST_JUMP * prior.diameter_m):
        # In space: beside an edge, the nearest pixel may be one of what lies behind.
        part = _connected(free & ~cut, _nearest(free & ~cut, cell, distance_m))
        if part is not None:
            part = (cv2.dilate(part.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & free
            if fits(scene, part, prior.diameter_m):
                return proposal_of(scene, part, prior, planes)
    part = scene.valid & (distance_m < _SURELY * prior.diameter_m)
    return proposal_of(scene, part, prior, planes)


def _connected(free: np.ndarray, seed: tuple[int, int] | None) -> Mask | None:
    """Return the connected part (h, w) bool of free (h, w) that holds a cell, None without one."""
    if seed is None:
        return None
    _, labels = cv2.connectedComponents(free.astype(np.uint8), connectivity=4)
    part: np.ndarray = labels == labels[seed]
    return part


def _nearest(free: np.ndarray, cell: tuple[int, int], distance: np.ndarray | None = None) -> tuple[int, int] | None:
    """Of the free cells about one, the nearest: on the grid, or by a distance (h, w). None where none is near."""
    rows, columns = np.nonzero(free)
    apart = np.hypot(rows - cell[0], columns - cell[1])
    near = np.flatnonzero(apart <= _NEAREST)
    if len(near) == 0:
        return None
    nearest = near[(apart[near] if distance is None else distance[rows[near], columns[near]]).argmin()]
    return int(rows[nearest]), int(columns[nearest])
