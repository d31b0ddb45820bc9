"""Limits on threads, where several threads of a process want them at once."""

from collections.abc import Callable
from contextlib import ExitStack

import cv2
import pytest
from threadpoolctl import ThreadpoolController

from foundation_pose_ros.runtime.thread_limits import one_blas_thread, one_cv2_thread


def blas_threads() -> int:
    return max(library["num_threads"] for library in ThreadpoolController().info() if library["user_api"] == "blas")


@pytest.mark.parametrize(("limit", "threads"), [(one_cv2_thread, cv2.getNumThreads), (one_blas_thread, blas_threads)])
def test_a_limit_holds_until_the_last_who_wanted_it_is_done(limit: Callable, threads: Callable[[], int]) -> None:
    before = threads()
    first, second = ExitStack(), ExitStack()
    first.enter_context(limit())
    second.enter_context(limit())
    first.close()  # whoever came first goes first, as threads may
    assert threads() == 1
    second.close()
    assert threads() == before
