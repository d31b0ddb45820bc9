"""Where in a frame an object might stand that no mask shows: what stands out, of its size and in its colours."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..arrays import Mask
from .coarse_scene import CoarseScene
from .object_prior import SizeColourPrior
from .scene_parts import FEWEST_PIXELS, LARGEST_JUMP, REACH, cut, gathered_colours, of_one_colour
from .support_planes import SupportPlanes

# A thing's area in square diameters, and its extent in diameters, that can be the object's.
_AREA, _EXTENT = (0.02, 1.1), (0.15, 1.35)
# Masks that overlap by so much are of one thing.
_SAME = 0.8


@dataclass(frozen=True, eq=False)
class Proposal:
    """mask (H, W) bool of one thing; centre_m (3,) of its visible surface in the camera's frame.

    possible (H, W) bool: what else may belong to it. likeness: 0..1, how far its size and its colours are the object's.
    diameter_m: of the object that is looked for. planes: tables and walls of the frame, through which nothing reaches.
    spot: the mask shows no thing, but a place where the object may be seen.
    """

    mask: Mask
    possible: Mask
    centre_m: np.ndarray
    likeness: float
    diameter_m: float
    planes: SupportPlanes
    spot: bool = False


def propose(scene: CoarseScene, prior: SizeColourPrior) -> list[Proposal]:
    """List things in a frame that may be the object, the likeliest first.

    Planes wider than the object are taken away (tables, walls), the rest is cut at jumps in depth, and what has about
    the object's size stays. What touches a neighbour without a jump between them stays in one piece with it: so pieces
    are added that hollows bound, and places where the object's colours gather within its size, or pieces of one colour
    where nobody knows its own. What is flat goes with its plane: so pieces are added that stand out of one but little.
    """
    planes = scene.support(prior.table_m)
    free = scene.valid & ~planes.on_plane
    flat = free | planes.raised
    # Cut at every jump, and again only at jumps that are too large to be within the object: a mug's rim is one.
    large = scene.jump_m > LARGEST_JUMP * prior.diameter_m
    cuts = ((free, scene.on_edge), (free, large), (free, scene.on_edge | scene.on_crease), (flat, scene.on_edge))
    parts = [part for within, at in cuts for part in cut(within, at)]
    parts += gathered_colours(scene, flat, prior) if prior.has_colour else of_one_colour(scene, flat, large)
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
    near = np.linalg.norm(scene.points - centre_m, axis=-1) < REACH * prior.diameter_m
    possible = (
        cv2.dilate(((near & scene.valid & ~planes.surely) | part).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    )
    likeness = prior.likeness(float(scene.area_m2[part].sum()), scene.rgb[part])
    return Proposal(
        scene.enlarged(part), scene.enlarged(possible | ~scene.valid), centre_m, likeness, prior.diameter_m, planes
    )


def fits(scene: CoarseScene, part: np.ndarray, diameter_m: float) -> bool:
    """Tell whether a part (h, w) has about the size of an object of this diameter."""
    if part.sum() < FEWEST_PIXELS:
        return False
    area_m2, extent_m = float(scene.area_m2[part].sum()), float(np.ptp(scene.points[part], axis=0).max())
    square_m2 = diameter_m * diameter_m
    return (
        _AREA[0] * square_m2 < area_m2 < _AREA[1] * square_m2
        and _EXTENT[0] * diameter_m < extent_m < _EXTENT[1] * diameter_m
    )


def _same(mask: Mask, other: np.ndarray) -> bool:
    return bool((mask & other).sum() > _SAME * (mask | other).sum())
