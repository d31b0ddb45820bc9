"""Parameters, their documentation and their YAML file are in step."""

from pathlib import Path

import pytest
import yaml

pytest.importorskip("torch", reason="PyTorch isn't installed here")
pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.nodes.parameters import markdown_table
from universeg_ros.nodes.parameters import SEGMENTATION_NODE, limits, preparation, segmenter_settings
from universeg_ros.nodes.support_sets import Limits
from universeg_ros.segmenter_settings import SegmenterSettings
from universeg_ros.support.preparation import Preparation


def test_documentation_holds_the_table(repository: Path) -> None:
    assert markdown_table(SEGMENTATION_NODE) in (repository / "docs" / "universeg.md").read_text()


def test_yaml_file_names_parameters_that_exist(repository: Path) -> None:
    content = yaml.safe_load((repository / "config" / "segmentation.yaml").read_text())
    rows = {row.name: row for row in SEGMENTATION_NODE}
    for name, value in content["/**"]["ros__parameters"].items():
        assert type(value) is type(rows[name].default), name
        assert not rows[name].fault_of(value)


def test_defaults_are_those_of_the_library() -> None:
    defaults = {row.name: row.default for row in SEGMENTATION_NODE}
    assert segmenter_settings(defaults) == SegmenterSettings()
    assert limits(defaults) == Limits()
    assert preparation(defaults) == Preparation()


def test_a_window_is_taken_where_it_is_one() -> None:
    values = {row.name: row.default for row in SEGMENTATION_NODE}
    assert preparation(values | {"window_low": -160.0, "window_high": 240.0}).window == (-160.0, 240.0)
    with pytest.raises(InputRefused, match="lower value first"):
        preparation(values | {"window_low": 240.0, "window_high": -160.0})
