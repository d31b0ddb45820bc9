"""SEARCHING -> TRACKING -> LOST: one pure step from what was believed and what was seen."""

from dataclasses import dataclass, replace
from enum import IntEnum


class TrackState(IntEnum):
    """The numbers are those of TrackedObject.msg."""

    SEARCHING = 0
    TRACKING = 1
    LOST = 2


@dataclass(frozen=True)
class StateSettings:
    """Thresholds on the estimator's score (0..1, the probability that a pose is right) and how long doubt may last.

    Right is what no point of the surface is off by a tenth of the diameter in, over symmetries.

    A track in doubt has to do better than one that isn't, several frames running: what it has slid onto may look half
    right, and now and then better. Between the two thresholds the last opinion stands, so a score that wavers about one
    of them doesn't make the state flicker. Doubt becomes LOST after a time and a number of frames, both: neither one
    bad frame at a low rate nor a burst of bad frames at a high one is enough.

    An object that is there, but may be turned in ways that can't be told, is tracked, and what is in doubt is its turn:
    from a start below `accept_score`, or a frame below `lose_score`, until its own score reaches `accept_score`. That
    never becomes LOST.

    accept_score: at which a registration starts a track, or goes on with a lost one, turns included that can't be told
        from its pose.
    lose_score: below which a track comes into doubt, such turns included, and nothing starts. A track that was lost and
        hasn't been confirmed since, by `regain_frames`, is lost again at once.
    regain_score: at which a frame speaks for a track in doubt, turns included that can't be told from its pose.
    lost_after_s: seconds of doubt.
    lost_after_frames: frames of doubt, 1 or more.
    regain_frames: running, that end a doubt.
    """

    accept_score: float = 0.5
    lose_score: float = 0.35
    regain_score: float = 0.65
    lost_after_s: float = 0.3
    lost_after_frames: int = 3
    regain_frames: int = 3

    def confirms(self, seen: "FrameEvidence") -> bool:
        """Tell whether a frame speaks for a track in doubt."""
        return seen.there is not None and seen.there >= self.regain_score

    def accepts(self, score: float, presence: float | None = None) -> bool:
        """Tell whether a registration starts a track; presence: turns included that can't be told from it."""
        return (score if presence is None else presence) >= max(self.accept_score, self.lose_score)


@dataclass(frozen=True)
class FrameEvidence:
    """One attempt on one frame: its score, or None with the reason why there is no pose.

    registration: it was one, from a mask or by a search that has proved itself.
    presence: with the probabilities of turns that can't be told from the pose; None: there are none.
    switched: the pose took the place of a tracking step's; it has to prove itself as one in doubt does.
    """

    stamp_ns: int
    score: float | None
    registration: bool = False
    reason: str = ""
    switched: bool = False
    presence: float | None = None

    @property
    def there(self) -> float | None:
        """Return how likely the object is there, however it is turned, 0..1; None where there is no pose."""
        return self.score if self.score is None or self.presence is None else self.presence


@dataclass(frozen=True)
class TrackStatus:
    """What is believed of one object; stamps are those of frames, None where it never happened.

    doubtful_frames: since the doubt began; good_frames: of late, that may end it. unconfirmed: good frames that a track
    still needs, which was lost before. turn_doubt_since_ns: since when it may well be turned otherwise.
    """

    state: TrackState = TrackState.SEARCHING
    reason: str = "waiting for a mask"
    registered_ns: int | None = None
    seen_ns: int | None = None
    doubt_since_ns: int | None = None
    doubtful_frames: int = 0
    good_frames: int = 0
    unconfirmed: int = 0
    turn_doubt_since_ns: int | None = None


def started(stamp_ns: int) -> TrackStatus:
    """Return the status of a track that has just begun at a pose that is believed."""
    return TrackStatus(TrackState.TRACKING, "", registered_ns=stamp_ns, seen_ns=stamp_ns)


def advance(status: TrackStatus, seen: FrameEvidence, settings: StateSettings) -> TrackStatus:
    """Return the status after one frame's evidence.

    A registration counts in every state; a tracking step only in TRACKING, since in the other states there is no
    pose to step from.
    """
    if seen.registration:
        return _after_registration(status, seen, settings)
    if status.state is not TrackState.TRACKING:
        return status
    return _after_step(status, seen, settings)


def _after_registration(status: TrackStatus, seen: FrameEvidence, settings: StateSettings) -> TrackStatus:
    if seen.score is not None and settings.accepts(seen.score, seen.presence):
        found_again = status.state is TrackState.LOST
        begun = replace(started(seen.stamp_ns), unconfirmed=settings.regain_frames if found_again else 0)
        return _with_turn_doubt(begun, seen, settings, settings.accept_score)
    if status.state is TrackState.TRACKING:
        return status
    if seen.score is None:
        reason = seen.reason or "registration gave no pose"
    else:
        least = max(settings.accept_score, settings.lose_score)
        reason = f"registration scored {seen.score:.2f}, below {least:.2f}"
    return replace(status, reason=reason)


def _after_step(status: TrackStatus, seen: FrameEvidence, settings: StateSettings) -> TrackStatus:
    after = _with_turn_doubt(_with_presence(status, seen, settings), seen, settings, settings.lose_score)
    if after.state is TrackState.TRACKING and not after.reason and after.turn_doubt_since_ns is not None:
        return replace(after, reason="in doubt: which way it is turned isn't seen")
    return after


def _with_turn_doubt(status: TrackStatus, seen: FrameEvidence, settings: StateSettings, least: float) -> TrackStatus:
    """Begin to doubt a turn where an object is there but scores less than the least, and end it by its own score."""
    if seen.score is None or seen.there is None:  # both or none
        return status
    if status.state is not TrackState.TRACKING or seen.score >= settings.accept_score:
        return replace(status, turn_doubt_since_ns=None)
    if status.turn_doubt_since_ns is None and seen.score < least <= seen.there:
        return replace(status, turn_doubt_since_ns=seen.stamp_ns)
    return status


def _with_presence(status: TrackStatus, seen: FrameEvidence, settings: StateSettings) -> TrackStatus:
    score = seen.there
    if seen.switched and score is not None:
        return replace(
            status,
            reason="in doubt: another pose fits better",
            doubt_since_ns=seen.stamp_ns if status.doubt_since_ns is None else status.doubt_since_ns,
            good_frames=int(settings.confirms(seen)),
        )
    in_doubt = status.doubt_since_ns is not None
    asked = settings.regain_score if in_doubt else settings.lose_score
    if settings.confirms(seen) if in_doubt else score is not None and score >= asked:
        good_frames = status.good_frames + 1
        if in_doubt and good_frames < settings.regain_frames:
            return replace(status, reason=f"in doubt: {good_frames} good of late", good_frames=good_frames)
        return replace(
            status,
            reason="",
            seen_ns=seen.stamp_ns,
            doubt_since_ns=None,
            doubtful_frames=0,
            good_frames=0,
            unconfirmed=max(0, status.unconfirmed - 1),
        )

    since_ns = seen.stamp_ns if status.doubt_since_ns is None else status.doubt_since_ns
    frames = status.doubtful_frames + 1
    cause = (seen.reason or "no pose") if score is None else f"score {score:.2f} is below {asked:.2f}"
    lasted_s = (seen.stamp_ns - since_ns) * 1e-9
    # What was just found again and is gone in the next frames was something else.
    lost = status.unconfirmed > 0 or (lasted_s >= settings.lost_after_s and frames >= settings.lost_after_frames)
    return replace(
        status,
        state=TrackState.LOST if lost else TrackState.TRACKING,
        reason=f"lost: {cause} for {lasted_s:.1f} s" if lost else f"in doubt: {cause}",
        doubt_since_ns=None if lost else since_ns,
        doubtful_frames=0 if lost else frames,
        good_frames=0,
        unconfirmed=0,
    )
