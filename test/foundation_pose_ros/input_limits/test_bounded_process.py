"""Calls in processes of their own: what comes back, and what becomes of those that want too much."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foundation_pose_ros import InputRefused
from foundation_pose_ros.input_limits.bounded_process import BoundedProcess, CallLimits

LIMITS = CallLimits(memory_bytes=200 << 20, processor_s=2, wall_s=3.0)


FUNCTIONS = """
import os, time
import numpy as np
from foundation_pose_ros import InputRefused

prepared_in = []

def get_ready():
    prepared_in.append(os.getpid())

def ready_in():
    return prepared_in, os.getppid()

def twice(array, plus=0.0):
    return {"twice": 2 * array + plus}

def refuse():
    raise InputRefused("bad_thing", "it is bad: make it good")

def fail():
    raise KeyError("a fault")

def hoard():
    return len(np.ones(1 << 28))

def spin():
    while True:
        pass

def end_by(number):
    os.kill(os.getpid(), number)
    time.sleep(10)
"""


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A module that both processes can import."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "functions_to_call.py").write_text(FUNCTIONS)
    sys.path.insert(0, str(folder))
    yield import_module("functions_to_call")
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def process(functions: Any) -> Iterator[BoundedProcess]:
    process = BoundedProcess([functions.__name__], LIMITS)
    yield process
    process.close()


def test_results_come_back_and_are_ones_own(process: BoundedProcess, functions: Any) -> None:
    array = np.arange(1_000_000, dtype=np.float32).reshape(1000, 1000)
    first = process.call(functions.twice, array, plus=1.0)["twice"]
    np.testing.assert_array_equal(first, 2 * array + 1)
    first[:] = 0.0  # may be written to
    np.testing.assert_array_equal(process.call(functions.twice, array)["twice"], 2 * array)
    assert not first.any()


def test_what_is_raised_there_is_raised_here(process: BoundedProcess, functions: Any) -> None:
    with pytest.raises(InputRefused, match="make it good") as refusal:
        process.call(functions.refuse)
    assert refusal.value.reason == "bad_thing"
    with pytest.raises(RuntimeError, match="a fault"):
        process.call(functions.fail)


def test_who_wants_too_much_is_refused_and_the_next_call_works(process: BoundedProcess, functions: Any) -> None:
    for function, arguments, reason in (
        (functions.hoard, (), "too_much_memory"),
        (functions.spin, (), "too_much_time"),
        (time.sleep, (30.0,), "too_much_time"),
        (functions.end_by, (signal.SIGSEGV,), "reader_died"),
        (functions.end_by, (signal.SIGABRT,), "too_much_memory"),
    ):
        with pytest.raises(InputRefused) as refusal:
            process.call(function, *arguments)
        assert refusal.value.reason == reason
    assert process.call(len, (1, 2, 3)) == 3


def test_a_helper_that_was_killed_is_replaced(process: BoundedProcess) -> None:
    helper = process.call(os.getppid)
    os.kill(helper, signal.SIGKILL)
    while Path(f"/proc/{helper}").exists():  # until the call below, or this, has seen it end
        try:
            process.call(os.getppid)
        except InputRefused as refusal:
            assert "another will start" in str(refusal)
    assert process.call(os.getppid) != helper


def test_nothing_runs_on_once_it_is_closed() -> None:
    process = BoundedProcess([], CallLimits())
    helper = process.call(os.getppid)
    process.close()
    assert not Path(f"/proc/{helper}").exists()


def test_a_helper_gets_ready_once_for_all_calls(functions: Any) -> None:
    process = BoundedProcess([functions.__name__], LIMITS, functions.get_ready)
    try:
        for _ in range(2):
            prepared_in, helper = process.call(functions.ready_in)
            assert prepared_in == [helper]
    finally:
        process.close()
