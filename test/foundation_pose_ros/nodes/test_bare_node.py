"""Nodes beside a node: a name of their own whatever the command line says, and nothing on offer."""

import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")

from rclpy.context import Context

from foundation_pose_ros.nodes.bare_node import bare_node
from foundation_pose_ros.nodes.demo.run import own_domain_id


def test_a_node_beside_another_keeps_its_name_and_offers_nothing() -> None:
    with own_domain_id() as domain_id:
        context = Context()
        rclpy.init(args=["--ros-args", "-r", "__node:=renamed"], context=context, domain_id=domain_id)
        beside, plain = bare_node("beside", context), rclpy.create_node("plain", context=context)
        try:
            assert plain.get_name() == "renamed", "as launch files do"
            assert beside.get_name() == "beside"
            assert list(beside.services) == []
            assert len(list(plain.services)) >= 6
        finally:
            beside.destroy_node()
            plain.destroy_node()
            rclpy.shutdown(context=context)
