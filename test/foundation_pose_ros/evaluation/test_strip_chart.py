"""What a strip shows of a track: right, wrong and believed, wrong and in doubt, none."""

import numpy as np

from foundation_pose_ros.evaluation.evaluate import JudgedEstimate
from foundation_pose_ros.evaluation.runner import Estimate
from foundation_pose_ros.evaluation.strip_chart import DOUBTED, NONE, RIGHT, WRONG, Strip, strip_chart
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.tracking import TrackState


def row(add_m: float, score: float | None, in_doubt: bool = False) -> JudgedEstimate:
    result = None if score is None else PoseResult("mug", np.eye(4, dtype=np.float32), score, np.eye(6))
    return JudgedEstimate(
        "desk", "mug", 0.1, Estimate("1", "mug", TrackState.TRACKING, result, in_doubt=in_doubt), True, add_m
    )


ROWS = [row(0.001, 0.9), row(0.05, 0.9), row(0.05, 0.9, in_doubt=True), row(np.inf, None)]


def test_a_cell_has_the_colour_of_what_was_said_and_true():
    image = strip_chart([Strip("mug", ROWS)], cell_px=8, strip_px=36, label_px=100)
    for k, colour in enumerate((RIGHT, WRONG, DOUBTED, NONE)):
        cell = image[4:40, 100 + 8 * k : 107 + 8 * k]
        assert (cell == colour).all(axis=-1).mean() > 0.6


def test_errors_are_black_and_scores_blue():
    image = strip_chart([Strip("mug", [row(0.001, 0.5)] * 6)], label_px=100)
    strip = image[4:40, 100:140].astype(int)
    dark = np.argwhere(strip.sum(axis=-1) < 200)[:, 0]
    blue = np.argwhere((strip[..., 2] - strip[..., 0] > 60) & (strip[..., 0] < 150))[:, 0]
    assert dark.min() > 30
    assert abs(np.median(blue) - 17.5) < 2


def test_long_tracks_go_on_below_and_no_tracks_are_no_error():
    assert strip_chart([Strip("mug", ROWS * 10)], most_cells=20).shape[0] == 4 + 2 * 40
    assert strip_chart([]).shape[0] == 4
