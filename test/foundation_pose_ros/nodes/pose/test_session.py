"""The life of a node: what it holds is gone after a cleanup, and of two of one name only one works."""

import gc
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")
pytest.importorskip("foundation_perception", reason="foundation_perception isn't built here: source its workspace")

from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from foundation_pose_ros.nodes.pose.node import PoseNode
from foundation_pose_ros.nodes.pose.objects import PoseObjects
from foundation_pose_ros.synthetic.meshes import make_mesh


def test_cleanup_leaves_nothing_behind(ros_context: Any, tmp_path: Path) -> None:
    make_mesh("sticker_cube", 0).export(tmp_path / "cube.glb")
    given = {
        "autostart": False,
        "objects": ["cube"],
        "cube.mesh": str(tmp_path / "cube.glb"),
        "cube.symmetries": "none",
    }
    overrides = [Parameter(name, value=value) for name, value in given.items()]
    node = PoseNode(context=ros_context, parameter_overrides=overrides)
    gc.disable()
    try:
        node.setup()
        assert node.session is not None
        held = [weakref.ref(part) for part in (node.session, node.session.objects, node.session.pipeline)]
        node.release()
        assert [part() for part in held] == [None, None, None]
    finally:
        gc.enable()
        node.destroy_node()


def test_a_configuration_that_breaks_off_leaves_nothing_behind(
    ros_context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_objects: PoseObjects) -> None:
        raise ArithmeticError("singular")

    node = PoseNode(context=ros_context, parameter_overrides=[Parameter("autostart", value=False)])
    offered = [len(list(ends)) for ends in (node.publishers, node.services)]
    monkeypatch.setattr(PoseObjects, "warm_up", broken)
    try:
        assert node.trigger_configure() is TransitionCallbackReturn.FAILURE
        assert node.refusals.look().messages == {"configuration_failed": "singular"}
        assert [len(list(ends)) for ends in (node.publishers, node.services)] == offered
        assert not {"pose waits", "actions", "services"} & {thread.name for thread in threading.enumerate()}
        monkeypatch.undo()
        assert node.trigger_configure() is TransitionCallbackReturn.SUCCESS
    finally:
        node.destroy_node()


def test_of_two_nodes_of_one_name_one_is_active(ros_context: Any) -> None:
    first, second = (
        PoseNode(context=ros_context, parameter_overrides=[Parameter("autostart", value=False)]) for _ in range(2)
    )
    try:
        for node in (first, second):
            assert node.trigger_configure() is TransitionCallbackReturn.SUCCESS
        assert first.trigger_activate() is TransitionCallbackReturn.SUCCESS
        assert second.trigger_activate() is TransitionCallbackReturn.FAILURE
        assert not second.active
        assert "give this one a name of its own" in second.refusals.look().messages["name_taken"]
        assert first.trigger_deactivate() is TransitionCallbackReturn.SUCCESS
        assert second.trigger_activate() is TransitionCallbackReturn.SUCCESS
        assert second.active
    finally:
        for node in (first, second):
            node.destroy_node()
