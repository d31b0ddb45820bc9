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

    accept_score: at which a registration starts a track, or goes on with a lost one, turns included that can't be told
        from its pose.
    lose_score: below which a track comes into doubt, and nothing starts. A track that was lost and hasn't been
        confirmed since, by `regain_frames`, is lost again at once.
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
        return seen.score is not None and self._speaks(seen.score, seen.presence, self.regain_score)

    def accepts(self, score: float, presence: float | None = None) -> bool:
        """Tell whether a registration starts a track; presence: turns included that can't be told from it."""
        return self._speaks(score, presence, self.accept_score)

    def _speaks(self, score: float, presence: float | None, asked: float) -> bool:
        """Tell whether a pose is likely enough to start or confirm a track, turns included that can't be told."""
        return score >= self.lose_score and (score if presence is None else presence) >= asked


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


@dataclass(frozen=True)
class TrackStatus:
    """What is believed of one object; stamps are those of frames, None where it never happened.

    doubtful_frames: since the doubt began; good_frames: of late, that may end it. unconfirmed: good frames that a track
    still needs, which was lost before.
    """

    state: TrackState = TrackState.SEARCHING
    reason: str = "waiting for a mask"
    registered_ns: int | None = None
    seen_ns: int | None = None
    doubt_since_ns: int | None = None
    doubtful_frames: int = 0
    good_frames: int = 0
    unconfirmed: int = 0


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
        return replace(started(seen.stamp_ns), unconfirmed=settings.regain_frames if found_again else 0)
    if status.state is TrackState.TRACKING:
        return status
    if seen.score is None:
        reason = seen.reason or "registration gave no pose"
    else:
        present = (seen.presence or seen.score) >= settings.accept_score
        least = settings.lose_score if present else settings.accept_score
        reason = f"registration scored {seen.score:.2f}, below {least:.2f}"
    return replace(status, reason=reason)


def _after_step(status: TrackStatus, seen: FrameEvidence, settings: StateSettings) -> TrackStatus:
    score = seen.score
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
