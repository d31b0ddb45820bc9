"""Lines across an outline: where they start, which way they go, and which are left out."""

import numpy as np

from foundation_pose_ros.observation.contour import COLUMNS, DEPTH_M, DU, DV, RUN_IN, RUN_OUT, U, V, outline

SIZE = 39
MIDDLE, RADIUS = 19.3, 12.0


def disc() -> np.ndarray:
    v, u = np.mgrid[:SIZE, :SIZE]
    return np.where(np.hypot(u - MIDDLE, v - MIDDLE) < RADIUS, 0.5, 0).astype(np.float32)


def lines_of(rendered_m: np.ndarray, observed_m: np.ndarray) -> np.ndarray:
    lines = np.empty((256, COLUMNS), np.float32)
    return lines[: outline(rendered_m, observed_m, lines)]


def test_lines_lie_on_the_outline_and_point_outwards() -> None:
    lines = lines_of(disc(), np.zeros((SIZE, SIZE), np.float32))
    away_u, away_v = lines[:, U] - MIDDLE, lines[:, V] - MIDDLE
    distance = np.hypot(away_u, away_v)
    assert len(lines) > 60
    assert abs(distance.mean() - RADIUS) < 0.1 and distance.std() < 0.3
    assert ((away_u * lines[:, DU] + away_v * lines[:, DV]) / distance).min() > 0.97
    assert (lines[:, DEPTH_M] == 0.5).all()


def test_a_line_knows_how_far_it_stays_on_either_side() -> None:
    rendered_m = disc()
    rendered_m[:, 34:] = 0.5
    lines = lines_of(rendered_m, np.zeros((SIZE, SIZE), np.float32))
    facing = lines[(lines[:, DU] > 0.95) & (lines[:, U] < 33)]
    assert len(facing) and facing[:, RUN_OUT].max() <= 3
    left = lines[(lines[:, DU] < -0.95) & (lines[:, U] < MIDDLE)]
    assert left[:, RUN_IN].min() >= 7 and left[:, RUN_OUT].min() >= 5


def test_every_side_of_a_fine_outline_is_seen() -> None:
    size = 80
    rendered_m = np.zeros((size, size), np.float32)
    rendered_m[20:60, 20:60] = 0.5
    lines = lines_of(rendered_m, np.zeros_like(rendered_m))
    counts = [int((one > 0.9).sum()) for one in (lines[:, DU], -lines[:, DU], lines[:, DV], -lines[:, DV])]
    assert min(counts) > 15 and max(counts) - min(counts) <= 3


def test_lines_beside_what_may_hide_the_object_are_left_out() -> None:
    observed_m = np.full((SIZE, SIZE), 0.5, np.float32)
    observed_m[:, : SIZE // 2] = 0.4
    lines = lines_of(disc(), observed_m)
    assert len(lines) and lines[:, U].min() > SIZE // 2
    observed_m[:, : SIZE // 2] = 0.49  # not by enough to tell
    assert len(lines_of(disc(), observed_m)) > 1.8 * len(lines)
