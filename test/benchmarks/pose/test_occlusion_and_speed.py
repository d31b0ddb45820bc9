"""Rows of the synthetic benchmark are counted where they belong, and what is wrong is listed."""

import numpy as np
import pytest

from benchmarks.pose.occlusion_and_speed import LEVELS, by_level
from benchmarks.reporting import pose_tables
from foundation_pose_ros import PoseResult
from foundation_pose_ros.evaluation.evaluate import JudgedEstimate
from foundation_pose_ros.evaluation.runner import Estimate
from foundation_pose_ros.tracking import TrackState

MACHINE = {"machine": {"cpu": "a processor", "cores": 2}, "created": "2026", "commit": "x", "command": "y"}


def row(name: str, add_m: float, adds_m: float, diameter_m: float = 0.2) -> JudgedEstimate:
    result = PoseResult(name, np.eye(4), 0.8, np.eye(6)) if np.isfinite(add_m) else None
    estimate = Estimate("000000", name, TrackState.TRACKING, result)
    return JudgedEstimate("scene", name, diameter_m, estimate, True, add_m, adds_m, add_m, 1.0)


@pytest.fixture
def figures() -> dict:
    rows = [
        (0.0, row("mug", 0.001, 0.001)),
        (0.05, row("mug", 0.030, 0.002)),
        (0.3, row("can", 0.001, 0.001)),
        (0.5, row("can", np.inf, np.inf)),
        (0.98, row("can", 0.001, 0.001)),
    ]
    return by_level(rows)


def test_rows_are_counted_by_what_was_hidden(figures):
    assert [level["n"] for level in figures["levels"]] == [2, 0, 1, 1, 0]
    assert [level["hidden"] for level in figures["levels"]] == [list(level) for level in LEVELS]
    assert figures["levels"][0]["add_recall_0.1d"] == 0.5
    assert figures["levels"][0]["adds_recall_0.1d"] == 1.0
    assert figures["up_to_goal"]["n"] == 3
    assert figures["objects"]["mug"]["add_recall_0.1d"] == 0.5
    assert figures["objects"]["can"]["add_recall_0.1d"] == 1.0


def test_every_miss_is_listed_with_what_was_hidden(figures):
    assert [(miss["object"], miss["hidden"]) for miss in figures["misses"]] == [("mug", 0.05), ("can", 0.5)]
    assert figures["misses"][0]["add_share"] == pytest.approx(0.15)
    assert figures["misses"][1]["add_share"] is None


def test_tables_show_levels_that_have_rows(figures):
    text = pose_tables.hidden({"printed": figures, "scanned": by_level([]), **MACHINE})
    assert "| printed | 0 to 10 % | 2 | 0.500 | 1.000 |" in text
    assert "| printed | 0 to 40 % | 3 | 0.667 |" in text
    assert "10 to 25 %" not in text and "scanned" not in text
    sequence = figures["up_to_goal"] | {"object": "mug", "speed_m_s": 0.5, "turn_deg_s": 90.0}
    assert "| mug | 3 | 0.50 m/s, 90 deg/s | 0 |" in pose_tables.hurried({"hurried": [sequence], **MACHINE})
