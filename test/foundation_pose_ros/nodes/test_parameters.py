"""One table declares, refuses and documents."""

from typing import Any

import pytest
import yaml

rclpy = pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")

from rclpy.node import Node
from rclpy.parameter import Parameter

from foundation_pose_ros.nodes.parameters import (
    ParameterScope,
    Row,
    commented_yaml,
    declare,
    markdown_table,
    validator,
    values,
)

TABLE = (
    Row("name", "mug", "What it is called."),
    Row("mode", "fast", "How to work.", choices=("fast", "exact")),
    Row("count", 3, "How many.", 1, 5),
    Row("limit", 0.5, "Where to stop.", 0.0, 1.0, scope=ParameterScope.ON_CONFIGURE),
    Row("folders", [], "Where to look.", scope=ParameterScope.AT_START),
    Row("prefix", "", "Put before names.", pattern="[a-z_]{0,8}"),
)


def node_with(context: Any, **overrides: Any) -> Node:
    return Node(
        "tabled", context=context, parameter_overrides=[Parameter(name, value=v) for name, v in overrides.items()]
    )


def test_defaults_and_overrides(ros_context: Any) -> None:
    node = node_with(ros_context, count=5, folders=["/a", "", "/b"])
    declare(node, TABLE)
    declare(node, TABLE)
    assert values(node, TABLE) == {
        "name": "mug",
        "mode": "fast",
        "count": 5,
        "limit": 0.5,
        "folders": ["/a", "/b"],
        "prefix": "",
    }
    node.destroy_node()


@pytest.mark.parametrize(
    "wrong", [{"mode": "slow"}, {"prefix": "a b"}, {"count": 9}, {"limit": 1.5}, {"count": "three"}]
)
def test_values_that_make_no_sense_are_refused_at_the_start(ros_context: Any, wrong: dict[str, Any]) -> None:
    node = node_with(ros_context, **wrong)
    with pytest.raises(Exception, match=next(iter(wrong))):
        declare(node, TABLE)
    node.destroy_node()


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("mode", "exact", True),
        ("mode", "slow", False),
        ("count", 1, True),
        ("count", 0, False),
        ("folders", ["/"], False),
        ("prefix", "left_", True),
        ("prefix", "a b//c", False),
        ("prefix", "a" * 100_000, False),
    ],
)
def test_values_that_make_no_sense_are_refused_later(ros_context: Any, name: str, value: Any, accepted: bool) -> None:
    node = node_with(ros_context)
    declare(node, TABLE)
    node.add_on_set_parameters_callback(validator(TABLE))
    before = node.get_parameter(name).value
    (result,) = node.set_parameters([Parameter(name, value=value)])
    assert result.successful is accepted
    assert accepted or result.reason
    assert node.get_parameter(name).value == (value if accepted else before)
    node.destroy_node()


def test_documentation_says_what_the_table_says() -> None:
    lines = markdown_table(TABLE).splitlines()
    assert lines[2 + 1] == "| `mode` | str | `fast` | `fast`, `exact` | at once | How to work. |"
    assert lines[2 + 3] == "| `limit` | float | `0.5` | 0 to 1 | configure | Where to stop. |"
    assert lines[2 + 4] == "| `folders` | list of strings |  |  | start | Where to look. |"
    text = commented_yaml(TABLE)
    assert "    # How many. (1 to 5)\n    count: 3\n" in text
    assert yaml.safe_load(text) == {
        "name": "mug",
        "mode": "fast",
        "count": 3,
        "limit": 0.5,
        "folders": [""],
        "prefix": "",
    }
