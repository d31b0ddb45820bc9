"""Where in a frame an object might stand that no mask shows: what stands out, of its size and in its colours."""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial.distance import cdist

from .coarse_scene import CoarseScene
from .object_prior import SizeColourPrior
from .support_planes import SupportPlanes

_FEWEST_PIXELS = 20
# A thing's area in square diameters, and its extent in diameters, that can be the object's.
_AREA, _EXTENT = (0.02, 1.1), (0.15, 1.35)
# Jumps of so many diameters are between things, and masks that overlap by so much are of one thing.
LARGEST_JUMP, _SAME = 0.6, 0.8
# What is further than so many diameters from the middle of what is seen of the object is something else.
_REACH = 0.75
# Places where the object's colours gather: the radius in diameters within which they do, how far apart two places are,
# how many seeds are moved to the middle of what is about them, by how many points, how often, and how many places are
# taken.
_GATHERED, _PLACES_APART, _SEEDS, _POINTS, _SHIFTS, _MOST_PLACES = 0.45, 0.4, 120, 2000, 3, 6
# Of the object's colours are those that are likelier its than the scene's.
_LIKELY = 0.5


@dataclass(frozen=True, eq=False)
class Proposal:
    """mask (H, W) bool of one thing; centre_m (3,) of its visible surface in the camera's frame.

    possible (H, W) bool: what else may belong to it. likeness: 0..1, how far its size and its colours are the object's.
    diameter_m: of the object that is looked for. planes: tables and walls of the frame, through which nothing reaches.
    spot: the mask shows no thing, but a place where the object may be seen.
    """

    mask: np.ndarray
    possible: np.ndarray
    centre_m: np.ndarray
    likeness: float
    diameter_m: float
    planes: SupportPlanes
    spot: bool = False


def propose(scene: CoarseScene, prior: SizeColourPrior) -> list[Proposal]:
    """List things in a frame that may be the object, the likeliest first.

    Planes wider than the object are taken away (tables, walls), the rest is cut at jumps in depth, and what has about
    the object's size stays. What touches a neighbour without a jump between them stays in one piece with it: so pieces
    are added that hollows bound, and places where the object's colours gather within its size. What is flat goes with
    its plane: so pieces are added that stand out of one but little.
    """
    planes = scene.support(prior.table_m)
    free = scene.valid & ~planes.on_plane
    flat = free | planes.raised
    # Cut at every jump, and again only at jumps that are too large to be within the object: a mug's rim is one.
    large = scene.jump_m > LARGEST_JUMP * prior.diameter_m
    cuts = ((free, scene.on_edge), (free, large), (free, scene.on_edge | scene.on_crease), (flat, scene.on_edge))
    parts = [part for within, cut in cuts for part in _cut(within, cut)]
    parts += _gathered_colours(scene, flat, prior)
    proposals: list[Proposal] = []
    taken: list[np.ndarray] = []
    for part in parts:
        if fits(scene, part, prior.diameter_m) and not any(_same(part, other) for other in taken):
            taken.append(part)
            proposals.append(proposal_of(scene, part, prior, planes))
    return sorted(proposals, key=lambda p: -p.likeness)


def proposal_of(scene: CoarseScene, part: np.ndarray, prior: SizeColourPrior, planes: SupportPlanes) -> Proposal:
    """Take a part (h, w) bool of a scene as a thing that may be the object."""
    points = scene.points[part]
    centre_m = np.median(points, axis=0)
    near = np.linalg.norm(scene.points - centre_m, axis=-1) < _REACH * prior.diameter_m
    possible = (
        cv2.dilate(((near & scene.valid & ~planes.surely) | part).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    )
    likeness = prior.likeness(float(scene.area_m2[part].sum()), scene.rgb[part])
    return Proposal(
        scene.enlarged(part), scene.enlarged(possible | ~scene.valid), centre_m, likeness, prior.diameter_m, planes
    )


def _cut(free: np.ndarray, cut: np.ndarray) -> list[np.ndarray]:
    """Return connected parts (h, w) bool of what is free (h, w), and their rims where it was cut (h, w)."""
    parts = []
    count, labels, stats, _ = cv2.connectedComponentsWithStats((free & ~cut).astype(np.uint8), connectivity=4)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] >= _FEWEST_PIXELS:
            part = (labels == label).astype(np.uint8)
            parts.append((cv2.dilate(part, np.ones((3, 3), np.uint8)) > 0) & free)
    return parts


def _gathered_colours(scene: CoarseScene, free: np.ndarray, prior: SizeColourPrior) -> list[np.ndarray]:
    """Return parts (h, w) bool in the object's colours that lie within its size of each other, the fullest first."""
    if not prior.has_colour or free.sum() < _FEWEST_PIXELS:
        return []
    odds = prior.colour_odds(scene.rgb, scene.rgb[scene.valid])
    points, weight = scene.points[free], odds[free] * scene.area_m2[free]
    radius_m = _GATHERED * prior.diameter_m
    likely = np.flatnonzero(odds[free] > _LIKELY)
    if len(likely) == 0:
        return []
    middles = points[likely[:: -(-len(likely) // _SEEDS)]]
    every = -(-len(points) // _POINTS)
    points, weight = points[::every], weight[::every]
    for _ in range(_SHIFTS):  # mean shift (Cheng 1995)
        about = (cdist(middles, points, "sqeuclidean") < radius_m * radius_m) * weight  # (S, N)
        gathered = about.sum(axis=1)
        middles = about @ points / np.maximum(gathered, 1e-12)[:, None]
    parts, kept = [], np.zeros((0, 3))
    for place in middles[np.argsort(-gathered)]:
        if len(kept) and np.linalg.norm(kept - place, axis=1).min() < _PLACES_APART * prior.diameter_m:
            continue
        kept = np.vstack([kept, place])
        near = np.linalg.norm(scene.points - place, axis=-1) < _REACH * prior.diameter_m
        parts.append(_closed(free & near & (odds > _LIKELY)) & free & near)
        if len(parts) == _MOST_PLACES:
            break
    return parts


def _closed(part: np.ndarray) -> np.ndarray:
    """Fill small gaps of a part (h, w) bool: letters on a print."""
    return cv2.morphologyEx(part.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0


def fits(scene: CoarseScene, part: np.ndarray, diameter_m: float) -> bool:
    """Tell whether a part (h, w) has about the size of an object of this diameter."""
    if part.sum() < _FEWEST_PIXELS:
        return False
    area_m2, extent_m = float(scene.area_m2[part].sum()), float(np.ptp(scene.points[part], axis=0).max())
    square_m2 = diameter_m * diameter_m
    return (
        _AREA[0] * square_m2 < area_m2 < _AREA[1] * square_m2
        and _EXTENT[0] * diameter_m < extent_m < _EXTENT[1] * diameter_m
    )


def _same(mask: np.ndarray, other: np.ndarray) -> bool:
    return bool((mask & other).sum() > _SAME * (mask | other).sum())
