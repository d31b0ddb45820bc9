"""SEARCHING, TRACKING, LOST: each transition and the hysteresis between them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation_pose_ros.tracking.state_machine import FrameEvidence, StateSettings, TrackState, TrackStatus, advance

SETTINGS = StateSettings(accept_score=0.5, lose_score=0.35, regain_score=0.65, lost_after_s=0.5, lost_after_frames=3)
GOOD, MIDDLING, BAD = 0.8, 0.42, 0.1


def after(scores: list[float | None], period_s: float = 0.1, status: TrackStatus | None = None) -> TrackStatus:
    """The status after tracking steps at a steady rate, from a track that was registered at 0 s."""
    status = status or advance(TrackStatus(), FrameEvidence(0, GOOD, registration=True), SETTINGS)
    for k, score in enumerate(scores, 1):
        status = advance(
            status, FrameEvidence(round(k * period_s * 1e9), score, reason="" if score else "dark"), SETTINGS
        )
    return status


def test_it_starts_searching_and_says_for_what():
    assert TrackStatus().state is TrackState.SEARCHING
    assert TrackStatus().reason == "waiting for a mask"


def test_a_good_registration_starts_a_track():
    status = advance(TrackStatus(), FrameEvidence(7, 0.5, registration=True), SETTINGS)
    assert (status.state, status.registered_ns, status.seen_ns, status.reason) == (TrackState.TRACKING, 7, 7, "")


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (FrameEvidence(7, 0.49, registration=True), "registration scored 0.49, below 0.50"),
        (FrameEvidence(7, None, registration=True, reason="the mask is empty"), "the mask is empty"),
        (FrameEvidence(7, None, registration=True), "registration gave no pose"),
    ],
)
@pytest.mark.parametrize("state", [TrackState.SEARCHING, TrackState.LOST])
def test_a_failed_registration_leaves_the_state_and_says_why(state, seen, reason):
    status = advance(TrackStatus(state), seen, SETTINGS)
    assert (status.state, status.reason) == (state, reason)


def test_a_failed_registration_does_not_harm_a_track():
    status = after([GOOD])
    assert advance(status, FrameEvidence(10**9, BAD, registration=True), SETTINGS) is status


def test_without_a_track_steps_mean_nothing():
    assert advance(TrackStatus(), FrameEvidence(7, GOOD), SETTINGS) == TrackStatus()


def test_doubt_becomes_lost_after_time_and_frames():
    assert after([BAD] * 5).state is TrackState.TRACKING  # from 0.1 s to 0.5 s: 0.4 s of doubt
    assert after([BAD] * 5).reason == "in doubt: score 0.10 is below 0.65"
    lost = after([BAD] * 6)
    assert lost.state is TrackState.LOST
    assert lost.reason == "lost: score 0.10 is below 0.65 for 0.5 s"


def test_no_pose_counts_as_doubt_and_gives_its_reason():
    assert after([None]).reason == "in doubt: dark"
    assert after([None] * 6).reason == "lost: dark for 0.5 s"


def test_one_bad_frame_at_a_low_rate_is_not_enough():
    assert after([BAD, BAD], period_s=2.0).state is TrackState.TRACKING
    assert after([BAD, BAD, BAD], period_s=2.0).state is TrackState.LOST


def test_a_burst_of_bad_frames_at_a_high_rate_is_not_enough():
    assert after([BAD] * 40, period_s=0.01).state is TrackState.TRACKING


def test_a_score_between_the_thresholds_keeps_the_last_opinion():
    trusted = after([GOOD, MIDDLING])
    assert (trusted.reason, trusted.doubt_since_ns, trusted.seen_ns) == ("", None, 200_000_000)
    doubted = after([BAD, MIDDLING])
    assert doubted.doubt_since_ns == 100_000_000
    assert after([BAD, *[MIDDLING] * 5]).state is TrackState.LOST
    assert after([MIDDLING] * 50).state is TrackState.TRACKING


def test_three_good_frames_end_all_doubt():
    status = after([BAD] * 5 + [GOOD] * 3)
    assert (status.reason, status.doubt_since_ns, status.doubtful_frames, status.good_frames) == ("", None, 0, 0)
    assert after([BAD] * 5 + [GOOD] * 3 + [BAD] * 5).state is TrackState.TRACKING


def test_a_good_frame_now_and_then_does_not():
    assert after([BAD, BAD, BAD, GOOD]).reason == "in doubt: 1 good of late"
    assert after([BAD, GOOD, GOOD, BAD, GOOD, GOOD, BAD]).state is TrackState.LOST


def test_a_lost_object_is_found_again_by_registration_only():
    lost = after([BAD] * 6)
    assert after([GOOD] * 5, status=lost) is lost
    found = advance(lost, FrameEvidence(3 * 10**9, GOOD, registration=True), SETTINGS)
    assert (found.state, found.registered_ns) == (TrackState.TRACKING, 3 * 10**9)


@pytest.mark.parametrize(("score", "state"), [(0.34, TrackState.SEARCHING), (0.36, TrackState.TRACKING)])
def test_nothing_starts_below_lose_score_however_low_accept_score_is(score, state):
    settings = replace(SETTINGS, accept_score=0.1)
    status = advance(TrackStatus(), FrameEvidence(7, score, registration=True), settings)
    assert status.state is state
    assert state is TrackState.TRACKING or status.reason == "registration scored 0.34, below 0.35"


@pytest.mark.parametrize("unsure", [BAD, None])
def test_what_was_just_found_again_and_is_gone_at_once_is_lost_at_once(unsure):
    found = advance(after([BAD] * 6), FrameEvidence(10**9, GOOD, registration=True), SETTINGS)
    for good_before in range(3):
        status = after([*[GOOD] * good_before, unsure], status=found)
        assert status.state is TrackState.LOST
    assert after([GOOD, GOOD, GOOD, unsure], status=found).state is TrackState.TRACKING


@given(st.lists(st.sampled_from([GOOD, MIDDLING, BAD, None]), max_size=40), st.floats(0.005, 1.0))
def test_a_track_is_lost_exactly_when_doubt_lasted(scores, period_s):
    since, frames, good, lost = None, 0, 0, False
    for k, score in enumerate(scores, 1):
        doubtful = score is None or score < (SETTINGS.lose_score if since is None else SETTINGS.regain_score)
        if doubtful:
            since, frames, good = (k if since is None else since), frames + 1, 0
        elif since is not None:
            good += 1
            if good == 3:
                since, frames, good = None, 0, 0
        if doubtful and (round(k * period_s * 1e9) - round(since * period_s * 1e9)) * 1e-9 >= 0.5 and frames >= 3:
            lost = True
            break
    status = after(scores, period_s)
    assert (status.state is TrackState.LOST) == lost
    assert bool(status.reason) == (lost or since is not None)


@pytest.mark.parametrize(("score", "presence", "believed"), [(0.5, 0.9, True), (0.2, 0.9, True), (0.5, 0.6, False)])
def test_a_doubt_ends_where_only_a_turn_cant_be_told(score, presence, believed):
    status = after([BAD])
    for k in range(SETTINGS.regain_frames):
        status = advance(status, FrameEvidence((2 + k) * 10**8, score, presence=presence), SETTINGS)
    assert (status.doubt_since_ns is None) == believed


def test_a_turn_that_cant_be_told_is_in_doubt_until_it_shows_and_never_lost():
    begun = advance(TrackStatus(), FrameEvidence(0, 0.3, registration=True, presence=0.9), SETTINGS)
    assert begun.state is TrackState.TRACKING and begun.turn_doubt_since_ns == 0
    status = begun
    for k, score in enumerate([0.3] * 20 + [0.45]):
        status = advance(status, FrameEvidence((1 + k) * 10**8, score, presence=0.9), SETTINGS)
    assert (status.state, status.turn_doubt_since_ns) == (TrackState.TRACKING, 0)
    assert status.reason == "in doubt: which way it is turned isn't seen" and status.doubt_since_ns is None
    status = advance(status, FrameEvidence(3 * 10**9, SETTINGS.accept_score), SETTINGS)
    assert (status.reason, status.turn_doubt_since_ns) == ("", None)


def test_a_score_that_falls_because_an_object_goes_is_no_doubt_about_its_turn():
    assert after([BAD]).turn_doubt_since_ns is None
    begun = advance(TrackStatus(), FrameEvidence(0, 0.3, registration=True, presence=0.9), SETTINGS)
    gone = begun
    for k in range(8):
        gone = advance(gone, FrameEvidence((1 + k) * 10**8, 0.1, presence=0.3), SETTINGS)
    assert gone.state is TrackState.LOST
