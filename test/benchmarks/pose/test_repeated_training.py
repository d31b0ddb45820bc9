"""The interval that runs state holds as many of the runs that follow as it says."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch isn't installed here")

from benchmarks.pose.repeated_training import PART, interval


def test_one_more_run_ends_within_it_as_often_as_it_says():
    rng = np.random.default_rng(0)
    runs = rng.normal(0.33, 0.006, (4000, 5))
    within = 0
    for *first, last in runs.tolist():
        low, high = interval(first)
        within += low <= last <= high
    assert within / len(runs) == pytest.approx(0.95, abs=0.01)


def test_the_table_says_on_which_side_the_last_run_is():
    report = {"losses": [0.3, 0.31, 0.5], "interval": [0.25, 0.36], "settings": {"steps": 3, "run": "a.yaml"}}
    origin = {"command": "python", "machine": {"cpu": "a", "cores": 1}, "created": "2026-01-02", "commit": "c"}
    assert "| 2 | 0.500 | outside 0.250 to 0.360 |" in PART.markdown(report | origin)
