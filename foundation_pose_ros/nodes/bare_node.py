"""Nodes beside a node, for what needs an executor of its own."""

from typing import Any

from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter


def bare_node(name: str, context: Context, **node_arguments: Any) -> Node:
    """Make a node that offers nothing by itself: neither its parameters nor descriptions of its types.

    So there is less to be found on the network, and nothing that a policy of SROS2 would have to allow. It keeps its
    name where the command line renames the process's node, as launch files do.
    """
    return Node(
        name,
        context=context,
        cli_args=["--ros-args", "-r", f"__node:={name}"],
        start_parameter_services=False,
        parameter_overrides=[Parameter("start_type_description_service", value=False)],
        **node_arguments,
    )
