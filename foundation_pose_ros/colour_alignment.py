"""A pose moved to where the model's print is seen: depth alone lets flat and round faces slide."""

from .candidates import Candidates, Stage
from .conditioned import ConditionedObject
from .frame import Frame
from .observation import CropBox
from .surface_points import Keyframe


def colours_aligned(
    conditioned: ConditionedObject, frame: Frame, box: CropBox, candidates: Candidates, stage: Stage
) -> Candidates | None:
    """The first candidate refined with its own print as the guide; None where the print is plain or isn't found."""
    model = conditioned.model
    if not model.has_colour:
        return None
    first = candidates.refined.T_cam_obj[:1]
    painted = Keyframe.painted(frame, box, first[0], conditioned.renderer, model.diameter_m)
    matches = painted.follow(frame, box, first[0])
    if matches is None:
        return None
    return conditioned.refined(candidates.observation, first, stage, matches)
