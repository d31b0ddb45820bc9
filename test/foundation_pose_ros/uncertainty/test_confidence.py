"""The score is a probability: it grows with every cue, is high where the object is and low where it isn't; a track of
an object that was taken away or covered is lost in time; and errors are as large as covariances say."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation_pose_ros import PoseEstimator, se3
from foundation_pose_ros.selection.scorer import Evidence
from foundation_pose_ros.synthetic.events import covered, removed
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.tracking.object_tracker import ObjectTracker
from foundation_pose_ros.tracking.state_machine import StateSettings, TrackState
from foundation_pose_ros.uncertainty.confidence import Confidence, Cues
from foundation_pose_ros.uncertainty.fitted_constants import FOUND, REGISTERED, TRACKED

pytestmark = pytest.mark.slow

OBJECTS = ("mug", "cracker_box")
EVENT = 4
SHARES = st.tuples(*[st.floats(0, 1)] * 5, *[st.floats(-1, 1.5)] * 2, *[st.floats(-2, 0)] * 4, *[st.floats(0, 1)] * 2)
POOR = (0.2, 0.2, 1, 0.5, 0.5, -0.1, -0.1, -0.8, -0.3, -0.3, -0.1, 0.0, 0.6)
GOOD = (0.9, 0.95, 1, 0.95, 0.8, 1.0, 1.0, -0.2, -0.02, -0.1, -0.02, 0.2, 0.95)


@pytest.fixture(scope="module")
def scene():
    return make_scene(SceneSettings(seed=71, frames=16, objects=OBJECTS, clutter=4, rate_hz=15.0, supersample=1))


@pytest.fixture(scope="module")
def estimator(scene):
    return PoseEstimator([scene.model(name) for name in OBJECTS])


NAMES = [field.name for field in fields(Cues) if field.name != "ways"]


def cues(values: tuple[float, ...], ways: float = 1.0) -> Cues:
    return Cues(*(np.array([value]) for value in (*values, ways)))


@pytest.mark.parametrize("confidence", [REGISTERED, FOUND, TRACKED])
@given(SHARES, st.sampled_from(NAMES), st.floats(0, 1))
def test_no_cue_speaks_against_a_pose(confidence: Confidence, values, name, more):
    before = cues(values)
    after = replace(before, **{name: getattr(before, name) + more})
    (p_before,), (p_after,) = confidence(before), confidence(after)
    assert 0 < p_before <= p_after < 1


@pytest.mark.parametrize("confidence", [REGISTERED, FOUND, TRACKED])
@given(SHARES, st.floats(1, 30))
def test_rivals_share_odds_the_more_of_them_there_are(confidence: Confidence, values, ways):
    """The odds of one pose beside n rivals as likely are an n-th of those beside one."""
    there = confidence(cues(values)) / confidence.stands(cues(values))
    one, several = (confidence.stands(cues(values, n))[0] for n in (1.0, ways))
    unruly = confidence.stands(replace(cues(values), lead=np.array([-1e3])))[0]
    one, several = ((p - unruly) / (1 - 2 * unruly) for p in (one, several))
    assert several / (1 - several) == pytest.approx(one / (1 - one) / ways, rel=1e-6, abs=1e-9)
    assert confidence(cues(values, ways)) == pytest.approx(there * confidence.stands(cues(values, ways)))


@pytest.mark.parametrize("confidence", [REGISTERED, FOUND, TRACKED])
def test_what_agrees_with_little_is_doubted_and_what_agrees_with_all_is_trusted(confidence):
    assert confidence(cues(POOR))[0] < 0.2 and confidence(cues(GOOD))[0] > 0.9


def test_an_outline_that_lies_worse_on_learned_colours_than_of_late_speaks_against_a_track():
    """How well it ever separated them doesn't: an object may look like what is beside it."""

    def score(region: float, expected: float) -> float:
        said = dict.fromkeys((field.name for field in fields(Evidence)), np.array([0.75]))
        said |= {"colour": np.zeros(1), "colour_expected": np.zeros(1)}
        said |= {"region": np.array([region]), "region_expected": np.array([expected])}
        return float(TRACKED(Cues.of(Evidence(**said), np.array([0.8])))[0])

    assert score(0.65, 0.95) < score(0.65, 0.65) - 0.2
    assert score(0.65, 0.65) == score(0.95, 0.9) == score(np.nan, 0.9) == score(0.7, np.nan)


@pytest.mark.parametrize("name", OBJECTS)
def test_right_poses_score_high(name, scene, estimator):
    first = scene.frame_ids[0]
    result = estimator.register(scene.frame(first), scene.mask(first, name), name)
    assert result.score > 0.8
    for frame_id in scene.frame_ids[1:6]:
        result = estimator.track(scene.frame(frame_id), result)
        assert result.score > 0.8


@pytest.mark.parametrize("name", OBJECTS)
def test_a_mask_of_something_else_scores_low(name, scene, estimator):
    first = scene.frame_ids[0]
    other = next(o for o in OBJECTS if o != name)
    assert estimator.register(scene.frame(first), scene.mask(first, other), name).score < 0.35


@pytest.mark.slow
@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("taken away", "cracker_box"),
        ("taken away", "mug"),
        ("covered", "cracker_box"),
        ("covered", "mug"),
    ],
)
def test_a_track_is_lost_as_soon_as_the_state_machine_may(event, name, scene, estimator):
    changed = removed(scene, name, EVENT) if event == "taken away" else held_before(scene, name)
    tracker = ObjectTracker(name, name, estimator)
    tracker.register(changed.frame(changed.frame_ids[0]), changed.mask(changed.frame_ids[0], name))
    frames = [changed.frame(frame_id) for frame_id in changed.frame_ids[1:]]
    states = {frame.stamp_ns: tracker.track(frame).state for frame in frames}
    gone_ns = changed.frame(changed.frame_ids[EVENT]).stamp_ns
    assert all(state is TrackState.TRACKING for stamp_ns, state in states.items() if stamp_ns < gone_ns)
    lost_ns = next(stamp_ns for stamp_ns, state in states.items() if state is TrackState.LOST)
    assert (lost_ns - gone_ns) * 1e-9 <= StateSettings().lost_after_s + 2 / 15


def held_before(scene, name):
    """The scene with a body of the clutter held so near to the camera that it hides the object."""
    last = scene.frame_ids[-1]
    changes = (covered(scene, name, cover, EVENT, 0.3) for cover in scene.clutter_names)
    return next(changed for changed in changes if changed.visible_fraction(last, name) < 0.02)


def test_errors_are_as_large_as_covariances_say(scene, estimator):
    """Normalised estimation error squared about the centre: 6 in the mean if model and camera were as wrong as
    covariances allow for; in a rendered scene they are exact, so it is less."""
    nees = []
    for name in OBJECTS:
        model, first = scene.model(name), scene.frame_ids[0]
        result = estimator.register(scene.frame(first), scene.mask(first, name), name)
        for frame_id in scene.frame_ids:
            if frame_id != first:
                result = estimator.track(scene.frame(frame_id), result)
            truth = scene.truth(frame_id, name)
            equivalent = model.symmetries.nearest(result.T_cam_obj, truth)
            error = se3.twist_between(equivalent.astype(float), truth.astype(float))
            nees.append(error @ np.linalg.solve(result.covariance, error))
    assert 0.5 < np.median(nees) < 8
    assert np.mean(np.array(nees) < 16.8) > 0.9  # 99 % of chi-squared with 6 degrees of freedom
