"""Results in a frame of the robot's: at their stamp, in order, dropped or held where TF lacks it."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from foundation_pose_ros import se3
from foundation_pose_ros.camera import Camera
from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.frame import Frame
from foundation_pose_ros.nodes.pose.output_frame import OutputFrame, OutputFrameSettings, Placed, in_other_frame
from foundation_pose_ros.pose_result import Alternative, PoseResult
from foundation_pose_ros.streams.refusals import RefusalCounter
from foundation_pose_ros.streams.transform_buffer import TransformBuffer
from foundation_pose_ros.tracking import TrackedObject, TrackState

SECOND = 1_000_000_000
T_CAM_OBJ = se3.from_rotation_translation(Rotation.from_euler("x", 30, degrees=True).as_matrix(), [0.1, 0.0, 0.5])


def in_base(deg: float) -> np.ndarray:
    return se3.from_rotation_translation(Rotation.from_euler("z", deg, degrees=True).as_matrix(), [1.0, 0.0, 0.0])


def frame(stamp_ns: int) -> Frame:
    return Frame(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.float32), Camera(1, 1, 0, 0, 2, 2), stamp_ns, "cam")


def tracked(stamp_ns: int, state: TrackState = TrackState.TRACKING, believed_ns: int | None = None) -> TrackedObject:
    def result(stamp_ns: int) -> PoseResult:
        return PoseResult("mug", T_CAM_OBJ, 0.9, np.diag(np.arange(1.0, 7.0)), stamp_ns=stamp_ns, frame_id="cam")

    found = result(stamp_ns) if state is TrackState.TRACKING else None
    return TrackedObject("mug", "mug", state, found, 1.0, 0.0, "", result(believed_ns or stamp_ns))


class Stage:
    """An output frame "base", with what it hands on."""

    def __init__(self, hold: bool, wait_s: float) -> None:
        self.transforms, self.refusals, self.out = TransformBuffer(), RefusalCounter(), list[Any]()
        self.output = OutputFrame(
            OutputFrameSettings("base", wait_s, hold), self.transforms, self.publish, self.refusals, self.failed
        )
        self.errors: list[Exception] = []

    def publish(self, frame: Frame, objects: list[TrackedObject], placed: Placed) -> None:
        self.out.append((frame.stamp_ns, placed))

    def failed(self, what: str, error: Exception) -> None:
        self.errors.append(error)

    def tf(self, deg: float, stamp_ns: int) -> None:
        self.transforms.add("base", "cam", in_base(deg), stamp_ns)
        self.output.heard()

    def wait(self, condition: Callable[[], Any]) -> None:
        deadline_s = time.monotonic() + 60  # what is compiled is so at its first call
        while not condition():
            assert time.monotonic() < deadline_s
            time.sleep(0.002)


@pytest.fixture
def stage() -> Iterator[Callable[..., Stage]]:
    stages: list[Stage] = []

    def make(hold: bool = False, wait_s: float = 60.0) -> Stage:
        stages.append(Stage(hold, wait_s))
        return stages[-1]

    yield make
    for made in stages:
        made.output.close()
        assert not made.errors


def test_results_wait_for_tf_of_their_stamp_and_keep_their_order(stage):
    it = stage()
    for stamp_ns in (SECOND, 2 * SECOND):
        it.output.put(frame(stamp_ns), [tracked(stamp_ns)])
    it.tf(0, SECOND // 2)
    assert not it.out
    it.tf(90, 3 * SECOND // 2)
    it.wait(lambda: len(it.out) == 1)
    it.tf(90, 2 * SECOND)
    it.wait(lambda: len(it.out) == 2)
    assert [stamp_ns for stamp_ns, _ in it.out] == [SECOND, 2 * SECOND]
    placed = it.out[0][1]
    assert placed.frame_id == "base" and it.output.fault == ""
    assert placed.objects[0].result.T_cam_obj == pytest.approx(in_base(45) @ T_CAM_OBJ, abs=1e-6)
    assert it.out[1][1].objects[0].result.T_cam_obj == pytest.approx(in_base(90) @ T_CAM_OBJ, abs=1e-6)


def test_without_tf_results_are_dropped_and_said_why(stage):
    it = stage(wait_s=0.01)
    it.output.put(frame(SECOND), [tracked(SECOND)])
    it.wait(lambda: it.refusals["no_transform"] == 1)
    it.tf(0, SECOND // 2)
    it.output.put(frame(2 * SECOND), [tracked(2 * SECOND)])
    it.wait(lambda: it.refusals["no_transform"] == 2)
    assert not it.out and "ends 1.500 s before the image" in it.output.fault
    with pytest.raises(InputRefused, match="ends 1"):
        it.output.placed(tracked(2 * SECOND).result, "cam")


def test_held_results_go_out_by_the_newest_transform_and_are_said_to_lack_tf(stage):
    it = stage(hold=True, wait_s=0.0)
    it.tf(90, SECOND // 2)
    it.output.put(frame(SECOND), [tracked(SECOND)])
    it.wait(lambda: it.out)
    assert it.out[0][1].objects[0].result.T_cam_obj == pytest.approx(in_base(90) @ T_CAM_OBJ, abs=1e-6)
    assert it.refusals["no_transform"] == 1 and it.output.fault


def test_objects_without_a_pose_need_no_tf(stage):
    it = stage()
    it.output.put(frame(SECOND), [TrackedObject("mug", "mug", TrackState.SEARCHING, None, None, None, "waiting")])
    it.wait(lambda: it.out)
    assert it.out[0][1].objects[0].result is None


def test_a_lost_object_stays_where_it_was_in_the_room_though_the_camera_goes_on(stage):
    it = stage()
    it.tf(0, SECOND)
    it.output.put(frame(SECOND), [tracked(SECOND)])
    for seconds in range(2, 40):  # longer than the buffer remembers
        it.tf(2 * seconds, seconds * SECOND)
        it.output.put(frame(seconds * SECOND), [tracked(seconds * SECOND, TrackState.LOST, believed_ns=SECOND)])
        it.wait(lambda n=seconds: len(it.out) == n)
    assert it.out[-1][1].objects[0].last_believed.T_cam_obj == pytest.approx(in_base(0) @ T_CAM_OBJ, abs=1e-6)


def test_covariance_velocity_and_alternatives_turn_along():
    covariance = np.diag([4.0, 1.0, 0.0, 0.4, 0.1, 0.0])
    velocity = np.array([1.0, 0, 0, 0, 2.0, 0])
    result = PoseResult(
        "mug", T_CAM_OBJ, 0.9, covariance, alternatives=(Alternative(T_CAM_OBJ, 0.2),), velocity=velocity
    )
    turned = in_other_frame(result, in_base(90), "base")
    assert turned.covariance == pytest.approx(np.diag([1.0, 4.0, 0.0, 0.1, 0.4, 0.0]), abs=1e-6)
    assert turned.velocity == pytest.approx([0, 1, 0, -2, 0, 0], abs=1e-6)
    assert turned.alternatives[0].T_cam_obj == pytest.approx(in_base(90) @ T_CAM_OBJ, abs=1e-6)
