"""Times are compared within one run."""

import pytest

from benchmarks.scaling import counts_table, ratios, sizes_table

MACHINE = {"machine": {"cpu": "a processor", "cores": 2}, "created": "2026", "commit": "x", "command": "y"}


def test_ratios_are_taken_turn_by_turn():
    row = ratios([0.2, 0.6, 0.9], [0.1, 0.2, 0.3])
    assert (row["n"], row["times"], row["median_s"]) == (3, 3.0, 0.6)
    assert row["q1"] == pytest.approx(2.5)


def test_tables_show_ratios_with_their_spread():
    row = ratios([0.2, 0.6, 0.9], [0.1, 0.2, 0.3])
    sizes = sizes_table({"sizes": [{"image": "640x480", "register": row, "track": row}], **MACHINE})
    assert "| 640x480 | 3.00 (2.50 to 3.00) | 3.00 (2.50 to 3.00) | 3, 3 |" in sizes
    counts = counts_table({"counts": [{"objects": 4, "frame": row, "tracking": 4}], **MACHINE})
    assert "| 4 | 3.00 (2.50 to 3.00) | 3 | 4 |" in counts
