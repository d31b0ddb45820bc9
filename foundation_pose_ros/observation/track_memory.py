"""What a track remembers of the frames before: surface points to be found again, and colours learned since it began."""

from dataclasses import dataclass

from .keyframe import Keyframe
from .learned_colours import LearnedColours


@dataclass(frozen=True, eq=False)
class TrackMemory:
    """keyframe: the view from which surface points are followed. learned: colours of the object and of what is beside.

    None where there is none.
    """

    keyframe: Keyframe | None = None
    learned: LearnedColours | None = None


NOTHING_REMEMBERED = TrackMemory()
