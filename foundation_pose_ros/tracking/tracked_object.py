"""What is said of an object as of one frame."""

from dataclasses import dataclass

from ..pose_result import PoseResult
from .state_machine import TrackState


@dataclass(frozen=True)
class TrackedObject:
    """One object as of one frame. `result` is None unless the object is TRACKING and has a pose in this frame.

    last_believed: the last pose that wasn't in doubt, of whatever frame, None before there was one. age_s: since the
    registration that started the track; registered_ns: the stamp of that registration's frame; since_seen_s: since the
    last frame with a trusted pose; None where that never happened. `reason` says in words why the state is what it is,
    and is empty while all is well. in_doubt: it is tracked, but the last frame didn't confirm it, for doubt_s seconds
    by now; the covariance of `result` is then that of a pose which may be wrong. Or it is there, but may well be turned
    about an axis, along which the covariance is wide. time_s: wall time that the object took in the last frame that was
    looked at: a registration, the step into it, or the search.
    """

    id: str
    class_id: str
    state: TrackState
    result: PoseResult | None
    age_s: float | None
    since_seen_s: float | None
    reason: str
    last_believed: PoseResult | None = None
    registered_ns: int | None = None
    in_doubt: bool = False
    doubt_s: float = 0.0
    time_s: float = 0.0
