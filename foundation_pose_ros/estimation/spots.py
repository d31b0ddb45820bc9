"""Spots: where nothing stands out that has the object's size, it is looked for a small place at a time."""

from dataclasses import replace

import cv2
import numpy as np

from ..arrays import Mask
from .coarse_scene import CoarseScene
from .object_prior import SizeColourPrior
from .object_proposals import Proposal, proposal_of

# Radius of a spot, which has to lie on the object whole, and how far apart the middles of two are, in diameters.
_RADIUS, _APART = 0.16, 0.3
_FEWEST_PIXELS = 8
# So few pixels of the grid across, an object can't be told from others.
_LEAST_ACROSS = 8
# So many are taken.
_MOST = 12
# A thing that is so much less like the object than the likeliest is no other explanation of its pixels.
_LEAST_LIKENESS = 0.1


def spots(scene: CoarseScene, prior: SizeColourPrior, things: list[Proposal]) -> list[Proposal]:
    """List small places on what is no plane and belongs to none of the things that may be the object.

    There several bodies hang together that neither depth nor colours cut apart. A spot says no more than that the
    object, where it is there, is seen in it: the rest of its sphere is possible. The likeliest by colour go first, or
    the nearest where the object has none.
    """
    planes = scene.support(prior.table_m)
    large_enough = scene.depth.depth_m * scene.pitch * _LEAST_ACROSS < prior.diameter_m
    smooth = scene.valid & ~planes.on_plane & large_enough & ~scene.on_edge & ~scene.on_crease
    _, pieces = cv2.connectedComponents(smooth.astype(np.uint8), connectivity=4)
    free = smooth & ~_covered(scene, things)
    found = [
        _around(scene, cell, free & (pieces == pieces[cell]), prior.diameter_m)
        for cell in _middles(scene, free, prior.diameter_m)
    ]
    found = [part for part in found if part.sum() >= _FEWEST_PIXELS]
    odds = prior.colour_odds(scene.rgb, scene.rgb[scene.valid])
    nearness = -scene.depth.depth_m
    found.sort(key=lambda part: -float((odds if prior.has_colour else nearness)[part].mean()))
    return [replace(proposal_of(scene, part, prior, planes), likeness=0.0, spot=True) for part in found[:_MOST]]


def _covered(scene: CoarseScene, things: list[Proposal]) -> Mask:
    """Return (h, w) bool: what belongs to a thing that may be the object."""
    covered = np.zeros(scene.valid.shape, bool)
    for thing in things:
        if thing.likeness >= _LEAST_LIKENESS * things[0].likeness:
            covered |= scene.reduced(thing.mask)
    return covered


def _middles(scene: CoarseScene, free: np.ndarray, diameter_m: float) -> list[tuple[int, int]]:
    """Return cells (row, column) of what is free (h, w), apart from each other, those far from its rims first."""
    inner = cv2.distanceTransform(free.astype(np.uint8), cv2.DIST_L2, 3)
    rows, columns = np.nonzero(free)
    order = np.argsort(-inner[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    points, left = scene.points[rows, columns], np.ones(len(rows), bool)
    middles = []
    while left.any():
        first = int(np.argmax(left))
        middles.append((int(rows[first]), int(columns[first])))
        left &= np.linalg.norm(points - points[first], axis=-1) > _APART * diameter_m
    return middles


def _around(scene: CoarseScene, cell: tuple[int, int], within: np.ndarray, diameter_m: float) -> Mask:
    """Return (h, w) bool: what is within a mask (h, w) and a spot's radius of a cell."""
    away_m = np.linalg.norm(scene.points - scene.points[cell], axis=-1)
    return np.asarray(within & (away_m < _RADIUS * diameter_m))
