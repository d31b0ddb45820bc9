"""An object as it is told to whoever asks for it. Needs no ROS."""

from dataclasses import dataclass

from ...tracking import TrackedObject


@dataclass(frozen=True)
class Found:
    """An object with a pose in the frame of this id, of an image of this stamp."""

    tracked: TrackedObject
    frame_id: str
    stamp_ns: int
