"""An object at the stamp of an image, as far as it is known, and what is drawn of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..arrays import Pose
from ..object_model.model import ObjectModel
from .overlay_pose import OverlayPose


@dataclass(frozen=True)
class RunnerUp:
    """A pose T_cam_obj (4, 4) that may be the right one in place of the chosen; score: 0..1, how likely."""

    T_cam_obj: Pose
    score: float


@dataclass(frozen=True)
class LiveObject:
    """T_cam_obj (4, 4) and its model; both None where there is nothing to draw. state: in words, with the reason.

    score: 0..1, that of the last pose. colour: RGB 0..255, the same in each picture. runners_up: best first.
    """

    id: str
    state: str
    colour: tuple[int, int, int]
    model: ObjectModel | None = None
    T_cam_obj: Pose | None = None
    score: float = 0.0
    in_doubt: bool = False
    runners_up: tuple[RunnerUp, ...] = ()


def drawn(objects: Sequence[LiveObject]) -> tuple[list[OverlayPose], list[str]]:
    """Return what to draw, and a line for each that can't be."""
    poses, notes = [], []
    for each in objects:
        if each.model is None or each.T_cam_obj is None:
            notes.append(f"{each.id}: {each.state}")
            continue
        label = f"{each.id} {each.score:.2f}" + (" in doubt" if each.in_doubt else "")
        poses.append(OverlayPose(each.model, each.T_cam_obj, label, each.colour, each.in_doubt))
    return poses, notes
