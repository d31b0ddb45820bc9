"""Judgements of probabilities and covariances, against draws whose truth is known."""

import numpy as np
import pytest
from scipy.stats import chi2

from benchmarks.calibration.reliability import consistency, judged, reliability, swept_error


def drawn(rng: np.random.Generator, clusters: int, each: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, what happened as they say, and clusters; about half of it right."""
    p = rng.beta(0.4, 0.4, clusters * each)
    return p, rng.random(len(p)) < p, np.repeat(np.arange(clusters), each)


def test_error_of_one_bin_is_counted_by_hand():
    """Three right of four that said 0.9, and one right of four that said 0.1; classes weigh the same already."""
    p, right = np.repeat([0.9, 0.1], 4), np.array([1, 1, 1, 0, 1, 0, 0, 0], bool)
    diagram, error = reliability(p, right)
    assert [row["was"] for row in diagram] == [0.25, 0.75]
    assert error == pytest.approx(0.15)


def test_what_is_right_as_often_as_said_has_little_error_and_less_when_chance_is_taken_off(rng):
    reports = [judged(*drawn(rng, 40, 10)) for _ in range(5)]
    plain, corrected, swept = (
        np.mean([report[name] for report in reports]) for name in ("expected_calibration_error", "corrected", "swept")
    )
    assert corrected < 0.75 * plain and plain < 0.08 and swept < 0.08
    assert all(report["percentiles_5_95"][0] < report["percentiles_5_95"][1] for report in reports)


def test_what_is_too_sure_of_itself_is_found_out(rng):
    p, right, cluster = drawn(rng, 40, 10)
    odds = p / (1 - p)
    report = judged(odds**3 / (1 + odds**3), right, cluster)
    assert report["corrected"] > 0.05 and report["swept"] > 0.05


def test_few_poses_have_a_large_error_by_chance_that_sweeping_lowers(rng):
    found = []
    for _ in range(30):
        p, right, _ = drawn(rng, 60, 1)
        found.append((reliability(p, right)[1], swept_error(p, right)))
    fixed, swept = np.mean(found, axis=0)
    assert swept < fixed and fixed > 0.05


def test_errors_drawn_from_their_covariances_are_consistent(rng):
    axes = rng.normal(size=(500, 6, 6))
    covariances = 1e-6 * axes @ np.swapaxes(axes, 1, 2)
    twists = np.array([rng.multivariate_normal(np.zeros(6), c) for c in covariances])
    report = consistency(twists, covariances)
    assert report is not None
    assert report["mean"] == pytest.approx(6, abs=0.6)
    assert report["percentiles_10_50_90"][1] == pytest.approx(chi2.ppf(0.5, 6), abs=0.6)
    surer = consistency(twists, covariances / 4)
    assert surer is not None and surer["mean"] == pytest.approx(24, abs=2.5)


def test_poses_turned_away_are_counted_apart():
    twists = np.zeros((3, 6))
    twists[0, 4] = 1.0
    report = consistency(twists, np.tile(np.eye(6), (3, 1, 1)))
    assert report is not None and report["n"] == 2 and report["turned_the_wrong_way"] == 1
    assert consistency(twists[:1], np.eye(6)[None]) is None
