"""How many threads the libraries below may use while an estimate is made: other processes want the cores as well."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import cv2
from threadpoolctl import ThreadpoolController

_CONTROLLER = ThreadpoolController()
Function = TypeVar("Function", bound=Callable[..., Any])


def one_blas_thread(function: Function) -> Function:
    """Let a function's products of matrices run on one thread.

    They are too small to share: a second BLAS thread only spins, and takes the ray caster's core. Those of tracking are
    smaller than BLAS itself would share.
    """
    wrapped: Function = _CONTROLLER.wrap(limits=1, user_api="blas")(function)
    return wrapped


@contextmanager
def one_cv2_thread() -> Iterator[None]:
    """Let OpenCV run on one thread: the crops are small too.

    Waking a second one costs a sixth of a tracking step and saves nothing.
    """
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
