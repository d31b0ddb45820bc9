"""Does a part or a print tell how what is round but for that is turned about its axis?"""

import numpy as np

from .. import se3
from .closest_points import ClosestPoints
from .model import ObjectModel
from .symmetry import Axis, turn_about
from .symmetry_search import COLOURS_DIFFER, FOOTPRINT_SHARE

# A part of what is round stands out by so much of the diameter: a hydrant's nozzles by 0.06, a jug's spout by 0.13, a
# mug's handle by 0.2; a round surface that a scan has bent does by up to 0.03.
_STANDS_OUT = 0.04
_SAMPLES = 600
# That no turn of 1/2 to 1/6 shares.
_ANGLES_RAD = np.deg2rad([20.0, 50.0, 75.0, 100.0, 145.0, 200.0, 310.0])


def shows_turns(model: ObjectModel, axis: Axis) -> bool:
    """Return whether turns about an axis of a model change its shape or its colours by more than scans get wrong."""
    points, faces, barycentric = model.surface_samples(_SAMPLES)
    surface, points = ClosestPoints(model.vertices, model.faces), points.astype(float)
    appearance, footprint_m = model.appearance, FOOTPRINT_SHARE * model.diameter_m
    rgb = None if appearance is None else appearance.sample(faces, barycentric, footprint_m)
    stands_out, differs = [], []
    for turn in turn_about(np.asarray(axis.direction), _ANGLES_RAD, np.asarray(axis.point_m)):
        moved = se3.transform_points(turn, points)
        found = surface.query(moved)
        stands_out.append(np.linalg.norm(found.points - moved, axis=1).max() / model.diameter_m)
        if appearance is not None and rgb is not None:
            there = appearance.sample(found.faces, found.uv, footprint_m)
            differs.append(np.abs(there - rgb).mean())
    return bool(np.median(stands_out) > _STANDS_OUT or (differs and np.median(differs) > COLOURS_DIFFER))
