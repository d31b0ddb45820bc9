"""Worker processes have one thread each in their libraries, and leave the caller's variables as they were."""

import os

import pytest

from benchmarks.calibration.workers import worker_processes
from environment.variables import THREAD_COUNTS


def test_workers_are_told_to_use_one_thread_and_the_caller_keeps_its_own(monkeypatch):
    first, second, *_ = THREAD_COUNTS
    monkeypatch.setenv(first, "7")
    monkeypatch.delenv(second, raising=False)
    before = dict(os.environ)
    with worker_processes(1) as pool:
        assert list(pool.map(os.getenv, THREAD_COUNTS)) == ["1"] * len(THREAD_COUNTS)
    assert dict(os.environ) == before
    with pytest.raises(RuntimeError), worker_processes(1):
        raise RuntimeError
    assert dict(os.environ) == before
