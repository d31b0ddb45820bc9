"""Frames and masks through buffer, worker and tracks: which belong together, and what stamps do to tracks; no ROS."""

import time

import pytest

from foundation_pose_ros.tracking import TrackState

from .conftest import STEP_NS, Bench


def test_a_late_mask_is_registered_on_its_own_frame_and_caught_up(bench: Bench) -> None:
    for step in (1, 2, 3, 4):
        bench.frame(step)
    bench.mask(2)
    bench.wait(lambda: bench.state is TrackState.TRACKING)
    assert bench.estimator.registered == [2 * STEP_NS]
    stamp_ns, tracked = bench.published[-1]
    assert (stamp_ns, tracked.result.stamp_ns) == (4 * STEP_NS, 4 * STEP_NS)
    assert tracked.age_s == pytest.approx(0.2)


def test_a_pose_is_compared_with_its_rivals_once_it_is_published(bench: Bench) -> None:
    bench.frame(0)
    bench.mask(0)
    bench.wait(lambda: bench.published[-1][1].state is TrackState.TRACKING)
    for step in (1, 2, 3):
        bench.frame(step)
    bench.wait(lambda: len(bench.estimator.compared_after) == 3)
    assert bench.estimator.compared_after == [1, 2, 3] and not bench.faults


def test_an_early_mask_waits_for_its_frame(bench: Bench) -> None:
    bench.frame(1)
    bench.mask(2)
    bench.frame(2)
    bench.wait(lambda: bench.state is TrackState.TRACKING)
    assert bench.estimator.registered == [2 * STEP_NS]
    assert bench.refusals["mask_without_frame"] == 0


def test_while_one_object_is_registered_the_other_goes_on_and_it_then_sees_every_frame(bench: Bench) -> None:
    bench.pipeline.tracker.add("can")
    bench.mask(1, only="mug")
    bench.frame(1)
    bench.wait(lambda: bench.state is TrackState.TRACKING)
    bench.estimator.may_register.clear()
    bench.mask(2, only="can")
    for step in range(2, 12):
        bench.frame(step)  # waits for the mug's pose in it
        assert bench.published[-1][1].result.stamp_ns == step * STEP_NS
    assert bench.pipeline.tracker.states()["can"] is TrackState.SEARCHING
    bench.estimator.may_register.set()
    bench.wait(lambda: bench.pipeline.tracker.states()["can"] is TrackState.TRACKING)
    bench.frame(12)
    assert bench.estimator.tracked["can"] == [step * STEP_NS for step in range(3, 13)]
    assert bench.estimator.tracked["mug"] == [step * STEP_NS for step in range(2, 13)]


def test_masks_of_the_past_and_of_another_clock_are_counted(bench: Bench) -> None:
    bench.frame(100)
    bench.mask(1)
    assert bench.refusals["mask_without_frame"] == 1
    for step in (101, 102, 103):
        bench.mask(100_000 + step)
        bench.frame(step)
    assert bench.refusals["mask_without_frame"] == 3
    assert "later than that of any image" in bench.refusals.look().messages["mask_without_frame"]
    assert bench.estimator.registered == []


def test_after_a_recording_that_loops_the_object_is_looked_for_where_it_was(bench: Bench) -> None:
    for step in (51, 52):
        bench.mask(step)
        bench.frame(step)
    bench.wait(lambda: bench.state is TrackState.TRACKING)
    for step in (1, 2):  # two frames may be late
        bench.send(step)
    bench.frame(3)
    assert bench.state is TrackState.LOST and bench.published[-1][1].reason == "lost: time jumped back"
    assert bench.refusals["time_jumped_back"] == 1
    # The search runs beside the frames, and takes what the machine leaves it.
    step = 4
    bench.frame(step)
    while bench.state is not TrackState.TRACKING:
        assert step < 300, "no mask was needed"
        time.sleep(0.01)
        step += 1
        bench.frame(step)
    assert bench.estimator.registered == [51 * STEP_NS]


def test_where_nothing_was_tracked_a_recording_that_loops_waits_for_a_mask(bench: Bench) -> None:
    for step in (51, 52):
        bench.frame(step)
    for step in (1, 2):
        bench.send(step)
    bench.frame(3)
    assert bench.state is TrackState.SEARCHING
    bench.mask(3)
    bench.wait(lambda: bench.state is TrackState.TRACKING)


@pytest.mark.parametrize(("ahead", "reason"), [(10, "stamp_ahead"), (10_000, "stamp_ahead"), (-30, "out_of_order")])
def test_one_bad_stamp_is_counted_and_the_track_goes_on(bench: Bench, ahead: int, reason: str) -> None:
    bench.mask(101)
    for step in range(101, 115):
        bench.frame(step)
    assert bench.state is TrackState.TRACKING
    bench.send(115 + ahead)
    bench.frame(116)
    bench.frame(117)
    assert bench.state is TrackState.TRACKING and bench.published[-1][1].registered_ns == 101 * STEP_NS
    assert bench.refusals[reason] == 1
    assert bench.refusals["time_jumped_back"] == 0
