"""A mask in which nothing is surely found is taken as a region: a box, too wide or narrow a mask, half an object."""

from contextlib import suppress

import cv2
import numpy as np

from ..arrays import Mask, Pose
from ..errors import InputRefused
from ..observation.crop import Crop
from .candidates import Candidates
from .coarse_scene import CoarseScene
from .object_proposals import Proposal, proposal_of, propose
from .prepared_object import PreparedObject

# Intersection over union of a mask and the outline of the best pose in it, from which the mask is believed.
_PRECISE = 0.83
# Of a mask that isn't, this share of its width at its rim may be something else's.
_RIM = 0.12
# What is further from the middle than so many diameters isn't the same object's; of one object so much is nearer.
_REACH, _LEAST_NEAR = 0.6, 0.75
# What a thing and a mask share of the smaller of both, where they may be the same; and how many such are tried.
_SHARED, _MOST_THINGS = 0.6, 2
# A mask misses a part of the object where, with all that may belong to it, so much more speaks for a turn, on a grid of
# so many rays a side. Of recorded and rendered masks of what nobody can tell apart it was below 0.08 in 20 of 21, where
# handles weren't marked 0.3 to 1.6 in nine of ten.
_TURNED, _LOOKED_AT_PX = 0.15, 64
# Poses of each registration that are compared in the end.
_COMPARED = 3


def fits_outline(candidates: Candidates) -> bool:
    """Tell whether the outline of the best pose is that of the mask which it was found in."""
    return bool(candidates.evidence.outline[0] >= _PRECISE)


def misses_a_part(prepared: PreparedObject, scene: CoarseScene, mask: Mask, T_cam_obj: Pose) -> bool:
    """Tell whether a turn of a pose (4, 4) explains what is beside a mask (H, W) bool: a handle that isn't marked."""
    core = _core(prepared, scene, mask)
    if core is None:
        return False
    with suppress(InputRefused):
        crop = Crop.around_mask(scene.frame, core.mask, prepared.prior.diameter_m, core.possible)
        return prepared.rivals.turned_lead(crop.observe(_LOOKED_AT_PX), T_cam_obj) > _TURNED
    return False


def register_in_region(prepared: PreparedObject, scene: CoarseScene, mask: Mask, first: Candidates) -> Candidates:
    """Find an object somewhere about a mask (H, W) bool; first: what was found as if the mask were its outline.

    The mask's core, and things that it shares most of its pixels with, are registered as regions. All poses are then
    compared on the picture: they have to explain the core, and beside it depth alone says what is seen of them. Where
    more than one object is marked there is no core, and the thing that is explained best is taken.
    """
    core = _core(prepared, scene, mask)
    found = [first]
    for region in (*([] if core is None else [core]), *_things_about(prepared, scene, mask)):
        with suppress(InputRefused):
            found.append(prepared.register(scene.frame, region.mask, region.possible))
    if core is None:
        return max(found[1:] or found, key=lambda one: float(one.evidence.rank[0]))
    poses = np.concatenate([one.refined.T_cam_obj[:_COMPARED] for one in found])
    return prepared.look.compared(scene.frame, core, poses)


def _core(prepared: PreparedObject, scene: CoarseScene, mask: Mask) -> Proposal | None:
    """Take what the mask surely marks as a region: without its rim, planes, and what is too far off.

    None where that is more than an object of this size.
    """
    prior, planes = prepared.prior, scene.support(prepared.prior.table_m)
    marked = scene.reduced(mask) & scene.valid
    if not marked.any():
        return None
    distance_px = cv2.distanceTransform(marked.astype(np.uint8), cv2.DIST_L2, 3)
    inner = distance_px > _RIM * 2 * distance_px.max()
    for part in (inner & ~planes.on_plane, marked & ~planes.on_plane, marked):
        if part.any():
            away_m = np.linalg.norm(scene.points - np.median(scene.points[part], axis=0), axis=-1)
            core = part & (away_m < _REACH * prior.diameter_m)
            return proposal_of(scene, core, prior, planes) if core.sum() > _LEAST_NEAR * part.sum() else None
    return None


def _things_about(prepared: PreparedObject, scene: CoarseScene, mask: Mask) -> list[Proposal]:
    """Return the likeliest things of a scene that a mask may mean, the best first."""
    size = max(int(mask.sum()), 1)

    def shared(thing: Proposal) -> float:
        return float((thing.mask & mask).sum() / min(thing.mask.sum(), size))

    things = [thing for thing in propose(scene, prepared.prior) if shared(thing) > _SHARED]
    return prepared.look(scene.frame, things)[:_MOST_THINGS] if things else []
