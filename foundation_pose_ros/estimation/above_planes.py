"""Poses that would stick in a table or wall are left out where another of the same registration doesn't."""

import numpy as np

from ..object_model.model import ObjectModel
from ..rendering import Renderer
from .candidates import Candidates
from .support_planes import SupportPlanes


def above_planes(candidates: Candidates, model: ObjectModel, renderer: Renderer, planes: SupportPlanes) -> Candidates:
    """Leave out the candidates, best first, that would stick in a table or wall, up to the first that doesn't.

    What they show may agree best: of a thing that stands on a table, half of it lying in the table explains the rest.
    Where all of them would, all stay.
    """
    for k, T_cam_obj in enumerate(candidates.refined.T_cam_obj):
        if not planes.penetrated_by(renderer, T_cam_obj, model):
            return candidates if k == 0 else candidates.picked(np.arange(k, len(candidates.refined.T_cam_obj)))
    return candidates
