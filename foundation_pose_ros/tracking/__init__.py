"""From single estimates to tracked objects: states, frame memory, several objects. Imports no ROS."""

from ..streams.frame_buffer import FrameBuffer
from .multi_object import MultiObjectTracker
from .object_tracker import ObjectTracker, TrackedObject, TrackerSettings
from .relocalization import RelocalizationSettings
from .state_machine import StateSettings, TrackState

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
