"""Transitions that fail leave a node as it was, and say why; parameters are those of a table."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.nodes.lifecycle_node import WorkingNode
from foundation_pose_ros.nodes.parameters import Row

TABLE = (
    Row("autostart", False, "By itself."),
    Row("low", 0.2, "At least.", 0.0, 1.0),
    Row("high", 0.8, "At most.", 0.0, 1.0),
)


class Fragile:
    """A session whose start may fail half way; notes what it was told."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.told: list[str] = []

    def start(self) -> None:
        self.told.append("start")
        if self.fault is not None:
            raise self.fault

    def stop(self) -> None:
        self.told.append("stop")

    def close(self) -> None:
        self.told.append("close")


class FragileNode(WorkingNode):
    session: Fragile | None

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__("fragile", TABLE, **node_arguments)

    def setup(self) -> None:
        self.session = Fragile()

    def input_topic(self) -> str:
        return self.resolve_topic_name("image")

    def contradiction(self, values: Mapping[str, Any]) -> str:
        return "low is above high" if values["low"] > values["high"] else ""


@pytest.fixture
def node(ros_context: Any) -> Iterator[FragileNode]:
    node = FragileNode(context=ros_context)
    yield node
    node.destroy_node()


@pytest.mark.parametrize(
    ("fault", "reason"), [(InputRefused("no_room", "no room"), "no_room"), (OSError("no room"), "activation_failed")]
)
def test_a_start_that_fails_is_taken_back_and_may_be_tried_again(
    node: FragileNode, fault: Exception, reason: str
) -> None:
    assert node.trigger_configure() is TransitionCallbackReturn.SUCCESS
    session = node.session
    assert session is not None
    session.fault = fault
    assert node.trigger_activate() is TransitionCallbackReturn.FAILURE
    assert (session.told, node.active, node.session) == (["start", "stop"], False, session)
    assert node.refusals.look().messages == {reason: "no room"}
    session.fault = None
    assert node.trigger_activate() is TransitionCallbackReturn.SUCCESS
    assert node.active


def test_values_that_contradict_each_other_are_refused(node: FragileNode, ros_context: Any) -> None:
    (refused,) = node.set_parameters([Parameter("low", value=0.9)])
    assert (refused.successful, refused.reason) == (False, "low is above high")
    together = node.set_parameters_atomically([Parameter("low", value=0.9), Parameter("high", value=1.0)])
    assert together.successful and node.value("low") == 0.9
    with pytest.raises(ValueError, match="low is above high"):
        FragileNode(context=ros_context, parameter_overrides=[Parameter("high", value=0.1)])
