"""Times are compared within one run."""

import pytest

from benchmarks.pose.scaling import ratios
from benchmarks.reporting import pose_tables

MACHINE = {"machine": {"cpu": "a processor", "cores": 2}, "created": "2026", "commit": "x", "command": "y"}


def test_ratios_are_taken_turn_by_turn():
    row = ratios([0.2, 0.6, 0.9], [0.1, 0.2, 0.3])
    assert (row["n"], row["times"], row["median_s"]) == (3, 3.0, 0.6)
    assert row["q1"] == pytest.approx(2.5)


def test_tables_show_ratios_with_their_spread():
    row = ratios([0.2, 0.6, 0.9], [0.1, 0.2, 0.3])
    sizes = pose_tables.sizes({"sizes": [{"image": "640x480", "register": row, "track": row}], **MACHINE})
    assert "| 640x480 | 3.00 (2.50 to 3.00) | 3.00 (2.50 to 3.00) | 3, 3 |" in sizes
    counts = pose_tables.counts({"counts": [{"objects": 4, "frame": row, "tracking": 4}], **MACHINE})
    assert "| 4 | 3.00 (2.50 to 3.00) | 3 | 4 |" in counts
