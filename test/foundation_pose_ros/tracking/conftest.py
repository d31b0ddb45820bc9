"""What tests of the pipeline share: one that runs, with an estimator whose answers are known."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from foundation_pose_ros import Camera, Frame, InputRefused
from foundation_pose_ros.estimation.object_proposals import Proposal
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.streams.mask_inputs import LabelImage
from foundation_pose_ros.streams.refusals import RefusalCounter
from foundation_pose_ros.tracking import FrameBuffer, MultiObjectTracker, TrackedObject, TrackState
from foundation_pose_ros.tracking.pipeline import PosePipeline

CAMERA = Camera(1.0, 1.0, 0.0, 0.0, 1, 1)
STEP_NS = 100_000_000


class Steady:
    """Sure of every pose; notes the stamps of the frames that it registered on."""

    def __init__(self) -> None:
        self.registered: list[int] = []
        self.searched: list[tuple[int, tuple[str, ...], tuple[str, ...]]] = []
        self.in_view = {"mug"}
        self.tracked: dict[str, list[int]] = {"mug": [], "can": []}
        self.broken = False
        self.may_register = threading.Event()
        self.may_register.set()
        self.hidden: set[str] = set()
        self.finding = 0
        self.may_find = threading.Event()
        self.may_find.set()
        self.published: Callable[[], int] = lambda: 0
        self.compared_after: list[int] = []

    def register(self, frame: Frame, mask: np.ndarray, object_name: str | None = None) -> PoseResult:
        self.registered.append(frame.stamp_ns)
        assert self.may_register.wait(10)
        if self.broken:
            raise ArithmeticError("singular")
        return self._pose(frame, object_name or "")

    def search(
        self, frame: Frame, object_names: list[str], instances: int = 1, taken: Sequence[PoseResult] = ()
    ) -> list[PoseResult]:
        self.searched.append((frame.stamp_ns, tuple(object_names), tuple(pose.object_name for pose in taken)))
        assert self.may_register.wait(10)
        return [self._pose(frame, name) for name in object_names if name in self.in_view]

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        self.tracked[previous.object_name].append(frame.stamp_ns)
        if previous.object_name in self.hidden:
            raise InputRefused("hidden", "it is hidden")
        return self._pose(frame, previous.object_name)

    def compared(self, frame: Frame, result: PoseResult) -> PoseResult:
        self.compared_after.append(self.published())
        return replace(result, compared_ns=frame.stamp_ns)

    def propose(self, frame: Frame, object_name: str | None = None) -> list[Proposal]:
        everything = np.ones((1, 1), bool)
        return [Proposal(everything, everything, np.zeros(3), 0.9, 0.1, planes=None)]

    def find(self, frame: Frame, proposal: Proposal, object_name: str | None = None) -> PoseResult:
        self.finding += 1
        assert self.may_find.wait(10)
        if object_name in self.hidden:
            raise InputRefused("hidden", "it is hidden")
        return self._pose(frame, object_name or "")

    def overlap_ratio(self, frame: Frame, first: PoseResult, second: PoseResult) -> float:
        return 0.0

    @staticmethod
    def _pose(frame: Frame, name: str) -> PoseResult:
        return PoseResult(name, np.eye(4, dtype=np.float32), 0.9, np.eye(6), stamp_ns=frame.stamp_ns)


class Bench:
    """A running pipeline that knows a mug and, if asked to, a can; `published` holds the mug."""

    def __init__(self) -> None:
        self.estimator = Steady()
        self.refusals = RefusalCounter()
        self.published: list[tuple[int, TrackedObject]] = []
        self.faults: list[Exception] = []
        self.estimator.published = lambda: self.published[-1][0] // STEP_NS
        tracker = MultiObjectTracker(self.estimator)
        tracker.add("mug")
        self.pipeline = PosePipeline(
            tracker,
            FrameBuffer(),
            lambda frame, objects: self.published.append((frame.stamp_ns, objects[0])),
            lambda ids: None,
            self.refusals,
            lambda what, error: self.faults.append(error),
        )
        self.pipeline.start()

    def send(self, step: int) -> None:
        """Send a frame."""
        self.pipeline.frame(
            Frame(np.zeros((1, 1, 3), np.uint8), np.ones((1, 1), np.float32), CAMERA, stamp_ns=step * STEP_NS)
        )

    def frame(self, step: int) -> None:
        """Send a frame, and wait for what is published of it."""
        self.send(step)
        self.wait(lambda: self.published and self.published[-1][0] == step * STEP_NS)

    def mask(self, step: int, only: str | None = None) -> None:
        self.pipeline.masks(LabelImage(step * STEP_NS, np.full((1, 1), 255, np.uint8), only=only))

    def wait(self, condition: Callable[[], object]) -> None:
        deadline_s = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline_s and not self.faults, self.faults
            time.sleep(0.001)

    @property
    def state(self) -> TrackState:
        return self.published[-1][1].state


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    assert bench.pipeline.stop()
    assert not bench.faults
