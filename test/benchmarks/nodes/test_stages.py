"""Stages of pose_node that are clocked are methods that there are."""

import inspect
from importlib import import_module

import pytest

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")

from benchmarks.nodes.stages import STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_a_method_of_the_node(stage: str) -> None:
    module, _, method = STAGES[stage].partition(":")
    holder, _, name = method.partition(".")
    assert inspect.isroutine(inspect.getattr_static(getattr(import_module(module), holder), name)), STAGES[stage]
