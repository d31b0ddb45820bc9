"""What is lost, or what nobody masks, is looked for beside the frames; masks and resets come before that."""

from foundation_pose_ros.tracking import TrackState

from .conftest import STEP_NS, Bench


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
    for step in range(last_step + 1, last_step + 9):
        bench.frame(step)
    bench.wait(lambda: bench.estimator.finding)


def test_while_a_lost_object_is_looked_for_the_other_goes_on(bench: Bench) -> None:
    lose_the_can(bench, last_step=16)
    for step in range(25, 35):
        bench.frame(step)  # waits for the mug's pose in it
        assert bench.published[-1][1].result.stamp_ns == step * STEP_NS
    assert bench.pipeline.tracker.states()["can"] is TrackState.LOST and bench.estimator.finding == 1
    bench.estimator.hidden = set()
    bench.estimator.may_find.set()
    for step in range(35, 2000):
        bench.frame(step)  # the search takes what time the machine leaves it, and then some frames
        if bench.pipeline.tracker.states()["can"] is TrackState.TRACKING:
            break
    assert bench.pipeline.tracker.states()["can"] is TrackState.TRACKING
    assert bench.estimator.registered == [STEP_NS, STEP_NS], "no mask was needed"


def test_a_mask_comes_before_the_search_for_what_was_lost(bench: Bench) -> None:
    lose_the_can(bench, last_step=16)
    bench.estimator.hidden = set()
    bench.mask(24, only="can")
    bench.estimator.may_find.set()
    bench.wait(lambda: bench.pipeline.tracker.states()["can"] is TrackState.TRACKING)
    assert bench.estimator.registered == [STEP_NS, STEP_NS, 24 * STEP_NS]


def test_what_was_reset_while_it_was_looked_for_is_not_found(bench: Bench) -> None:
    lose_the_can(bench, last_step=16)
    bench.pipeline.call(lambda: bench.pipeline.tracker.reset("can")).result()
    bench.estimator.hidden = set()
    bench.estimator.may_find.set()
    for step in range(25, 45):
        bench.frame(step)
    assert bench.pipeline.tracker.states()["can"] is TrackState.SEARCHING


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
