"""A recording made of another: what its frames are is up to the kind; masks, truth and meshes stay."""

from ..arrays import Mask, Pose
from ..object_model.model import ObjectModel
from .sequence import Sequence


class DerivedSequence:
    """What a `Sequence` that is made of another takes over from it: all but name, frame_ids and frame."""

    def __init__(self, sequence: Sequence) -> None:
        self._sequence = sequence

    @property
    def object_names(self) -> list[str]:
        """Return the names of the recording's objects."""
        return self._sequence.object_names

    def mask(self, frame_id: str, object_name: str) -> Mask | None:
        """Return (H, W) bool as the recording has it."""
        return self._sequence.mask(frame_id, object_name)

    def truth(self, frame_id: str, object_name: str) -> Pose | None:
        """Return T_cam_obj (4, 4) as the recording has it."""
        return self._sequence.truth(frame_id, object_name)

    def model(self, object_name: str) -> ObjectModel:
        """Return the object's mesh."""
        return self._sequence.model(object_name)
