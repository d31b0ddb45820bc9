"""Shares of right and of wrongly believed poses, and the strip chart that shows them."""

import numpy as np

from benchmarks.pose.real_video import Play, report_of, right, strip_chart, table
from foundation_pose_ros.evaluation.evaluate import JudgedEstimate
from foundation_pose_ros.evaluation.runner import Estimate
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.tracking import TrackState


def row(add_m: float, score: float | None) -> JudgedEstimate:
    result = None if score is None else PoseResult("mug", np.eye(4, dtype=np.float32), score, np.eye(6))
    return JudgedEstimate("desk", "mug", 0.1, Estimate("1", "mug", TrackState.TRACKING, result), True, add_m)


PLAYS = [
    Play("desk", "mug", 1, "gt", [row(0.001, 0.9), row(0.002, 0.3)]),
    Play("desk", "mug", 2, "gt", [row(0.001, 0.9), row(0.05, 0.9), row(0.05, 0.2), row(np.inf, None)]),
]


def test_a_pose_is_right_within_a_tenth_of_the_diameter() -> None:
    assert [right(one) for one in PLAYS[1].rows] == [True, False, False, False]


def test_shares_by_object_and_step() -> None:
    report = report_of(PLAYS)
    assert [(e["step"], e["n"], e["right"], e["wrong_believed"]) for e in report["objects"]] == [
        (1, 2, 1.0, 0.0),
        (2, 4, 0.25, 0.25),
    ]
    assert report["overall"][1]["right"] == 0.25
    assert table(report).splitlines()[2] == "| desk mug | 1.000 (0.0 % of 2) | 0.250 (25.0 % of 4) |"


def test_the_chart_shows_right_wrong_and_none() -> None:
    image = strip_chart(PLAYS, cell_px=12, label_px=300)
    row_px = 3 + 12 + 3 + 2  # into the second track
    colours = [tuple(int(c) for c in image[row_px, 300 + 12 * k + 1]) for k in range(4)]
    assert colours == [(120, 190, 120), (215, 50, 40), (255, 170, 60), (255, 255, 255)]
