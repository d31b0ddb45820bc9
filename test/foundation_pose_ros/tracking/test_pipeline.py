"""Frames and masks through buffer, worker and tracks, with an estimator whose answers are known; no ROS."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import Camera, Frame, InputRefused
from foundation_pose_ros.estimation.object_proposals import Proposal
from foundation_pose_ros.nodes.service_replies import waited_for
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.streams.mask_inputs import LabelImage
from foundation_pose_ros.streams.refusals import RefusalCounter
from foundation_pose_ros.tracking import FrameBuffer, MultiObjectTracker, TrackedObject, TrackState
from foundation_pose_ros.tracking.pipeline import PosePipeline

CAMERA = Camera(1.0, 1.0, 0.0, 0.0, 1, 1)
STEP_NS = 100_000_000


class Steady:
    """Sure of every pose; notes the stamps of the frames that it registered on."""

    def __init__(self) -> None:
        self.registered: list[int] = []
        self.searched: list[tuple[int, tuple[str, ...], tuple[str, ...]]] = []
        self.in_view = {"mug"}
        self.tracked: dict[str, list[int]] = {"mug": [], "can": []}
        self.broken = False
        self.may_register = threading.Event()
        self.may_register.set()
        self.hidden: set[str] = set()
        self.finding = 0
        self.may_find = threading.Event()
        self.may_find.set()
        self.published: Callable[[], int] = lambda: 0
        self.compared_after: list[int] = []

    def register(self, frame: Frame, mask: np.ndarray, object_name: str | None = None) -> PoseResult:
        self.registered.append(frame.stamp_ns)
        assert self.may_register.wait(10)
        if self.broken:
            raise ArithmeticError("singular")
        return self._pose(frame, object_name or "")

    def search(
        self, frame: Frame, object_names: list[str], instances: int = 1, taken: Sequence[PoseResult] = ()
    ) -> list[PoseResult]:
        self.searched.append((frame.stamp_ns, tuple(object_names), tuple(pose.object_name for pose in taken)))
        assert self.may_register.wait(10)
        return [self._pose(frame, name) for name in object_names if name in self.in_view]

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        self.tracked[previous.object_name].append(frame.stamp_ns)
        if previous.object_name in self.hidden:
            raise InputRefused("hidden", "it is hidden")
        return self._pose(frame, previous.object_name)

    def compared(self, frame: Frame, result: PoseResult) -> PoseResult:
        self.compared_after.append(self.published())
        return replace(result, compared_ns=frame.stamp_ns)

    def propose(self, frame: Frame, object_name: str | None = None) -> list[Proposal]:
        everything = np.ones((1, 1), bool)
        return [Proposal(everything, everything, np.zeros(3), 0.9, 0.1, planes=None)]

    def find(self, frame: Frame, proposal: Proposal, object_name: str | None = None) -> PoseResult:
        self.finding += 1
        assert self.may_find.wait(10)
        if object_name in self.hidden:
            raise InputRefused("hidden", "it is hidden")
        return self._pose(frame, object_name or "")

    def overlap_ratio(self, frame: Frame, first: PoseResult, second: PoseResult) -> float:
        return 0.0

    @staticmethod
    def _pose(frame: Frame, name: str) -> PoseResult:
        return PoseResult(name, np.eye(4, dtype=np.float32), 0.9, np.eye(6), stamp_ns=frame.stamp_ns)


class Bench:
    """A running pipeline that knows a mug and, if asked to, a can; `published` holds the mug."""

    def __init__(self) -> None:
        self.estimator = Steady()
        self.refusals = RefusalCounter()
        self.published: list[tuple[int, TrackedObject]] = []
        self.faults: list[Exception] = []
        self.estimator.published = lambda: self.published[-1][0] // STEP_NS
        tracker = MultiObjectTracker(self.estimator)
        tracker.add("mug")
        self.pipeline = PosePipeline(
            tracker,
            FrameBuffer(),
            lambda frame, objects: self.published.append((frame.stamp_ns, objects[0])),
            lambda ids: None,
            self.refusals,
            lambda what, error: self.faults.append(error),
        )
        self.pipeline.start()

    def send(self, step: int) -> None:
        """Send a frame."""
        self.pipeline.frame(
            Frame(np.zeros((1, 1, 3), np.uint8), np.ones((1, 1), np.float32), CAMERA, stamp_ns=step * STEP_NS)
        )

    def frame(self, step: int) -> None:
        """Send a frame, and wait for what is published of it."""
        self.send(step)
        self.wait(lambda: self.published and self.published[-1][0] == step * STEP_NS)

    def mask(self, step: int, only: str | None = None) -> None:
        self.pipeline.masks(LabelImage(step * STEP_NS, np.full((1, 1), 255, np.uint8), only=only))

    def wait(self, condition: Callable[[], object]) -> None:
        deadline_s = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline_s and not self.faults, self.faults
            time.sleep(0.001)

    @property
    def state(self) -> TrackState:
        return self.published[-1][1].state


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    assert bench.pipeline.stop()
    assert not bench.faults


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


def lose_the_can(bench: Bench, last_step: int) -> None:
    """Track both, then refuse the can alone until it is lost."""
    bench.pipeline.tracker.add("can")
    bench.mask(1, only="mug")
    bench.frame(1)
    bench.wait(lambda: bench.state is TrackState.TRACKING)
    bench.mask(1, only="can")
    bench.wait(lambda: bench.pipeline.tracker.states()["can"] is TrackState.TRACKING)
    bench.estimator.hidden = {"can"}
    for step in range(2, last_step + 1):
        bench.frame(step)
    assert bench.pipeline.tracker.states()["can"] is TrackState.LOST
    # From now on a search in a frame lasts until it may end.
    bench.estimator.may_find.clear()
    bench.estimator.finding = 0
    for step in range(last_step + 1, last_step + 5):
        bench.frame(step)
    bench.wait(lambda: bench.estimator.finding)


def test_while_a_lost_object_is_looked_for_the_other_goes_on(bench: Bench) -> None:
    lose_the_can(bench, last_step=20)
    for step in range(25, 35):
        bench.frame(step)  # waits for the mug's pose in it
        assert bench.published[-1][1].result.stamp_ns == step * STEP_NS
    assert bench.pipeline.tracker.states()["can"] is TrackState.LOST and bench.estimator.finding == 1
    bench.estimator.hidden = set()
    bench.estimator.may_find.set()
    for step in range(35, 55):
        bench.frame(step)
    bench.wait(lambda: bench.pipeline.tracker.states()["can"] is TrackState.TRACKING)
    assert bench.estimator.registered == [STEP_NS, STEP_NS], "no mask was needed"


def test_a_mask_comes_before_the_search_for_what_was_lost(bench: Bench) -> None:
    lose_the_can(bench, last_step=20)
    bench.estimator.hidden = set()
    bench.mask(24, only="can")
    bench.estimator.may_find.set()
    bench.wait(lambda: bench.pipeline.tracker.states()["can"] is TrackState.TRACKING)
    assert bench.estimator.registered == [STEP_NS, STEP_NS, 24 * STEP_NS]


def test_what_was_reset_while_it_was_looked_for_is_not_found(bench: Bench) -> None:
    lose_the_can(bench, last_step=20)
    bench.pipeline.call(lambda: bench.pipeline.tracker.reset("can")).result()
    bench.estimator.hidden = set()
    bench.estimator.may_find.set()
    for step in range(25, 45):
        bench.frame(step)
    assert bench.pipeline.tracker.states()["can"] is TrackState.SEARCHING


def test_what_is_asked_for_is_answered_once_it_is_up_to_date(bench: Bench) -> None:
    for step in (1, 2, 3):
        bench.frame(step)
    frame = bench.pipeline.frame_of(2 * STEP_NS)
    assert frame is not None
    mask = LabelImage(frame.stamp_ns, np.full((1, 1), 255, np.uint8), only="mug", force=True)
    (mug,) = waited_for(bench.pipeline.register_now(frame, mask))
    assert (mug.state, mug.result.stamp_ns) == (TrackState.TRACKING, 3 * STEP_NS)


def test_who_waits_for_a_registration_is_told_of_a_reset_and_of_the_end(bench: Bench) -> None:
    bench.frame(1)
    frame = bench.pipeline.frame_of(STEP_NS)
    assert frame is not None
    mask = LabelImage(frame.stamp_ns, np.full((1, 1), 255, np.uint8), only="mug", force=True)
    bench.estimator.may_register.clear()
    answer = bench.pipeline.register_now(frame, mask)
    waited_for(bench.pipeline.call(lambda: bench.pipeline.tracker.reset("mug")))
    bench.estimator.may_register.set()
    with pytest.raises(InputRefused, match="was reset"):
        waited_for(answer)
    bench.estimator.may_register.clear()
    answer = bench.pipeline.register_now(frame, mask)
    waited_for(bench.pipeline.call(lambda: None))
    waiting = bench.pipeline.register_now(frame, mask)
    with pytest.raises(InputRefused, match="being registered already"):
        waited_for(waiting)
    bench.pipeline.call(lambda: bench.pipeline.tracker.add("can"))
    behind = bench.pipeline.register_now(frame, replace(mask, only="can"))
    waited_for(bench.pipeline.call(lambda: None))
    threading.Timer(0.1, bench.estimator.may_register.set).start()
    assert bench.pipeline.stop()
    assert answer.done(), "by its result, where the worker still came to it"
    with pytest.raises(InputRefused, match="activate"):
        waited_for(behind)


def test_after_a_registration_that_broke_the_object_is_registered_from_the_next_mask(bench: Bench) -> None:
    bench.frame(1)
    frame = bench.pipeline.frame_of(STEP_NS)
    assert frame is not None
    mask = LabelImage(frame.stamp_ns, np.full((1, 1), 255, np.uint8), only="mug", force=True)
    bench.estimator.broken = True
    with pytest.raises(InputRefused, match=r"mug: the registration broke off .*singular"):
        waited_for(bench.pipeline.register_now(frame, mask), timeout_s=5.0)
    assert [str(bench.faults.pop())] == ["singular"]
    bench.estimator.broken = False
    (mug,) = waited_for(bench.pipeline.register_now(frame, mask))
    assert mug.state is TrackState.TRACKING


def test_a_request_that_comes_as_it_stops_is_refused_and_leaves_nothing_behind(bench: Bench) -> None:
    bench.frame(1)
    frame = bench.pipeline.frame_of(STEP_NS)
    assert frame is not None
    mask = LabelImage(frame.stamp_ns, np.full((1, 1), 255, np.uint8), only="mug", force=True)
    assert bench.pipeline.stop()
    with pytest.raises(InputRefused, match="activate"):
        waited_for(bench.pipeline.register_now(frame, mask), timeout_s=5.0)
    bench.pipeline.start()
    bench.frame(2)
    bench.mask(2)
    bench.wait(lambda: bench.state is TrackState.TRACKING)


def test_nothing_touches_the_tracker_beside_a_worker_that_ends(bench: Bench) -> None:
    at_work, may_end = threading.Event(), threading.Event()
    bench.pipeline.call(lambda: (at_work.set(), may_end.wait(10)))
    assert at_work.wait(10)
    stopping = threading.Thread(target=bench.pipeline.stop)
    stopping.start()
    bench.wait(lambda: not bench.pipeline.running)
    done: list[str] = []
    request = bench.pipeline.call(lambda: done.append("beside it"))
    may_end.set()
    stopping.join()
    with pytest.raises(InputRefused, match="activate"):
        waited_for(request)
    assert done == []
    waited_for(bench.pipeline.call(lambda: done.append("after it")))
    assert done == ["after it"]


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


def test_a_request_that_was_given_up_is_not_done_later(bench: Bench) -> None:
    busy, done = threading.Event(), []
    bench.pipeline.call(busy.wait)
    late: Future[None] = bench.pipeline.call(lambda: done.append("late"))
    with pytest.raises(InputRefused, match="diagnostics"):
        waited_for(late, timeout_s=0.05)
    busy.set()
    waited_for(bench.pipeline.call(lambda: None))
    assert done == []


def test_what_nobody_masks_is_searched_for(bench: Bench) -> None:
    bench.pipeline.searches = lambda: True
    bench.frame(1)
    bench.wait(lambda: bench.state is TrackState.TRACKING)
    assert bench.estimator.searched == [(STEP_NS, ("mug",), ())]
    bench.frame(2)
    assert bench.state is TrackState.TRACKING and len(bench.estimator.searched) == 1


def test_a_search_in_vain_is_tried_again_after_a_while_and_the_tracks_go_on(bench: Bench) -> None:
    bench.estimator.in_view = set()
    bench.pipeline.searches = lambda: True
    for step in range(1, 10):
        bench.frame(step)
        bench.wait(lambda: not bench.pipeline.call(lambda: bench.pipeline.tracker.searches).result())
    stamps = [stamp_ns // STEP_NS for stamp_ns, _, _ in bench.estimator.searched]
    assert stamps == [1, 3, 7]
    assert bench.refusals["not_found"] == 3


def test_what_is_tracked_is_not_searched_for_and_keeps_its_place(bench: Bench) -> None:
    bench.pipeline.tracker.add("can")
    bench.mask(1, "can")
    bench.frame(1)
    bench.wait(lambda: bench.pipeline.tracker.states()["can"] is TrackState.TRACKING)
    bench.pipeline.searches = lambda: True
    bench.frame(2)
    bench.wait(lambda: bench.state is TrackState.TRACKING)
    assert bench.estimator.searched == [(2 * STEP_NS, ("mug",), ("can",))]


def test_a_mask_comes_before_a_search(bench: Bench) -> None:
    bench.pipeline.searches = lambda: True
    bench.estimator.may_register.clear()
    bench.frame(1)
    bench.wait(lambda: bench.estimator.searched)
    bench.mask(1)
    bench.wait(lambda: bench.pipeline.call(lambda: not bench.pipeline.tracker.searches).result())
    bench.estimator.may_register.set()
    bench.wait(lambda: bench.state is TrackState.TRACKING)
    assert bench.estimator.registered == [STEP_NS]
