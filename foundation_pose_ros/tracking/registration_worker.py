"""Registration and searches in a thread of their own, so that the tracks go on meanwhile. Needs no ROS."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from ..arrays import Mask
from ..errors import InputRefused, shortened
from ..estimation.object_proposals import Proposal
from ..frame import Frame
from ..pose_result import PoseResult
from ..streams.frame_buffer import FrameBuffer
from ..streams.latest_only_worker import LatestOnlyWorker
from .estimator_protocol import Followed, TrackingEstimator, registered, searched
from .object_tracker import ObjectTracker, Refused
from .relocalization import ClaimedBy
from .state_machine import TrackState


@dataclass(frozen=True)
class Registered:
    """What a registration has found, and the track that went on from it, nearly up to date."""

    track: ObjectTracker
    found: Followed


class RegistrationWorker:
    """Registers new tracks, one after the other, and follows each through the frames since.

    done_ns: the stamp that the other tracks are at. refused(id, error): takes refusals of tracking steps. failed: takes
    what should not have happened.
    """

    def __init__(
        self,
        estimator: TrackingEstimator,
        buffer: FrameBuffer,
        done_ns: Callable[[], int],
        refused: Refused,
        failed: Callable[[str, Exception], None],
    ) -> None:
        self._estimator, self._buffer, self._done_ns, self._refused = estimator, buffer, done_ns, refused
        self._failed = failed
        self._worker = LatestOnlyWorker({}, failed, lambda slot: None, "registration")

    def start(self) -> None:
        """Begin to work."""
        self._worker.start()

    def stop(self) -> bool:
        """Finish the registration at hand and drop the rest; False where it didn't end in time."""
        return self._worker.stop()

    def put(
        self, track: ObjectTracker, frame: Frame, mask: Mask | Proposal, then: Callable[[Registered], None]
    ) -> None:
        """Register a new track from a mask (H, W) bool of a frame, or from a thing in it.

        `then` is called in this worker's thread.
        """
        self._put([track], frame, lambda: [registered(self._estimator, frame, mask, track.class_id)], then)

    def search(
        self,
        tracks: Sequence[ObjectTracker],
        frame: Frame,
        taken: Sequence[PoseResult],
        then: Callable[[Registered], None],
    ) -> None:
        """Look in a frame for the objects of new tracks, where none of `taken` is; `then` is called for each."""
        names = [track.class_id for track in tracks]
        self._put(tracks, frame, lambda: searched(self._estimator, frame, names, taken), then)

    def seek(self, track: ObjectTracker, frame: Frame, claimed: ClaimedBy, then: Callable[[], object]) -> None:
        """Look in a frame for a lost object; where it is found again its track is nearly up to date when this ends.

        `then` is called in this worker's thread, whatever came of it.
        """

        def work() -> None:
            try:
                if track.relocalize(frame, claimed).state is TrackState.TRACKING:
                    self._catch_up(track)
            except Exception as error:
                self._failed("search", error)
            finally:
                then()

        self._worker.call(work)

    def _put(
        self,
        tracks: Sequence[ObjectTracker],
        frame: Frame,
        find: Callable[[], list[Followed]],
        then: Callable[[Registered], None],
    ) -> None:
        def work() -> None:
            for track, found in zip(tracks, self._found(find, len(tracks)), strict=True):
                then(Registered(track, self._taken_up(track, frame, found)))

        self._worker.call(work)

    def _found(self, find: Callable[[], list[Followed]], count: int) -> list[Followed]:
        try:
            return find()
        except InputRefused as refused:
            return [refused] * count
        except Exception as error:
            return [self._broken_off(error)] * count

    def _taken_up(self, track: ObjectTracker, frame: Frame, found: Followed) -> Followed:
        """What was found, once the track is nearly up to date with it."""
        try:
            if track.conclude_registration(frame, found):
                self._catch_up(track)
        except Exception as error:
            return self._broken_off(error)
        return found

    def _broken_off(self, error: Exception) -> InputRefused:
        """Why there is no pose: a track that nobody hears of again would be waited for for ever."""
        self._failed("registration", error)
        return InputRefused(
            "registration_failed",
            f"the registration broke off ({shortened(repr(error))}): send a mask once more; the log has what happened",
        )

    def _catch_up(self, track: ObjectTracker) -> None:
        """Go through every frame that the others have done; every other, every third, where steps take too long."""
        stride, left = 1, inf
        while len(newer := self._newer(track)) > 1 and track.state is TrackState.TRACKING:
            if len(newer) >= left:
                stride += 1
            left = len(newer)
            for frame in newer[stride - 1 :: stride] or newer[-1:]:
                track.track(frame, self._refused)

    def _newer(self, track: ObjectTracker) -> list[Frame]:
        done_ns = self._done_ns()
        since = self._buffer.after(track.stamp_ns or 0)
        return [frame for frame in since if frame.stamp_ns <= done_ns]
