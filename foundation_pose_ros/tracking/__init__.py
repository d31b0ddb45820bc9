"""From single estimates to tracked objects: states, frame memory, several objects. Imports no ROS."""

from typing import TYPE_CHECKING

from ..runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from ..streams.frame_buffer import FrameBuffer
    from .multi_object import MultiObjectTracker
    from .object_tracker import ObjectTracker
    from .relocalization import RelocalizationSettings
    from .state_machine import StateSettings, TrackState
    from .tracked_object import TrackedObject
    from .tracker_settings import TrackerSettings
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "FrameBuffer": "..streams.frame_buffer",
            "MultiObjectTracker": ".multi_object",
            "ObjectTracker": ".object_tracker",
            "RelocalizationSettings": ".relocalization",
            "StateSettings": ".state_machine",
            "TrackState": ".state_machine",
            "TrackedObject": ".tracked_object",
            "TrackerSettings": ".tracker_settings",
        },
    )

__all__ = [
    "FrameBuffer",
    "MultiObjectTracker",
    "ObjectTracker",
    "RelocalizationSettings",
    "StateSettings",
    "TrackState",
    "TrackedObject",
    "TrackerSettings",
]
