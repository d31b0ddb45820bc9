"""What is said of registrations with and without a network's steps."""

from benchmarks.pose.compact_registrations import RegisteredErrors, summed_up, table
from foundation_pose_ros.runtime.provenance import provenance

FOUND = [
    RegisteredErrors("a", 0.2, 0.02, 0.02, 0.01),
    RegisteredErrors("b", 0.3, 0.03, 0.03, 0.03),
    RegisteredErrors("c", 0.4, 0.5, 0.4, 0.04),
    RegisteredErrors("d", 0.3, 0.04, 0.02, 0.3),
]


def test_what_the_network_changed_is_counted_beside_as_many_geometric_steps():
    row = summed_up(FOUND)
    assert row["registrations"] == 4 and row["depth"] == 0.3
    assert row["right"] == {"alone": 0.75, "geometric": 0.75, "network": 0.75}
    assert row["error"] == {"alone": 0.035, "geometric": 0.025, "network": 0.035}
    assert (row["nearer"], row["farther"]) == (2, 1)


def test_the_table_has_a_line_for_each_source_and_way_of_seeing():
    seen = {"as seen": {"mug": summed_up(FOUND)}, "80% of depth lost": {"mug": summed_up(FOUND[:1])}}
    shown = table(provenance({}) | {"weights": {"kind": "compact_refine", "steps": "7"}, "seen": seen, "command": "x"})
    assert "| mug, as seen | 0.30 | 4 | 0.750 | 0.750 | 0.750 | 3.50 | 2.50 | 3.50 | 2 | 1 |" in shown
    assert "| mug, 80% of depth lost | 0.20 | 1 | 1.000 | 1.000 | 1.000 | 2.00 | 2.00 | 1.00 | 1 | 0 |" in shown
    assert "Weights: 7 steps" in shown
