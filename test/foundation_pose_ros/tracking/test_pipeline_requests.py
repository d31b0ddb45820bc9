"""What is asked of the pipeline from other threads is answered: with a pose, or with the reason why there is none."""

import threading
from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import Frame, InputRefused
from foundation_pose_ros.nodes.service_replies import waited_for
from foundation_pose_ros.streams.mask_inputs import LabelImage
from foundation_pose_ros.tracking import TrackState

from .conftest import STEP_NS, Bench


def of_the_mug(bench: Bench, step: int) -> tuple[Frame, LabelImage]:
    """A frame that was sent, with a mask to register the mug from whatever its state."""
    frame = bench.pipeline.frame_of(step * STEP_NS)
    assert frame is not None
    return frame, LabelImage(frame.stamp_ns, np.full((1, 1), 255, np.uint8), only="mug", force=True)


def test_what_is_asked_for_is_answered_once_it_is_up_to_date(bench: Bench) -> None:
    for step in (1, 2, 3):
        bench.frame(step)
    frame, mask = of_the_mug(bench, 2)
    (mug,) = waited_for(bench.pipeline.register_now(frame, mask))
    assert (mug.state, mug.result.stamp_ns) == (TrackState.TRACKING, 3 * STEP_NS)


def test_who_waits_for_a_registration_is_told_of_a_reset_and_of_the_end(bench: Bench) -> None:
    bench.frame(1)
    frame, mask = of_the_mug(bench, 1)
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
    frame, mask = of_the_mug(bench, 1)
    bench.estimator.broken = True
    with pytest.raises(InputRefused, match=r"mug: the registration broke off .*singular"):
        waited_for(bench.pipeline.register_now(frame, mask), timeout_s=5.0)
    assert [str(bench.faults.pop())] == ["singular"]
    bench.estimator.broken = False
    (mug,) = waited_for(bench.pipeline.register_now(frame, mask))
    assert mug.state is TrackState.TRACKING


def test_a_request_that_comes_as_it_stops_is_refused_and_leaves_nothing_behind(bench: Bench) -> None:
    bench.frame(1)
    frame, mask = of_the_mug(bench, 1)
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


def test_a_request_that_was_given_up_is_not_done_later(bench: Bench) -> None:
    busy, done = threading.Event(), []
    bench.pipeline.call(busy.wait)
    late: Future[None] = bench.pipeline.call(lambda: done.append("late"))
    with pytest.raises(InputRefused, match="diagnostics"):
        waited_for(late, timeout_s=0.05)
    busy.set()
    waited_for(bench.pipeline.call(lambda: None))
    assert done == []
