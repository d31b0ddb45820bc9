"""Constants in the code are those that were fitted, and hold on a scene that they weren't fitted on."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from benchmarks.calibration.__main__ import errors_of, judged_on
from benchmarks.calibration.constants import ERRORS, SHIPPED, TASKS, written
from benchmarks.calibration.gathering import Place, gathered, places, spread
from benchmarks.calibration.reliability import consistency
from benchmarks.calibration.sample import Sample
from benchmarks.calibration.samples import sample_sequence
from foundation_pose_ros.synthetic.imperfections import CameraDefects, DefectiveSequence, scanned
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.uncertainty import fitted_constants
from foundation_pose_ros.uncertainty.confidence import Confidence, Standing
from foundation_pose_ros.uncertainty.covariance import CovarianceModel
from foundation_pose_ros.uncertainty.expected_error import ErrorModel

pytestmark = pytest.mark.slow

OBJECTS = ("mug", "cracker_box")


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """Of two objects in a scene that is far from those of the fit, with defects."""
    rng = np.random.default_rng(77)
    scene = make_scene(SceneSettings(seed=777, frames=4, objects=OBJECTS, clutter=3, rate_hz=15.0, supersample=1))
    known = {name: scanned(scene.model(name), rng) for name in OBJECTS}
    seen = DefectiveSequence(scene, CameraDefects.drawn(scene.camera, rng), known)
    return [s for name in OBJECTS for s in sample_sequence(seen, name, "scene", 777, registrations=2)]


def test_the_code_has_the_constants_of_the_report(repository: Path):
    report = json.loads((repository / "benchmarks/results/calibration.json").read_text())
    for task, (name, _) in TASKS.items():
        said = report["confidence"][task]["fitted"]
        assert Confidence(said["intercept"], tuple(map(tuple, said["weights"])), Standing(**said["stands"])) == getattr(
            fitted_constants, name
        )
    assert CovarianceModel(**report["covariance"]["fitted"]) == fitted_constants.COVARIANCE
    for task, name in ERRORS.items():
        stated = {part: tuple(factors) for part, factors in report["errors"][task]["fitted"].items()}
        assert ErrorModel(**stated) == getattr(fitted_constants, name)


def test_what_is_written_says_what_was_fitted(repository: Path):
    assert written(SHIPPED) == (repository / "foundation_pose_ros/uncertainty/fitted_constants.py").read_text()
    assert asdict(fitted_constants.COVARIANCE).keys() == {"repeat", "shift_per_m", "rim_m"}


@pytest.mark.parametrize("task", ["register", "track"])
def test_scores_hold_on_a_scene_that_was_not_learned_from(task, samples):
    report = judged_on(samples, {task: getattr(fitted_constants, TASKS[task][0])})
    assert report is not None and report["n"] > 40
    assert report["auc"] > 0.85
    assert report["expected_calibration_error"] < 0.2 and abs(report["bias"]) < 0.15


def test_scores_of_all_tasks_are_judged_together_each_by_its_own_probability(samples):
    confidences = {task: getattr(fitted_constants, name) for task, (name, _) in TASKS.items()}
    every = judged_on(samples, confidences)
    assert every is not None and every["n"] == len(samples)
    assert every["clusters"] == len(OBJECTS)
    assert every["auc"] > 0.85 and every["expected_calibration_error"] < 0.15


def test_covariances_hold_on_a_scene_that_was_not_learned_from(samples):
    errors = errors_of(samples)
    report = consistency(errors.twists, errors.covariances(fitted_constants.COVARIANCE))
    assert report is not None and report["n"] >= 6
    assert 0.5 < report["percentiles_10_50_90"][1] < 15


def test_samples_are_taken_place_by_place_so_that_a_run_that_is_cut_off_loses_one(tmp_path: Path):
    wanted = places(2, 3, tmp_path)
    assert wanted == [("fit", 5000), ("fit", 5001), *(("rendered", 9000 + k) for k in range(3))]
    kept: dict[Place, list[str | int]] = {}
    taking = gathered(wanted, list, kept, 1)  # of a place its two parts, in place of samples
    assert next(taking) == wanted[0] and list(kept) == wanted[:1]
    assert [*taking] == wanted[1:] and kept == {place: [*place] for place in wanted}


def test_a_run_that_is_cut_off_has_got_as_far_in_every_group(tmp_path: Path):
    wanted = places(4, 2, tmp_path)
    order = spread(wanted)
    assert sorted(order) == sorted(wanted)
    assert [group for group, _ in order[:3]] == ["fit", "rendered", "fit"]
