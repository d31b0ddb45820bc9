"""Points, laws, their table and their figure."""

import numpy as np
import pytest

from benchmarks.reporting.scaling_laws import against, figure, laws_table, point

N = [10.0, 30.0, 100.0, 300.0]


def test_a_point_has_mean_and_standard_error_by_hand() -> None:
    assert point(30, np.array([0.1, 0.2, 0.3, 0.4])) == {"n": 30, "loss": 0.25, "standard_error": 0.0645}


def test_points_and_law_are_those_of_the_losses_and_are_shown() -> None:
    losses = 0.9 * np.array(N)[:, None] ** -0.3 * np.linspace(0.8, 1.2, 50)
    found = against(N, losses, asked=1000)
    assert [one["n"] for one in found["points"]] == [10, 30, 100, 300]
    assert found["exponent"][0] == pytest.approx(0.3, abs=0.01)
    assert found["foretold"][0] == pytest.approx(0.9 * 1000**-0.3, abs=0.003)
    (first, _), (last, least) = found["law"][0], found["law"][-1]
    assert (first, last) == (10, 300) and least == pytest.approx(losses[-1].mean(), abs=0.002)

    report = {"against": {"tasks": found}}
    assert "| tasks | 0.00" in laws_table(report, {"tasks": "tasks"}) and "| 1 000 |" in laws_table(
        report, {"tasks": "tasks"}
    )
    assert "loss against sets" in figure(report, {"tasks": "sets"}, "1 - Dice")
