"""Which instance of a model a mask shows, by pose."""

import numpy as np
import pytest

from foundation_pose_ros import Camera, Frame, InputRefused
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.tracking import MultiObjectTracker, TrackState
from foundation_pose_ros.tracking.instances import instance_ids, instance_meant

FRAME = Frame(np.zeros((1, 4, 3), np.uint8), np.ones((1, 4), np.float32), Camera(1, 1, 0, 0, 4, 1), stamp_ns=10**9)


def mask(*columns: int) -> np.ndarray:
    found = np.zeros((1, 4), bool)
    found[0, list(columns)] = True
    return found


class InColumns:
    """Finds an object in the first column of its mask, and explains that column alone."""

    def register(self, frame: Frame, mask: np.ndarray, object_name: str | None = None) -> PoseResult:
        T = np.eye(4, dtype=np.float32)
        T[0, 3] = np.argwhere(mask)[0, 1]
        return PoseResult(object_name or "", T, 0.9, np.eye(6), stamp_ns=frame.stamp_ns)

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        return previous

    def overlap_ratio(self, frame: Frame, first: PoseResult, second: PoseResult) -> float:
        return float(first.T_cam_obj[0, 3] == second.T_cam_obj[0, 3])

    def mask_overlap(self, frame: Frame, pose: PoseResult, mask: np.ndarray) -> float:
        return float(mask[0, int(pose.T_cam_obj[0, 3])])


@pytest.fixture
def tracks() -> MultiObjectTracker:
    tracker = MultiObjectTracker(InColumns())  # type: ignore[arg-type]
    for id, model in (("mug_1", "mug"), ("mug_2", "mug"), ("box", "box")):
        tracker.add(id, model)
    return tracker


def columns(found: dict[str, np.ndarray]) -> dict[str, int]:
    return {id: int(np.argwhere(one)[0, 1]) for id, one in found.items()}


def test_masks_of_a_model_go_to_its_instances_in_turn(tracks: MultiObjectTracker) -> None:
    seen = [("mug", mask(2)), ("box", mask(0)), ("mug", mask(3)), ("mug", mask(1))]
    assert columns(tracks.assigned(FRAME, seen)) == {"mug_1": 2, "box": 0, "mug_2": 3}
    assert columns(tracks.assigned(FRAME, [("mug_2", mask(1)), ("mug", mask(3))])) == {"mug_2": 1, "mug_1": 3}


def test_a_mask_of_a_tracked_instance_is_its_own(tracks: MultiObjectTracker) -> None:
    tracks.register(FRAME, {"mug_2": mask(3)})
    assert columns(tracks.assigned(FRAME, [("mug", mask(3))])) == {"mug_2": 3}
    assert columns(tracks.assigned(FRAME, [("mug", mask(3)), ("mug", mask(1))])) == {"mug_2": 3, "mug_1": 1}


def test_two_instances_never_start_on_one_thing(tracks: MultiObjectTracker) -> None:
    tracks.register(FRAME, {"mug_1": mask(1)})
    second = tracks.begin("mug_2")
    found = InColumns().register(FRAME, mask(1), "mug")
    assert second.conclude_registration(FRAME, found)
    refused = tracks.take(second, FRAME, found)
    assert isinstance(refused, InputRefused) and refused.reason == "same_surface"
    assert "mug_1, which is tracked already" in str(refused)
    assert tracks.states() == {"mug_1": TrackState.TRACKING, "mug_2": TrackState.SEARCHING, "box": TrackState.SEARCHING}


def test_another_model_may_take_the_place(tracks: MultiObjectTracker) -> None:
    tracks.register(FRAME, {"mug_1": mask(1)})
    box = tracks.begin("box")
    found = InColumns().register(FRAME, mask(1), "box")
    box.conclude_registration(FRAME, found)
    assert tracks.take(box, FRAME, found) is found
    assert tracks.states()["box"] is TrackState.TRACKING


def test_names_of_instances() -> None:
    assert instance_ids("mug", 1) == ("mug",)
    assert instance_ids("mug", 2) == ("mug_1", "mug_2")
    mugs = {"mug_1": "mug", "mug_2": "mug"}
    assert instance_meant("mug", mugs, ("mug_2",)) == "mug_2"
    assert instance_meant("mug_1", mugs, ()) == "mug_1"
    with pytest.raises(InputRefused, match="say which mug is meant: one of mug_1, mug_2"):
        instance_meant("mug", mugs, ())
    with pytest.raises(InputRefused, match="no object 'cup' here"):
        instance_meant("cup", mugs, ("mug_1",))
