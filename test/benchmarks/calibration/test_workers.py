"""Worker processes have one thread each, leave the caller's variables as they were, and end with it."""

import os
import subprocess
import sys
import time
from pathlib import Path

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


WAITS = """
import os, time
from benchmarks.calibration.workers import worker_processes
if __name__ == "__main__":
    with worker_processes(1) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(600)
"""


def test_workers_end_with_the_process_that_they_work_for_though_that_is_killed(tmp_path):
    (tmp_path / "waits.py").write_text(WAITS)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "waits.py")], stdout=subprocess.PIPE, env=environment
    ) as running:
        assert running.stdout is not None
        worker = int(running.stdout.readline())
        assert lives(worker)
        running.kill()
    until = time.monotonic() + 60
    while lives(worker):
        assert time.monotonic() < until, "the worker is still there"
        time.sleep(0.05)


def lives(pid: int) -> bool:
    """Tell whether a process is there and hasn't ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
