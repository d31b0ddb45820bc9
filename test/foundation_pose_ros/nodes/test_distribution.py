"""What distributions call otherwise is found under either name."""

import importlib.util
import sys
from types import ModuleType

import pytest

from foundation_pose_ros import nodes

NAMES = ("PublisherEventCallbacks", "SubscriptionEventCallbacks")


@pytest.mark.parametrize(("there", "absent"), [("event_handler", "qos_event"), ("qos_event", "event_handler")])
def test_callbacks_of_events_are_found(monkeypatch: pytest.MonkeyPatch, there: str, absent: str) -> None:
    rclpy, events = ModuleType("rclpy"), ModuleType(f"rclpy.{there}")
    for name in NAMES:
        setattr(events, name, type(name, (), {}))
    monkeypatch.setitem(sys.modules, "rclpy", rclpy)
    monkeypatch.setitem(sys.modules, f"rclpy.{there}", events)
    monkeypatch.setitem(sys.modules, f"rclpy.{absent}", None)
    spec = importlib.util.spec_from_file_location("distribution_of_test", f"{nodes.__path__[0]}/distribution.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert [getattr(module, name) for name in NAMES] == [getattr(events, name) for name in NAMES]
