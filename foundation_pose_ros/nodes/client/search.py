"""One goal of ~/find_object, from its sending to its result."""

import threading
from typing import Any

from .object_pose import NoAnswer, NotFound, ObjectPose


class Search:
    """An object that is being found. Ask `done` now and then, or wait for the `result`."""

    def __init__(self, sent: Any) -> None:
        """sent: the future of the goal's handle."""
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._goal: Any = None
        self._result: Any = None
        self._refusal = ""
        self._cancelled = False
        self._abandoned = False
        sent.add_done_callback(self._answered)

    @property
    def done(self) -> bool:
        """Return true once there is a result."""
        return self._ended.is_set()

    def result(self, timeout_s: float | None = None) -> ObjectPose:
        """Wait for the pose; raises NotFound where there is none, NoAnswer where that isn't said in time."""
        if not self._ended.wait(timeout_s):
            raise NoAnswer(f"no result in {timeout_s:.0f} s: see /diagnostics")
        if self._abandoned:
            raise NoAnswer("no result: the client was closed")
        if self._refusal or not self._result.success:
            raise NotFound(self._refusal or self._result.message)
        return ObjectPose.of_message(self._result.object)

    def cancel(self) -> None:
        """Give up; the result is then that it was cancelled."""
        with self._lock:
            self._cancelled = True
            goal = self._goal
        if goal is not None:
            goal.cancel_goal_async()

    def abandon(self) -> None:
        """End without a result, where there is none: nothing is heard of it any more."""
        self._abandoned = not self._ended.is_set()
        self._ended.set()

    def _answered(self, sent: Any) -> None:
        goal = sent.result()
        if not goal.accepted:
            self._refusal = "the node took no goal: too many objects are looked for at once, or it is closing"
            self._ended.set()
            return
        with self._lock:
            self._goal = goal
            cancelled = self._cancelled
        goal.get_result_async().add_done_callback(self._got)
        if cancelled:
            goal.cancel_goal_async()

    def _got(self, future: Any) -> None:
        self._result = future.result().result
        self._ended.set()
