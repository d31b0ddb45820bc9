"""Who waits for an answer when a client is closed is told at once that none comes."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from foundation_perception.srv import GetPose
from rclpy.node import Node
from rclpy.task import Future

from foundation_pose_ros.nodes.client.pose_client import NoAnswer, PoseClient, Search
from foundation_pose_ros.nodes.listener import Listener

PATIENCE_S = 60.0


@pytest.fixture
def asked(ros_context: Any) -> Iterator[threading.Event]:
    """A node that never answers; set once it is asked."""
    came = threading.Event()
    node = Node("silent", context=ros_context)
    listener = Listener(node, "silent", lambda what, error: None)
    listener.serve_later(GetPose, "~/get_pose", lambda request, reply: came.set())
    listener.start()
    yield came
    listener.close()
    node.destroy_node()


def test_closing_ends_the_wait_for_an_answer(asked: threading.Event, ros_context: Any) -> None:
    client = PoseClient("/silent", ros_context)
    faults: list[Exception] = []

    def wait() -> None:
        with pytest.raises(NoAnswer) as no:
            client.wait_for_pose("mug", timeout_s=600.0)
        faults.append(no.value)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    assert asked.wait(PATIENCE_S)
    client.close()
    waiting.join(PATIENCE_S)
    with pytest.raises(NoAnswer, match="was closed"):
        client.reset("mug")
    assert [str(fault) for fault in faults] == ["no answer of /silent/get_pose: the client of /silent was closed"]


def test_a_search_that_is_abandoned_has_no_result() -> None:
    search = Search(Future())
    assert not search.done
    search.abandon()
    with pytest.raises(NoAnswer, match="was closed"):
        search.result(PATIENCE_S)
