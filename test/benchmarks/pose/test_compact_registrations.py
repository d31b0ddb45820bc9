"""What is said of registrations with and without a network's steps."""

import pytest

from benchmarks.pose.compact_registrations import Registered, summed_up, table
from foundation_pose_ros.provenance import provenance


def test_what_the_network_changed_is_counted_and_errors_are_those_of_right_poses():
    found = [
        Registered("a", 0.02, 0.01),
        Registered("b", 0.03, 0.03),
        Registered("c", 0.5, 0.04),
        Registered("d", 0.04, 0.3),
    ]
    row = summed_up(found)
    assert row["registrations"] == 4
    assert row["right"] == [0.75, 0.75]
    assert row["error"] == pytest.approx([0.025, 0.02])
    assert (row["nearer"], row["farther"]) == (2, 1)


def test_where_no_pose_is_right_there_is_no_error_to_show():
    row = summed_up([Registered("a", 0.5, 0.6)])
    assert row["error"] == [None, None]
    shown = table(provenance({}) | {"weights": {}, "sources": {"a": row}, "command": "x"})
    assert "| a | 1 | 0.000 -> 0.000 |  ->  | 0 | 1 |" in shown
