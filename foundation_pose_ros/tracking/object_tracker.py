"""One object: registered on the frame of a mask, followed from frame to frame, looked for again when lost."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from copy import copy
from dataclasses import replace
from time import perf_counter

from ..arrays import Mask
from ..errors import InputRefused
from ..frame import Frame
from ..pose_result import PoseResult
from ..uncertainty.covariance import doubted
from .estimator_protocol import Followed, TrackingEstimator, followed, registered
from .relocalization import ClaimedBy, Relocalization, looks_like
from .retry_pause import RetryPause
from .scene_check import SceneCheck
from .second_look import SecondLook, shows_its_print
from .state_machine import FrameEvidence, TrackState, TrackStatus, advance, started
from .tracked_object import TrackedObject
from .tracker_settings import TrackerSettings

Refused = Callable[[str, InputRefused], None]


class ObjectTracker:
    """The track of one instance (`id`) of one class (`class_id`, the estimator's object name)."""

    def __init__(
        self, id: str, class_id: str, estimator: TrackingEstimator, settings: TrackerSettings | None = None
    ) -> None:
        self.id = id
        self.class_id = class_id
        self.settings = settings or TrackerSettings()
        self._estimator = estimator
        self._status = TrackStatus()
        self._pose: PoseResult | None = None
        self._pose_is_current = False
        self._last_believed: PoseResult | None = None
        self._relocalization: Relocalization | None = None
        self._second_look = SecondLook(estimator, self.settings.second_look)
        self._scene_check = SceneCheck(estimator, self.settings.scene_check)
        self._time_s = 0.0
        self._stamp_ns: int | None = None
        self._pause = RetryPause()

    @property
    def state(self) -> TrackState:
        """Return the state as of the last frame."""
        return self._status.state

    @property
    def in_doubt(self) -> bool:
        """Return True while it is tracked, but the last frame didn't confirm it, or may be turned otherwise."""
        return self.doubted or self._status.turn_doubt_since_ns is not None

    @property
    def doubted(self) -> bool:
        """Return True while it is tracked, but the last frame didn't confirm that it is there."""
        return self._status.doubt_since_ns is not None

    @property
    def registered(self) -> bool:
        """Return True where a registration has begun it, whatever became of it since."""
        return self._status.registered_ns is not None

    @property
    def stamp_ns(self) -> int | None:
        """Return the stamp of the last frame that was looked at."""
        return self._stamp_ns

    def is_behind(self, stamp_ns: int) -> bool:
        """Return True where a frame of this time would tell something new of a track that has begun."""
        return self.state is not TrackState.SEARCHING and self._stamp_ns is not None and self._stamp_ns < stamp_ns

    def wants_mask(self, stamp_ns: int) -> bool:
        """Return True where a mask of a frame at this time would be used: not tracking, and the back-off is over."""
        if self.state is TrackState.TRACKING:
            return False
        return self._pause.is_over(stamp_ns)

    def start(self, frame: Frame, result: PoseResult) -> TrackedObject:
        """Begin a track at a pose in this frame that is known from elsewhere; in doubt where it scores low."""
        self._stamp_ns = frame.stamp_ns
        self._status = started(frame.stamp_ns)
        if result.score < self.settings.state.lose_score:
            self._advance(FrameEvidence(frame.stamp_ns, result.score, presence=result.presence))
        self._time_s = 0.0
        self._begin(frame, result)
        return self.snapshot(frame.stamp_ns)

    def register(self, frame: Frame, mask: Mask, later_frames: Iterable[Frame] = ()) -> TrackedObject:
        """Register on the frame that the mask (H, W) bool belongs to, then follow through the frames since.

        Raises InputRefused when the mask or frame can't be used; the track is then as it was, and the next try waits.
        """
        called_s = perf_counter()
        found = registered(self._estimator, frame, mask, self.class_id)
        accepted = self.conclude_registration(frame, found)
        self._time_s = perf_counter() - called_s
        if isinstance(found, InputRefused):
            raise found
        if accepted:
            for later in later_frames:
                self.track(later)
        return self.snapshot(self._stamp_ns or frame.stamp_ns)

    def conclude_registration(self, frame: Frame, found: Followed) -> bool:
        """Take up what a registration on a frame has found: True where a track begins there; else a next try waits."""
        self._stamp_ns = frame.stamp_ns if self._stamp_ns is None else max(self._stamp_ns, frame.stamp_ns)
        self._time_s = found.time_s if isinstance(found, PoseResult) else 0.0
        settings = self.settings
        if isinstance(found, InputRefused):
            self._advance(FrameEvidence(frame.stamp_ns, None, registration=True, reason=str(found)))
        else:
            self._advance(FrameEvidence(frame.stamp_ns, found.score, registration=True, presence=found.presence))
        if isinstance(found, InputRefused) or not settings.state.accepts(found.score, found.presence):
            self._pause.failed(frame.stamp_ns, settings.retry_first_s, settings.retry_longest_s)
            return False
        self._begin(frame, found)
        self._stamp_ns = frame.stamp_ns
        return True

    def track(self, frame: Frame, refused: Refused | None = None) -> TrackedObject:
        """Follow into the next frame, or look there for an object that was lost; refusals count as no pose.

        Before the first registration this only takes note of the time.
        """
        if (pose := self.following) is None:
            return self.relocalize(frame)
        found, switched = self.reconsider(frame, followed(self._estimator, frame, pose))
        return self.conclude(frame, found, refused, switched)

    @property
    def following(self) -> PoseResult | None:
        """Return the pose to follow into the next frame; None where there is no track."""
        return self._pose if self.state is TrackState.TRACKING else None

    @property
    def checked_ns(self) -> int:
        """Return the stamp of the frame in which it was last compared with how its surroundings move."""
        return self._scene_check.checked_ns

    def reconsider(self, frame: Frame, found: Followed, in_turn: bool = True) -> tuple[Followed, bool]:
        """Look once more where a step's evidence is low: what it found, or what fits better, and whether that is so.

        in_turn: where all is well it may be compared with how its surroundings move.
        """
        assert self._pose is not None, "what was followed"
        if isinstance(found, PoseResult) and (found.switched or self._pose.switched):
            # Where another pose stood says nothing of this one.
            self._scene_check.begin(frame, found)
            return found, True
        if self._last_believed is None or not self.settings.relocalization.enabled:
            return found, False
        doubted = self._second_look.doubts(found, self.settings.state.lose_score)
        better = self._scene_check(frame, found, self._pose, doubted, in_turn)
        if better is None and doubted:
            better = self._second_look(frame, found, self._last_believed)
        return (found, False) if better is None else (better, True)

    def conclude(
        self, frame: Frame, found: Followed, refused: Refused | None = None, switched: bool = False
    ) -> TrackedObject:
        """Take up what a frame showed. switched: it isn't what the step found."""
        self._stamp_ns = frame.stamp_ns
        self._pose_is_current = isinstance(found, PoseResult)
        self._time_s = found.time_s if isinstance(found, PoseResult) else 0.0
        if isinstance(found, PoseResult):
            seen = FrameEvidence(frame.stamp_ns, found.score, switched=switched, presence=found.presence)
            if not self._looks_as_before(found):
                # What covers an object, or takes its place, may well have its shape.
                seen = replace(seen, score=None, reason="the colours there aren't the object's")
            # A doubtful pose is still the best guess to step from, until the state machine gives the track up.
            self._pose = found
        else:
            seen = FrameEvidence(frame.stamp_ns, None, reason=str(found))
            if refused is not None:
                refused(self.id, found)
        self._advance(seen)
        if self.state is TrackState.TRACKING and isinstance(found, PoseResult):
            if not self.doubted:
                self._last_believed = found
            elif self._last_believed is not None:
                # What was learned from doubtful poses would speak for them.
                self._pose = found.with_colours(self._last_believed.memory.learned)
        return self.snapshot(frame.stamp_ns)

    def compare(self, frame: Frame) -> None:
        """Compare the pose with its rivals in the frame that it was found in: the next step goes on from that."""
        assert self._pose is not None, "what was found"
        with suppress(InputRefused):
            self._pose = self._estimator.compared(frame, self._pose)
            if not self.doubted and not self._pose.switched:
                self._last_believed = self._pose

    def relocalize(self, frame: Frame, claimed: ClaimedBy | None = None) -> TrackedObject:
        """Look for the object if it was lost; what another track has `claimed` isn't it."""
        self._stamp_ns = frame.stamp_ns
        self._pose_is_current = False
        self._time_s = 0.0
        if self._relocalization is not None and self.settings.relocalization.enabled:
            called_s = perf_counter()
            found = self._relocalization.step(frame, claimed)
            self._time_s = perf_counter() - called_s
            if found is not None:
                self._advance(FrameEvidence(frame.stamp_ns, found.score, registration=True, presence=found.presence))
                if self.state is TrackState.TRACKING:
                    self._begin(frame, found)
        return self.snapshot(frame.stamp_ns)

    def seeker(self) -> "ObjectTracker":
        """Return this lost track once more, to look for the object elsewhere; this one looks no more."""
        seeker = copy(self)
        seeker._look_for_last()
        self._relocalization = None
        return seeker

    def reset(self, reason: str = "reset: waiting for a mask") -> None:
        """Forget the track; masks are taken at once."""
        self._status = TrackStatus(reason=reason)
        self._pose, self._pose_is_current, self._last_believed, self._stamp_ns = None, False, None, None
        self._relocalization = None
        self._pause, self._time_s = RetryPause(), 0.0

    def lose(self, stamp_ns: int, reason: str) -> None:
        """Give the track up as of a stamp, by whatever clock; it is looked for where it was believed to be last."""
        last = self._last_believed
        self.reset(f"{reason}: waiting for a mask")
        if last is not None and self.settings.relocalization.enabled:
            last = replace(last, stamp_ns=stamp_ns)
            self._status = TrackStatus(TrackState.LOST, f"lost: {reason}")
            self._last_believed = last
            self._look_for_last()

    def snapshot(self, stamp_ns: int) -> TrackedObject:
        """Return the object as of a frame's stamp."""
        status = self._status
        doubts = (status.doubt_since_ns, status.turn_doubt_since_ns)
        current = status.state is TrackState.TRACKING and self._pose_is_current
        return TrackedObject(
            id=self.id,
            class_id=self.class_id,
            state=status.state,
            result=self._said() if current else None,
            age_s=_seconds_between(status.registered_ns, stamp_ns),
            since_seen_s=_seconds_between(status.seen_ns, stamp_ns),
            reason=status.reason,
            last_believed=self._last_believed,
            registered_ns=status.registered_ns,
            in_doubt=self.in_doubt,
            doubt_s=max(_seconds_between(since, stamp_ns) or 0.0 for since in doubts),
            time_s=self._time_s,
        )

    def _said(self) -> PoseResult | None:
        """Return the pose, as uncertain as a doubt makes it."""
        if self._pose is None or not self.doubted:
            return self._pose
        return replace(self._pose, covariance=doubted(self._pose))

    def _advance(self, seen: FrameEvidence) -> None:
        before = self.state
        self._status = advance(self._status, seen, self.settings.state)
        if before is TrackState.TRACKING and self.state is TrackState.LOST:
            self._pose, self._pose_is_current = None, False
            self._look_for_last()

    def _look_for_last(self) -> None:
        """Begin a search from where the object was believed to be last."""
        settings = self.settings.relocalization
        if self._last_believed is not None and settings.enabled:
            self._relocalization = Relocalization(self._last_believed, self._estimator, settings)

    def _begin(self, frame: Frame, result: PoseResult) -> None:
        """Go on from a pose that is believed."""
        self._relocalization = None
        self._second_look = SecondLook(self._estimator, self.settings.second_look)
        self._scene_check = SceneCheck(self._estimator, self.settings.scene_check)
        self._scene_check.begin(frame, result)
        self._pause = RetryPause()
        self._pose, self._pose_is_current, self._last_believed = result, True, result

    def _looks_as_before(self, found: PoseResult) -> bool:
        """Tell whether its colours are the object's; of a track that isn't in doubt only its print is asked for."""
        last, settings = self._last_believed, self.settings.relocalization
        if last is None:
            return True
        if self.doubted:
            return looks_like(found, last, settings)
        return shows_its_print(found, last, settings.colour_drop)


def _seconds_between(earlier_ns: int | None, later_ns: int) -> float | None:
    return None if earlier_ns is None else max(0, later_ns - earlier_ns) * 1e-9
