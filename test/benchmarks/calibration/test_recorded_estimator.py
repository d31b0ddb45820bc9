"""Calibration learns from what users get: the evidence kept beside an answer is what its score was made from."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.calibration.recorded_estimator import Answer, RecordedEstimator
from foundation_pose_ros import Frame, PoseEstimator
from foundation_pose_ros.estimation.candidates import picked
from foundation_pose_ros.rendering import EmbreeRenderer
from foundation_pose_ros.selection.plausibility import Plausibility, plausibility
from foundation_pose_ros.synthetic.events import removed
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.tracking import ObjectTracker, TrackState
from foundation_pose_ros.uncertainty.confidence import Cues
from foundation_pose_ros.uncertainty.fitted_constants import FOUND, REGISTERED, TRACKED

pytestmark = pytest.mark.slow
NAME = "sticker_cube"
CONFIDENCE = {"register": REGISTERED, "find": FOUND, "track": TRACKED}


@pytest.fixture(scope="module")
def scene():
    return make_scene(
        SceneSettings(seed=5, frames=3, objects=[NAME], clutter=3, width=320, height=240, supersample=1, rate_hz=15.0)
    )


@pytest.fixture(scope="module")
def estimator(scene) -> RecordedEstimator:
    return RecordedEstimator(scene.model(NAME))


def assert_score_is_of_the_evidence(answer: Answer, plausible: Plausibility | None = None) -> None:
    said = CONFIDENCE[answer.task](
        Cues.of(
            picked(answer.candidates.evidence, np.array([0])),
            np.array([answer.result.margin]),
            np.array([answer.result.earlier_margin]),
            plausible,
        )
    )
    assert answer.result.score == pytest.approx(float(said[0]), abs=1e-9)


def test_scores_are_made_from_the_evidence_that_is_kept(scene, estimator):
    first, second = (scene.frame(frame_id) for frame_id in scene.frame_ids[:2])
    mask = scene.mask(scene.frame_ids[0], NAME)
    (registered,) = estimator.answers(estimator.register, first, mask)
    (tracked,) = estimator.answers(estimator.track, second, registered.result)
    (assessed,) = estimator.answers(estimator.assess, first, scene.truth(scene.frame_ids[0], NAME))
    assert [answer.task for answer in (registered, tracked, assessed)] == ["register", "track", "track"]
    model = scene.model(NAME)
    around = plausibility(model, EmbreeRenderer(model, 1), first, registered.result.T_cam_obj)
    for answer in (registered, tracked, assessed):
        assert_score_is_of_the_evidence(answer, around if answer is registered else None)
        assert answer.result.score > 0.5


def test_answers_are_those_of_an_estimator_that_nobody_looks_into(scene, estimator):
    frame, mask = scene.frame(scene.frame_ids[0]), scene.mask(scene.frame_ids[0], NAME)
    (answer,) = estimator.answers(estimator.register, frame, mask)
    plain = PoseEstimator([scene.model(NAME)], threads=1).register(frame, mask)
    assert np.array_equal(answer.result.T_cam_obj, plain.T_cam_obj)
    assert answer.result.score == plain.score


def test_a_refusal_is_no_answer(scene, estimator):
    frame = scene.frame(scene.frame_ids[0])
    assert estimator.answers(estimator.register, frame, np.zeros(frame.depth_m.shape, bool)) == []


def test_all_that_a_tracker_asks_is_kept_its_search_for_a_lost_object_too(scene, estimator):
    gone, model = removed(scene, NAME, 0), scene.model(NAME)
    renderer = EmbreeRenderer(model, 1)
    frames = [scene.frame(scene.frame_ids[0]), *(gone.frame(gone.frame_ids[k % 3]) for k in range(14))]
    frames = [replace(frame, stamp_ns=round(k / 15 * 1e9)) for k, frame in enumerate(frames)]
    tracker = ObjectTracker(NAME, NAME, estimator)
    tracker.register(frames[0], scene.mask(scene.frame_ids[0], NAME))

    def asked(frame: Frame) -> set[str]:
        state = tracker.state
        answers = estimator.answers(tracker.track, frame)
        for answer in answers:
            untracked = answer.task != "track"
            if answer.result.score > 0:
                around = plausibility(model, renderer, frame, answer.result.T_cam_obj) if untracked else None
                assert_score_is_of_the_evidence(answer, around)
        if state is TrackState.TRACKING:
            # More than one step where the surroundings say that the object stands elsewhere.
            assert {answer.task for answer in answers} <= {"track"}
        return {answer.task for answer in answers}

    tasks = [asked(frame) for frame in frames[1:]]
    assert tracker.state is TrackState.LOST
    assert {"track", "find"} <= set().union(*tasks)
