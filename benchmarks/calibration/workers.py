"""Processes that measure side by side."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from threading import Thread

from environment.variables import THREAD_COUNTS


@contextmanager
def worker_processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """So many, with one thread each in their libraries, which read these variables when they are loaded.

    Second threads spin on the core of the other worker: on two cores six scenes of `calibrate` took 87 s with them, and
    45 s without.
    """
    before = os.environ.copy()
    os.environ.update(dict.fromkeys(THREAD_COUNTS, "1"))
    try:
        with ProcessPoolExecutor(count, get_context("spawn"), _end_with_parent) as pool:
            yield pool
    finally:
        for name in THREAD_COUNTS:
            if name in before:
                os.environ[name] = before[name]
            else:
                del os.environ[name]


def _end_with_parent() -> None:
    """End this process when the one that it works for has ended, however that came about: it would wait for ever."""
    parent = parent_process()
    assert parent is not None, "a worker has one"

    def wait() -> None:
        parent.join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()
