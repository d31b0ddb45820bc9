"""foundation_perception.client, ~/get_pose and ~/find_object on real DDS."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.nodes.client import pose_client
from foundation_pose_ros.nodes.client.pose_client import NoAnswer, NotFound, PoseClient
from foundation_pose_ros.synthetic.scene import SyntheticScene


@pytest.fixture
def client(bench: Any) -> Iterator[PoseClient]:
    """A client of the bench's node, which knows the mug; nothing is tracked."""
    with PoseClient(context=bench.context) as made:
        made.reset()
        yield made


@pytest.fixture
def filming(bench: Any, scene: SyntheticScene) -> Iterator[np.ndarray]:
    """The scene's first frame, sent twice a second; its mask."""
    first = scene.frame_ids[0]
    frame, mask = scene.frame(first), scene.mask(first, "mug")
    assert mask is not None
    with bench.filming(frame):
        yield mask


# Frames take long to be worked on where the machine has much to do.
PATIENT = {"max_age_s": 20.0, "timeout_s": 25.0}


def assert_right(pose: Any, scene: SyntheticScene) -> None:
    symmetries = scene.model("mug").symmetries.transforms()
    error_m, error_deg = pose_error(pose.T_frame_obj, scene.truth(scene.frame_ids[0], "mug"), symmetries)
    assert error_m < 0.003 and error_deg < 3.0


def test_a_mask_is_registered_and_poses_come(
    client: PoseClient, bench: Any, scene: SyntheticScene, filming: np.ndarray
) -> None:
    bench.wait(lambda: bench.heard["/pose_node/objects"], "a first frame")
    assert_right(client.register("mug", filming), scene)
    pose = client.wait_for_pose("mug", **PATIENT)
    assert_right(pose, scene)
    assert pose.name == "mug" and pose.score > 0.5 and np.trace(pose.covariance) > 0
    assert client.pose("", max_age_s=20.0) is not None
    assert client.pose("mug", max_age_s=20.0, min_score=1.1) is None


def test_no_is_said_with_the_reason(client: PoseClient) -> None:
    with pytest.raises(NotFound, match=r"SEARCHING|nothing was heard"):
        client.wait_for_pose("mug", timeout_s=0.1)
    with pytest.raises(NotFound, match="no object 'cup' here"):
        client.wait_for_pose("cup", timeout_s=60.0)
    with pytest.raises(NotFound, match="no object 'cup' here"):
        client.find("cup")


def test_many_may_wait_while_others_are_answered(client: PoseClient) -> None:
    errors: list[str] = []

    def wait() -> None:
        with pytest.raises(NotFound) as refused:
            client.wait_for_pose("mug", timeout_s=8.0)
        errors.append(str(refused.value))

    waiting = [threading.Thread(target=wait) for _ in range(4)]
    for thread in waiting:
        thread.start()
    client.reset("mug")
    assert not errors
    for thread in waiting:
        thread.join()
    assert len(errors) == 4


def test_find_registers_from_its_mask_and_says_how_far_it_is(
    client: PoseClient, bench: Any, scene: SyntheticScene, filming: np.ndarray
) -> None:
    bench.wait(lambda: bench.heard["/pose_node/objects"], "a first frame")
    said: list[Any] = []
    pose = client.find("mug", filming, min_score=0.5, feedback=said.append, **PATIENT)
    assert_right(pose, scene)
    assert said and said[0].reason
    # It is tracked now: found without a mask, at once.
    assert_right(client.find("mug", **PATIENT), scene)


def test_find_is_given_up_when_it_is_cancelled_or_its_time_is_up(client: PoseClient, filming: np.ndarray) -> None:
    search = client.start_finding("mug", timeout_s=60.0)
    search.cancel()
    with pytest.raises(NotFound, match="cancelled"):
        search.result(20.0)
    with pytest.raises(NotFound, match=r"not found in 0\.\d s: mug is SEARCHING|nothing was heard"):
        client.find("mug", timeout_s=0.3)


def test_a_node_that_is_not_there_is_named(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foundation_pose_ros.nodes.client.service_client.ANSWER_S", 0.2)
    with (
        PoseClient("/arm/pose_node", context=bench.context) as client,
        pytest.raises(NoAnswer, match="nobody offers /arm/pose_node/get_pose"),
    ):
        client.wait_for_pose()


def test_nothing_spins_while_its_parts_are_made(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An executor that comes upon a half-made action client ends, and nothing is answered any more."""
    spinning: list[list[str]] = []

    class Slow(pose_client.ActionClient):
        def __init__(self, *arguments: Any) -> None:
            spinning.append([thread.name for thread in threading.enumerate() if thread.name.startswith("client of")])
            super().__init__(*arguments)

    monkeypatch.setattr(pose_client, "ActionClient", Slow)
    with PoseClient(context=bench.context) as client:
        client.reset()
    assert spinning == [[]]
