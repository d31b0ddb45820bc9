"""Events are put together in order, and a tracker's answers judged: with an estimator whose answers are known."""

from collections.abc import Callable

import numpy as np
import pytest
import trimesh

from benchmarks.pose.track_loss import LossOutcome, followed, shares
from benchmarks.pose.track_loss_events import (
    AFTER,
    BEFORE,
    DURING,
    RATE_HZ,
    LossEvent,
    Moment,
    recorded_pieces,
    spliced,
)
from benchmarks.reporting import pose_tables
from foundation_pose_ros import Camera, Frame, InputRefused, ObjectModel, PoseResult

CAMERA = Camera(100.0, 100.0, 31.5, 23.5, 64, 48)
BRICK = ObjectModel.from_mesh(trimesh.creation.box((0.08, 0.12, 0.2)), name="brick")
TOTAL = BEFORE + DURING + AFTER


def moment(z_m: float, visible: float = 1.0) -> Moment:
    T = np.eye(4, dtype=np.float32)
    T[2, 3] = z_m
    frame = Frame(np.full((48, 64, 3), 90, np.uint8), np.full((48, 64), z_m, np.float32), CAMERA)
    return Moment(frame, T, visible, np.ones((48, 64), bool))


def pieces() -> dict[str, list[Moment]]:
    return {
        "": [moment(1.0 + 0.01 * k) for k in range(10)],
        "taken away": [moment(1.0 + 0.01 * k, visible=0.0) for k in range(10)],
        "jumps": [moment(2.0 + 0.01 * k) for k in range(10)],
    }


class Scripted:
    """Sees the true pose, as depth has it, with a score that is asked for by frame number."""

    def __init__(self, score: Callable[[int], float | None], wrong: Callable[[int], bool] = lambda k: False) -> None:
        self.score, self.wrong = score, wrong

    def register(self, frame: Frame, mask: np.ndarray, object_name: str | None = None) -> PoseResult:
        k = round(frame.stamp_ns * 1e-9 * RATE_HZ) - 1
        score = self.score(k)
        if score is None:
            raise InputRefused("out_of_view", "not there")
        T = np.eye(4, dtype=np.float32)
        T[2, 3] = frame.depth_m[0, 0] + (0.1 if self.wrong(k) else 0.0)
        return PoseResult("brick", T, score, np.eye(6) * 1e-6, stamp_ns=frame.stamp_ns)

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        return self.register(frame, np.ones(1))

    def propose(self, frame: Frame, object_name: str | None = None) -> list:
        return []


def event(kind: str) -> LossEvent:
    return spliced(kind, "brick", pieces(), np.random.default_rng(0))


def outcome(
    kind: str, score: Callable[[int], float | None], wrong: Callable[[int], bool] = lambda k: False
) -> LossOutcome:
    return followed(event(kind), Scripted(score, wrong), BRICK, "made up")


def during(k: int) -> bool:
    return BEFORE <= k < BEFORE + DURING


def test_an_event_is_plain_then_changed_then_plain_and_moves_without_a_jump():
    made = event("taken away")
    assert (len(made.moments), made.begins, made.returns) == (TOTAL, BEFORE, BEFORE + DURING)
    assert [m.visible == 0 for m in made.moments] == [during(k) for k in range(TOTAL)]
    z_m = np.array([m.T_cam_obj[2, 3] for m in made.moments])
    assert np.abs(np.diff(z_m)).max() == pytest.approx(0.01, abs=1e-6)
    stamps_s = np.array([m.frame.stamp_ns for m in made.moments]) * 1e-9
    assert np.diff(stamps_s) == pytest.approx(1 / RATE_HZ, abs=1e-8)


def test_a_jump_lasts_and_is_its_own_return():
    made = event("jumps")
    assert made.returns == made.begins == BEFORE
    assert [m.T_cam_obj[2, 3] > 1.5 for m in made.moments] == [k >= BEFORE for k in range(TOTAL)]


def test_a_tracker_that_knows_is_blameless():
    seen = outcome("taken away", lambda k: 0.0 if during(k) else 0.95)
    assert seen.started and not seen.called_lost
    assert seen.false_tracking_s < 0.5 + 1e-6
    assert seen.recovered_s is not None and seen.recovered_s <= 1.0


def test_a_tracker_that_doesnt_notice_is_told():
    seen = outcome("taken away", lambda k: 0.95)
    assert seen.false_tracking_s == pytest.approx((DURING - 1) / RATE_HZ)
    assert seen.recovered_s == 0 and not seen.called_lost


def test_a_wrong_pose_of_an_object_in_sight_is_false_tracking():
    seen = outcome("jumps", lambda k: 0.95, wrong=lambda k: k >= BEFORE)
    assert seen.false_tracking_s > 1.0
    assert seen.recovered_s is None


def test_a_pose_in_doubt_is_not_silently_wrong():
    # A score that starts no doubt, then one that does.
    believed = outcome("jumps", lambda k: 0.95, wrong=lambda k: k >= BEFORE)
    assert believed.silent_s == believed.false_tracking_s
    doubted = outcome("jumps", lambda k: 0.95 if k < BEFORE else 0.1, wrong=lambda k: k >= BEFORE)
    assert doubted.silent_s == 0 < doubted.false_tracking_s


def test_a_right_track_given_up_is_told():
    assert outcome("nothing", lambda k: 0.95 if k < 2 else 0.0).called_lost
    assert not outcome("nothing", lambda k: 0.95).called_lost
    depth_fails = outcome("taken away", lambda k: 0.0 if during(k) else 0.95)
    assert not depth_fails.called_lost, "what is said while the event lasts is not held against it"


def test_a_track_that_never_began_is_left_out():
    assert outcome("nothing", lambda k: 0.95, wrong=lambda k: True).started is False


def test_shares_are_of_the_tracks_that_started():
    outcomes = [
        LossOutcome("jumps", "a", "brick", True, 0.6, False, 0.4),
        LossOutcome("jumps", "a", "brick", True, 0.5, True, None),
        LossOutcome("jumps", "a", "brick", True, 0.0, False, 1.2),
        LossOutcome("jumps", "a", "brick", False),
    ]
    found = shares(outcomes)
    assert (found["n"], found["not_started"]) == (3, 1)
    assert found["false_tracking"] == pytest.approx(1 / 3)
    assert found["called_lost"] == pytest.approx(1 / 3)
    assert found["silently_wrong"] == 0
    assert found["recovered"] == pytest.approx(1 / 3)
    assert found["median_recovery_s"] == pytest.approx(1.2)
    assert shares([outcomes[3]]) == {"n": 0, "not_started": 1}


def test_the_table_has_a_line_for_each_kind():
    kinds = {"jumps": shares([LossOutcome("jumps", "a", "brick", True, 0.0, False, None)]), "covered": shares([])}
    machine = {"cpu": "a processor", "cores": 2}
    text = pose_tables.losses(
        {"kinds": kinds, "losses": kinds["jumps"], "command": "x", "machine": machine, "created": "2026", "commit": "y"}
    )
    assert "| jumps | 1 | 0.0 % | 0.0 % | 0.0 % | never |" in text
    assert "covered" not in text


def test_pieces_of_a_recording_without_truth_are_none():
    class Blind:
        frame_ids = ("1", "2")

        def truth(self, frame_id: str, object_name: str) -> None:
            return None

    assert recorded_pieces(Blind(), "brick", 0) == {}
