"""A recording played otherwise: frames left out, backwards, with the stamps that this takes."""

from dataclasses import replace

from ..errors import InputRefused
from ..frame import Frame
from .derived_sequence import DerivedSequence
from .sequence import Sequence, position_of, stamp_ns_of


class Replayed(DerivedSequence):
    """A `Sequence` of every step-th frame of another, from one on, forwards or backwards, at the camera's rate."""

    def __init__(
        self,
        sequence: Sequence,
        step: int = 1,
        first: int = 0,
        backwards: bool = False,
        dropped: frozenset[str] = frozenset(),
    ) -> None:
        """step: 1 or more. first: index of the first frame in the order played. dropped: frames that got lost.

        Raises InputRefused for other steps, and where no frame is left.
        """
        if step < 1:
            raise InputRefused("bad_step", f"every {step}-th frame can't be played: give a step of 1 or more")
        super().__init__(sequence)
        self._order = (sequence.frame_ids[::-1] if backwards else list(sequence.frame_ids))[first:]
        self.frame_ids = [frame_id for frame_id in self._order[::step] if frame_id not in dropped]
        if not self.frame_ids:
            raise InputRefused("no_frames", f"{sequence.name} has no frame left to be played: leave fewer out")
        self.name = f"{sequence.name}, every {step}, {'backwards' if backwards else 'forwards'} from {first}"

    def frame(self, frame_id: str) -> Frame:
        """Return the image, stamped as the camera took it: frames that are left out take their time."""
        position_of(frame_id, self.frame_ids, self.name)
        return replace(self._sequence.frame(frame_id), stamp_ns=stamp_ns_of(self._order.index(frame_id)))
