"""One object with an estimator whose answers are known: registering, following, losing, asking again."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from foundation_pose_ros import Camera, Frame, InputRefused
from foundation_pose_ros.observation.learned_colours import LearnedColours
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.tracking import (
    ObjectTracker,
    RelocalizationSettings,
    StateSettings,
    TrackerSettings,
    TrackState,
)
from foundation_pose_ros.tracking.estimator_protocol import finite

CAMERA = Camera(1.0, 1.0, 0.0, 0.0, 1, 1)
MASK = np.ones((1, 1), bool)
SETTINGS = TrackerSettings(
    StateSettings(0.5, 0.35, 0.5, 0.5, 3), RelocalizationSettings(enabled=False), retry_first_s=0.2, retry_longest_s=1.0
)
DARK = InputRefused("no_depth", "no depth under the mask: move the camera back")


def frame(time_s: float) -> Frame:
    return Frame(np.zeros((1, 1, 3), np.uint8), np.ones((1, 1), np.float32), CAMERA, stamp_ns=round(time_s * 1e9))


@dataclass
class Scripted:
    """Scores by time in seconds, 0.9 where none is given; an InputRefused is raised. Each pose is at z = time."""

    scores: dict[float, float | InputRefused] = field(default_factory=dict)
    steps: list[tuple[float, float]] = field(default_factory=list)  # (time of the frame, z of the pose stepped from)

    def register(self, frame: Frame, mask: np.ndarray, object_name: str | None = None) -> PoseResult:
        return self._answer(frame, object_name or "")

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        self.steps.append((frame.stamp_ns / 1e9, round(float(previous.T_cam_obj[2, 3]), 4)))
        return self._answer(frame, previous.object_name)

    def _answer(self, frame: Frame, name: str) -> PoseResult:
        time_s = frame.stamp_ns / 1e9
        score = self.scores.get(time_s, 0.9)
        if isinstance(score, InputRefused):
            raise score
        T = np.eye(4, dtype=np.float32)
        T[2, 3] = time_s
        return PoseResult(name, T, score, np.eye(6), stamp_ns=frame.stamp_ns)


def tracker(**scripted) -> tuple[ObjectTracker, Scripted]:
    estimator = Scripted(**scripted)
    return ObjectTracker("mug_2", "mug", estimator, SETTINGS), estimator


def test_a_registration_starts_a_track_under_its_id_and_class():
    track, _ = tracker()
    assert track.state is TrackState.SEARCHING
    tracked = track.register(frame(1.0), MASK)
    assert (tracked.id, tracked.class_id, tracked.state) == ("mug_2", "mug", TrackState.TRACKING)
    assert tracked.result.object_name == "mug"
    assert (tracked.age_s, tracked.since_seen_s, tracked.reason) == (0, 0, "")
    assert tracked.last_believed is tracked.result


def test_a_registration_catches_up_through_the_frames_since():
    track, estimator = tracker()
    tracked = track.register(frame(1.0), MASK, [frame(1.1), frame(1.2), frame(1.3)])
    assert estimator.steps == [(1.1, 1.0), (1.2, 1.1), (1.3, 1.2)]
    assert tracked.result.stamp_ns == 1_300_000_000
    assert tracked.age_s == pytest.approx(0.3)
    assert track.stamp_ns == 1_300_000_000


def test_a_rival_that_takes_the_tracks_place_has_to_prove_itself():
    track, estimator = tracker()
    track.register(frame(1.0), MASK)
    believed = track.track(frame(1.1)).result
    estimator.compared = lambda frame, pose: replace(pose, switched=True)
    track.compare(frame(1.1))
    seen = [track.track(frame(1.2 + 0.1 * k)) for k in range(3)]
    assert [one.in_doubt for one in seen] == [True, True, False]
    assert seen[0].last_believed is believed and "another pose" in seen[0].reason
    assert seen[-1].last_believed is seen[-1].result


def test_without_a_track_following_asks_nothing_of_the_estimator():
    track, estimator = tracker()
    tracked = track.track(frame(1.0))
    assert (tracked.state, tracked.result, tracked.age_s) == (TrackState.SEARCHING, None, None)
    assert estimator.steps == []


def test_a_doubtful_pose_is_stepped_from_but_not_believed():
    track, estimator = tracker(scores={1.1: 0.2})
    track.register(frame(1.0), MASK)
    doubtful = track.track(frame(1.1))
    assert doubtful.state is TrackState.TRACKING
    assert doubtful.result.score == 0.2
    assert doubtful.last_believed.stamp_ns == 1_000_000_000
    assert doubtful.since_seen_s == pytest.approx(0.1)
    # It takes some good frames until it is believed again.
    believed = [track.track(frame(t)).last_believed.stamp_ns for t in (1.2, 1.3, 1.4)]
    assert believed == [1_000_000_000, 1_000_000_000, 1_400_000_000]
    assert estimator.steps[:2] == [(1.1, 1.0), (1.2, 1.1)]


def test_doubt_is_said_with_how_long_it_lasts_and_how_far_off_the_pose_may_be():
    track, _ = tracker(scores={1.1: 0.2, 1.2: 0.4})
    sure = track.register(frame(1.0), MASK)
    assert (sure.in_doubt, sure.doubt_s) == (False, 0.0)
    np.testing.assert_array_equal(sure.result.covariance, np.eye(6))
    said = [track.track(frame(t)) for t in (1.1, 1.2, 1.3, 1.4, 1.5)]
    assert [one.in_doubt for one in said] == [True, True, True, True, False]
    assert [one.doubt_s for one in said] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.0])
    # Of a pose that is wrong with a probability of 0.8, of an object without a size.
    assert np.diag(said[0].result.covariance) == pytest.approx([0.2] * 3 + [0.2 + 0.8] * 3)
    np.testing.assert_array_equal(said[4].result.covariance, np.eye(6))


def test_a_given_pose_that_scores_low_is_in_doubt_from_the_start():
    track, _ = tracker()
    pose = PoseResult("mug", np.eye(4, dtype=np.float32), 0.1, np.eye(6))
    assert track.start(frame(1.0), pose).in_doubt
    assert not track.start(frame(2.0), replace(pose, score=0.9)).in_doubt


def test_a_refused_frame_counts_as_no_pose_and_is_told():
    refused = []
    track, estimator = tracker(scores={1.1: DARK})
    track.register(frame(1.0), MASK)
    tracked = track.track(frame(1.1), lambda id, error: refused.append((id, error)))
    assert (tracked.state, tracked.result) == (TrackState.TRACKING, None)
    assert tracked.reason == f"in doubt: {DARK}"
    assert refused == [("mug_2", DARK)]
    # The next step goes on from the last pose that there was.
    track.track(frame(1.2))
    assert estimator.steps[-1] == (1.2, 1.0)


def test_a_lost_object_has_no_pose_takes_a_mask_at_once_and_remembers_where_it_was():
    times = [round(1.1 + 0.1 * k, 1) for k in range(7)]
    track, estimator = tracker(scores=dict.fromkeys(times, 0.1))
    track.register(frame(1.0), MASK)
    states = [track.track(frame(t)) for t in times]
    assert [s.state is TrackState.LOST for s in states] == [False] * 5 + [True] * 2
    assert states[-1].result is None
    assert states[-1].last_believed.stamp_ns == 1_000_000_000
    assert states[-1].since_seen_s == pytest.approx(0.7)
    assert len(estimator.steps) == 6  # none after it was lost
    assert track.wants_mask(frame(1.7).stamp_ns)
    again = track.register(frame(2.0), MASK)
    assert (again.state, again.age_s) == (TrackState.TRACKING, 0)


def test_no_mask_is_wanted_while_tracking():
    track, _ = tracker()
    assert track.wants_mask(0)
    track.register(frame(1.0), MASK)
    assert not track.wants_mask(frame(9.0).stamp_ns)


@pytest.mark.parametrize("failure", [0.3, DARK])
def test_failed_registrations_wait_longer_each_time_up_to_a_limit(failure):
    times = [1.0, 2.0, 4.0, 8.0, 16.0]
    track, _ = tracker(scores=dict.fromkeys(times, failure))
    waits_s = []
    for time_s in times:
        try:
            track.register(frame(time_s), MASK)
        except InputRefused as error:
            assert error is DARK
        assert track.state is TrackState.SEARCHING
        asked = np.arange(0, 3, 0.01)
        waits_s.append(asked[[track.wants_mask(round((time_s + wait) * 1e9)) for wait in asked].index(True)])
    assert waits_s == pytest.approx([0.2, 0.4, 0.8, 1.0, 1.0], abs=0.011)
    track.register(frame(20.0), MASK)
    track.reset()
    assert track.wants_mask(frame(20.0).stamp_ns)


def test_a_low_score_at_registration_is_no_track_and_says_so():
    track, _ = tracker(scores={1.0: 0.3})
    tracked = track.register(frame(1.0), MASK)
    assert (tracked.state, tracked.result) == (TrackState.SEARCHING, None)
    assert tracked.reason == "registration scored 0.30, below 0.50"


def test_a_failed_registration_by_force_leaves_the_track_as_it_was():
    track, estimator = tracker(scores={2.0: 0.3})
    track.register(frame(1.0), MASK)
    assert track.register(frame(2.0), MASK).state is TrackState.TRACKING
    track.track(frame(2.1))
    assert estimator.steps == [(2.1, 1.0)]


def test_reset_forgets_everything_and_says_why():
    track, _ = tracker()
    track.register(frame(1.0), MASK)
    track.reset("reset: the bag loops")
    tracked = track.snapshot(0)
    assert (tracked.state, tracked.result, tracked.last_believed) == (TrackState.SEARCHING, None, None)
    assert (tracked.age_s, tracked.reason, track.stamp_ns) == (None, "reset: the bag loops", None)


# What is learned of colours


def learned(share: float) -> LearnedColours:
    counts = np.full((16, 16, 16), share, np.float32)
    return LearnedColours(counts, counts, 0)


@dataclass
class Learning(Scripted):
    """Its answers carry what was learned as of their frame."""

    followed: list[float] = field(default_factory=list)

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        self.followed.append(round(float(previous.memory.learned.foreground[0, 0, 0]), 4))
        return super().track(frame, previous).with_colours(learned(frame.stamp_ns / 1e9))

    def register(self, frame: Frame, mask: np.ndarray, object_name: str | None = None) -> PoseResult:
        return super().register(frame, mask, object_name).with_colours(learned(frame.stamp_ns / 1e9))


def test_colours_are_learned_while_it_is_believed_and_frozen_in_doubt():
    estimator = Learning(scores={1.2: 0.1, 1.3: 0.1})
    track = ObjectTracker("mug_2", "mug", estimator, SETTINGS)
    track.register(frame(1.0), MASK)
    for time_s in (1.1, 1.2, 1.3, 1.4):
        track.track(frame(time_s))
    # 1.2 and 1.3 were doubted: what was learned by 1.1 stands.
    assert estimator.followed == [1.0, 1.1, 1.1, 1.1]


@dataclass
class Coloured(Scripted):
    """Its steps find colours that agree by so much; a registration's agree by 0.8."""

    agreement: float = 0.8

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        return replace(super().track(frame, previous), colour_agreement=self.agreement)

    def register(self, frame: Frame, mask: np.ndarray, object_name: str | None = None) -> PoseResult:
        return replace(super().register(frame, mask, object_name), colour_agreement=0.8)


@pytest.mark.parametrize(("agreement", "state"), [(0.6, TrackState.TRACKING), (0.1, TrackState.LOST)])
def test_a_doubted_track_ends_where_what_has_its_shape_has_other_colours(agreement, state):
    track = ObjectTracker("mug_2", "mug", Coloured(scores={1.1: 0.2}, agreement=agreement), SETTINGS)
    track.register(frame(1.0), MASK)
    for time_s in (1.1, 1.2, 1.3, 1.4, 1.5, 1.6):
        tracked = track.track(frame(time_s))
    assert tracked.state is state
    assert ("colours" in tracked.reason) is (state is TrackState.LOST)


@pytest.mark.parametrize(("agreement", "state"), [(0.4, TrackState.TRACKING), (0.2, TrackState.LOST)])
def test_a_track_ends_where_another_print_has_its_shape_however_well_that_fits(agreement, state):
    track = ObjectTracker("mug_2", "mug", Coloured(agreement=agreement), SETTINGS)
    track.register(frame(1.0), MASK)
    for time_s in (1.1, 1.2, 1.3, 1.4, 1.5, 1.6):
        tracked = track.track(frame(time_s))
    assert tracked.state is state
    assert ("colours" in tracked.reason) is (state is TrackState.LOST)


# What isn't finite


def result(**changes) -> PoseResult:
    return PoseResult(
        **{"object_name": "mug", "T_cam_obj": np.eye(4), "score": 0.9, "covariance": np.eye(6), **changes}
    )


@pytest.mark.parametrize("changes", [{"T_cam_obj": np.full((4, 4), np.nan)}, {"score": float("nan")}])
def test_a_pose_that_is_not_finite_is_refused(changes):
    with pytest.raises(InputRefused, match="estimate of mug isn't finite") as refusal:
        finite(result(**changes))
    assert refusal.value.reason == "pose_not_finite"


def test_a_covariance_that_is_not_finite_becomes_unknown():
    assert not finite(result(covariance=np.full((6, 6), np.inf))).covariance.any()
    sound = result()
    assert finite(sound) is sound
