"""Who waits for a pose is answered once: when it is fresh and good enough, or when the time is up, and told why."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.nodes.pose.pose_waits import DEFAULT_MAX_AGE_S, PoseAnswer, PoseWaits, Wanted
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.tracking import TrackedObject, TrackState

SECOND = 1_000_000_000


class Clock:
    """A time that stands until it is set."""

    now_ns = 10 * SECOND


class Heard:
    """Takes one answer."""

    def __init__(self) -> None:
        self.answers: list[PoseAnswer] = []
        self._came = threading.Event()

    def __call__(self, answer: PoseAnswer) -> None:
        self.answers.append(answer)
        self._came.set()

    def wait(self) -> PoseAnswer:
        assert self._came.wait(20)
        return self.answers[0]


@pytest.fixture
def waits() -> Iterator[PoseWaits]:
    errors: list[Exception] = []
    made = PoseWaits(lambda: Clock.now_ns, lambda _, error: errors.append(error))
    yield made
    made.close()
    assert not errors


def mug(state: TrackState = TrackState.TRACKING, score: float = 0.9, **changes: Any) -> TrackedObject:
    result = PoseResult("mug", np.eye(4), score, np.eye(6)) if state is TrackState.TRACKING else None
    return replace(TrackedObject("mug", "mug", state, result, None, None, "waiting for a mask"), **changes)


def test_a_pose_that_is_there_is_given_at_once(waits: PoseWaits) -> None:
    waits.heard("base", Clock.now_ns - SECOND // 10, [mug()])
    heard = Heard()
    waits.ask(Wanted("mug", 0.5, 0.2), 0.0, heard)
    answer = heard.wait()
    assert answer.found and answer.last is not None and answer.last.frame_id == "base"


def test_who_waits_is_answered_by_the_first_frame_that_will_do(waits: PoseWaits) -> None:
    heard = Heard()
    waits.ask(Wanted("mug", 0.8, 0.2), 20.0, heard)
    for objects, stamp_ns in (
        ([], Clock.now_ns),
        ([mug(TrackState.SEARCHING)], Clock.now_ns),
        ([mug(score=0.7)], Clock.now_ns),
        ([mug(in_doubt=True)], Clock.now_ns),
        ([mug()], Clock.now_ns - SECOND),
    ):
        waits.heard("base", stamp_ns, objects)
        assert not waits.judged(Wanted("mug", 0.8, 0.2)).found
    assert not heard.answers
    waits.heard("base", Clock.now_ns, [mug(score=0.85)])
    assert heard.wait().found
    waits.heard("base", Clock.now_ns, [mug(score=0.85)])
    assert len(heard.answers) == 1


@pytest.mark.parametrize(
    ("objects", "stamp_ns", "words"),
    [
        ([], Clock.now_ns, "nothing was heard of mug"),
        ([mug(TrackState.SEARCHING)], Clock.now_ns, "mug is SEARCHING: waiting for a mask"),
        ([mug(TrackState.LOST, reason="lost: covered")], Clock.now_ns, "mug is LOST: lost: covered"),
        ([mug(score=0.7)], Clock.now_ns, "score 0.70, below 0.80"),
        ([mug(in_doubt=True, reason="in doubt: covered")], Clock.now_ns, "mug is in doubt"),
        ([mug()], Clock.now_ns - SECOND, "is 1.00 s old, more than 0.20 s"),
        ([mug()], Clock.now_ns - 100 * SECOND, "use_sim_time"),
    ],
)
def test_when_time_is_up_it_is_said_what_is_lacking(
    waits: PoseWaits, objects: list[TrackedObject], stamp_ns: int, words: str
) -> None:
    waits.heard("base", stamp_ns, objects)
    heard = Heard()
    waits.ask(Wanted("mug", 0.8, 0.2), 0.05, heard)
    answer = heard.wait()
    assert not answer.found and words in answer.reason


@pytest.mark.parametrize("field", ["min_score", "max_age_s", "timeout_s"])
@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(field: str, number: float) -> None:
    usual = {"min_score": 0.0, "max_age_s": 0.0, "timeout_s": 0.0}
    assert Wanted.of("mug", SimpleNamespace(**usual), 0.5) == Wanted("mug", 0.5, DEFAULT_MAX_AGE_S)
    with pytest.raises(InputRefused, match="must be numbers"):
        Wanted.of("mug", SimpleNamespace(**usual | {field: number}))


def test_closing_answers_all_and_whoever_asks_later() -> None:
    waits = PoseWaits(lambda: Clock.now_ns, lambda *_: None)
    first, second = Heard(), Heard()
    waits.ask(Wanted("mug"), 500.0, first)
    waits.close()
    waits.ask(Wanted("mug"), 500.0, second)
    assert not first.wait().found and not second.wait().found


def test_what_was_forgotten_is_not_given(waits: PoseWaits) -> None:
    waits.heard("base", Clock.now_ns, [mug(), replace(mug(), id="cup")])
    waits.forget("mug")
    assert not waits.judged(Wanted("mug")).found and waits.judged(Wanted("cup")).found
