"""How many threads the libraries below may use while an estimate is made: other processes want the cores as well.

The limits are those of the whole process: where several threads make estimates, the first sets and the last lifts them.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
from threadpoolctl import ThreadpoolController

_CONTROLLER = ThreadpoolController()


class _Limit:
    """Counts who wants a limit. limit: sets it, and returns what lifts it."""

    def __init__(self, limit: Callable[[], Callable[[], object]]) -> None:
        self._limit = limit
        self._lift: Callable[[], object] = lambda: None
        self._wanted = 0
        self._lock = threading.Lock()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if self._wanted == 0:
                self._lift = self._limit()
            self._wanted += 1
        try:
            yield
        finally:
            with self._lock:
                self._wanted -= 1
                if self._wanted == 0:
                    self._lift()


def _limit_blas() -> Callable[[], object]:
    return _CONTROLLER.limit(limits=1, user_api="blas").restore_original_limits


def _limit_cv2() -> Callable[[], object]:
    before = cv2.getNumThreads()
    if before == 1:
        return lambda: None
    cv2.setNumThreads(1)
    return lambda: cv2.setNumThreads(before)


_BLAS, _CV2 = _Limit(_limit_blas), _Limit(_limit_cv2)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let products of matrices run on one thread.

    They are too small to share: a second BLAS thread only spins, and takes the ray caster's core. Those of tracking are
    smaller than BLAS itself would share.
    """
    with _BLAS():
        yield


@contextmanager
def one_cv2_thread() -> Iterator[None]:
    """Let OpenCV run on one thread: the crops are small too.

    Waking a second one costs a sixth of a tracking step and saves nothing.
    """
    with _CV2():
        yield
