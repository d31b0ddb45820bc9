"""Models that grow while their objects are tracked, in a worker of their own. Needs no ROS."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..pose_result import PoseResult
from ..reconstruction.incremental import GrowingModel
from ..reconstruction.model_files import write_model
from ..streams.latest_only_worker import LatestOnlyWorker
from ..streams.refusals import RefusalCounter
from . import TrackedObject, TrackState


@dataclass(frozen=True)
class _Seen:
    """One frame and the poses by id that were found in it."""

    frame: Frame
    results: dict[str, PoseResult]


class Growth:
    """Takes tracked frames from any thread, the latest only; a model that has grown is written, then replaced.

    `replace(model, file)` is called in the worker's thread, and may raise InputRefused.
    """

    def __init__(
        self,
        replace: Callable[[ObjectModel, Path], None],
        refusals: RefusalCounter,
        failed: Callable[[str, Exception], None],
    ) -> None:
        self._replace, self._refusals = replace, refusals
        self._models: dict[str, tuple[GrowingModel, Path]] = {}
        self._lock = threading.Lock()
        self._worker = LatestOnlyWorker({"seen": self._look}, failed, lambda slot: None, "growth")

    def add(self, model: GrowingModel, file: Path) -> None:
        """Let a model grow from now on, and its file with it."""
        with self._lock:
            self._models[model.model.name] = (model, file)
        if not self._worker.running:
            self._worker.start()

    def forget(self, id: str) -> None:
        """Leave a model as it is; nothing happens where it doesn't grow."""
        with self._lock:
            self._models.pop(id, None)

    def seen_shares(self) -> dict[str, float]:
        """Return how much of each model's surface was seen, 0..1."""
        with self._lock:
            return {id: growing.seen_share for id, (growing, _) in self._models.items()}

    def tracked(self, frame: Frame, objects: list[TrackedObject]) -> None:
        """Take note of what was found in a frame, where a model grows with it."""
        results = {
            tracked.id: tracked.result
            for tracked in objects
            if tracked.id in self._models and tracked.state is TrackState.TRACKING and tracked.result is not None
        }
        if results:
            self._worker.put("seen", _Seen(frame, results))

    def close(self) -> None:
        """Forget all, what is being made included."""
        with self._lock:
            self._models.clear()
        self._worker.stop(timeout_s=1.0)

    def _look(self, seen: _Seen) -> None:
        for id, result in seen.results.items():
            with self._lock:
                growing, file = self._models.get(id, (None, None))
            if growing is None or file is None or result.stamp_ns != seen.frame.stamp_ns:
                continue
            if growing.add_frame(seen.frame, result) and growing.ready:
                try:
                    rebuild = growing.rebuild()
                    if id in self.seen_shares():
                        write_model(rebuild, file)
                        self._replace(rebuild.model, file)
                except InputRefused as refused:
                    self._refusals.count(refused.reason, f"{id}: {refused}")
