"""Fits find the constants that draws were made with."""

from dataclasses import fields, replace

import numpy as np
import pytest

from benchmarks.calibration.fit import Errors, fitted_confidence, fitted_covariance, fitted_errors
from foundation_pose_ros.uncertainty.confidence import Confidence, Cues, Standing
from foundation_pose_ros.uncertainty.covariance import CovarianceModel


def drawn_cues(rng: np.random.Generator, count: int) -> Cues:
    """Draw all but leads evenly; no pose has a rival that is near."""
    drawn = Cues(**{field.name: rng.random(count) for field in fields(Cues)})
    return replace(drawn, lead=np.full(count, 10.0), ways=np.ones(count))


def test_weights_are_found_on_both_sides_of_a_bend_and_what_speaks_against_is_left_out(rng):
    cues = drawn_cues(rng, 12000)
    true = Confidence(-4.0, (("agreement", 2.0, 10.0), ("border", 3.0, 3.0)), Standing(0.0, 0.0, 1.0))
    right = rng.random(12000) < true(cues)
    # What speaks against: more of it where poses are wrong.
    cues = replace(cues, outline=np.where(right, 0.6, 1.0) * cues.outline)
    found = fitted_confidence(cues, right, ["agreement", "border", "outline"])
    (_, low, high), (_, before, after), (_, *against) = found.weights
    assert low == pytest.approx(2.0, abs=0.8) and high == pytest.approx(10.0, abs=0.8)
    assert before == pytest.approx(3.0, abs=0.7) and after == pytest.approx(3.0, abs=0.7)
    assert against == [0.0, 0.0]


def test_right_and_wrong_count_the_same_however_many_there_are(rng):
    """Odds of one to one before the look, though four of five poses are wrong."""
    cues = drawn_cues(rng, 5000)
    wrong = np.arange(5000) < 4000
    cues = replace(cues, agreement=np.where(wrong, 0.3, 0.7) + 0.2 * cues.agreement)
    fit = fitted_confidence(cues, ~wrong, ["border"])
    # By their numbers it would be 0.2; what an even draw of a cue says by chance is less than this.
    assert np.allclose(fit(cues), 0.5, atol=0.12)


def test_constants_of_a_covariance_are_found(rng):
    true = CovarianceModel(repeat=12.0, shift_per_m=2e-3, rim_m=1e-3)
    count = 600
    axes = rng.normal(size=(count, 6, 6))
    scale = np.diag([1e2, 1e2, 1e2, 3.0, 3.0, 3.0])
    information = scale @ (axes @ np.swapaxes(axes, 1, 2) + np.eye(6)) @ scale * 0.02
    variance_m2, diameter_m = rng.uniform(0.5e-6, 4e-6, count), rng.uniform(0.06, 0.3, count)
    distance_m = rng.uniform(0.4, 1.2, count)
    points_information = 1e3 * information[::-1] * (np.arange(count) % 4 == 0)[:, None, None]
    known = information, variance_m2, points_information, diameter_m, distance_m
    covariances = Errors(np.zeros((count, 6)), *known).covariances(true)
    # Student's t, as the fit believes errors to be, of that covariance.
    tails = np.sqrt((5.0 - 2.0) / rng.chisquare(5.0, count))[:, None]
    twists = tails * np.array([rng.multivariate_normal(np.zeros(6), c) for c in covariances])
    # One that is turned the wrong way has no say.
    twists[0, 4] = 1.5
    found = fitted_covariance(Errors(twists, *known))
    for field in fields(CovarianceModel):
        assert getattr(found, field.name) == pytest.approx(getattr(true, field.name), rel=0.25)


def test_what_a_lead_is_worth_is_found_though_some_rivals_are_right_against_all_that_is_seen(rng):
    # About as many right as wrong, so that weighing them the same changes little.
    cues = replace(drawn_cues(rng, 12000), lead=rng.uniform(-0.6, 0.6, 12000))
    true = Confidence(3.0, (("agreement", 2.0, 10.0),), Standing(0.5, 0.0, 6.0))
    found = fitted_confidence(cues, rng.random(12000) < true(cues), ["agreement"])
    assert found.stands == Standing(pytest.approx(0.5, abs=0.25), 0.0, pytest.approx(6.0, rel=0.15))


def test_how_far_an_earlier_look_is_believed_is_found(rng):
    known = np.where(rng.random(12000) < 0.5, 2.0, 0.0)
    cues = replace(drawn_cues(rng, 12000), lead=rng.uniform(-1.0, 0.6, 12000), earlier_lead=known)
    true = Confidence(3.0, (("agreement", 2.0, 10.0),), Standing(0.0, 2.0, 5.0))
    found = fitted_confidence(cues, rng.random(12000) < true(cues), ["agreement"], earlier=True)
    assert found.stands.chosen < 0.3
    assert (found.stands.most, found.stands.rate) == pytest.approx((2.0, 5.0), rel=0.2)


def test_stated_errors_hold_for_the_kind_of_objects_whose_poses_are_off_by_most(rng):
    model, count = CovarianceModel(repeat=12.0, shift_per_m=2e-3, rim_m=1e-3), 4000
    information = np.broadcast_to(np.diag([2e3, 2e3, 2e3, 5.0, 5.0, 5.0]), (count, 6, 6))
    known = information, np.full(count, 1e-6), 0 * information, np.full(count, 0.2), np.full(count, 0.6)
    covariance = Errors(np.zeros((count, 6)), *known).covariances(model)[0]
    twists = rng.multivariate_normal(np.zeros(6), covariance, count)
    moved, turned = np.diag([2.0, 2.0, 2.0, 1.0, 1.0, 1.0]), np.diag([1.0, 1.0, 1.0, 3.0, 3.0, 3.0])
    found = fitted_errors([Errors(twists @ by, *known) for by in (moved, turned)], model)
    assert found.translation == pytest.approx((2.0, 2.0), rel=0.05)
    assert found.rotation == pytest.approx((3.0, 3.0), rel=0.05)
