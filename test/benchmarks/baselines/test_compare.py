"""The methods beside ours are right where the scene is easy, so that what they get wrong elsewhere is their own."""

import numpy as np
import pytest

from benchmarks.baselines import point_pair_features
from benchmarks.baselines.compare import OURS, Subject, _figures, _row
from benchmarks.baselines.point_clouds import model_cloud, observed_cloud
from benchmarks.baselines.registration import FeatureRansac, HypothesesGicp
from benchmarks.baselines.tracking import IcpTracker
from benchmarks.reporting import pose_tables
from foundation_pose_ros import se3
from foundation_pose_ros.evaluation.evaluate import Judge
from foundation_pose_ros.evaluation.metrics import adds_m
from foundation_pose_ros.synthetic.scene import SyntheticScene, make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings
from foundation_pose_ros.synthetic.sensor import PERFECT_DEPTH

NAME = "bracket"


@pytest.fixture(scope="module")
def scene() -> SyntheticScene:
    """A bracket alone, near to the camera, with perfect depth."""
    return make_scene(
        SceneSettings(
            seed=2,
            frames=2,
            objects=[NAME],
            clutter=0,
            width=320,
            height=240,
            distance_m=(0.3, 0.32),
            depth_sensor=PERFECT_DEPTH,
            supersample=1,
        )
    )


def error_share(scene: SyntheticScene, frame_id: str, T_cam_obj: np.ndarray) -> float:
    model = scene.model(NAME)
    return adds_m(T_cam_obj, scene.truth(frame_id, NAME), model.surface_points(1000)) / model.diameter_m


def test_clouds_of_model_and_observation_lie_on_each_other(scene):
    first, model = scene.frame_ids[0], scene.model(NAME)
    seen = observed_cloud(scene.frame(first), scene.mask(first, NAME), 0.003)
    T_obj_cam = se3.inverse(scene.truth(first, NAME).astype(np.float64))
    distances = np.linalg.norm(
        se3.transform_points(T_obj_cam, seen.points)[:, None] - model_cloud(model).downsampled(0.002).points[None],
        axis=2,
    ).min(axis=1)
    assert np.median(distances) < 0.002
    assert np.einsum("ni,ni->n", seen.points, seen.normals).max() < 0, "normals look at the camera"


@pytest.mark.parametrize("method", [FeatureRansac, HypothesesGicp])
def test_other_registrations_find_the_bracket(method, scene):
    if method is HypothesesGicp:
        pytest.importorskip("small_gicp", reason="only the benchmarks need it")
    first = scene.frame_ids[0]
    T_cam_obj = method(scene.model(NAME))(scene.frame(first), scene.mask(first, NAME))
    assert error_share(scene, first, T_cam_obj) < 0.1


def test_point_pairs_find_the_bracket_in_a_process_of_their_own(scene):
    if not (point_pair_features.CONTRIB / "cv2").is_dir():
        pytest.skip("opencv-contrib is there only after `make bench`")
    first, model = scene.frame_ids[0], scene.model(NAME)
    spacing_m = 0.05 * model.diameter_m
    seen = observed_cloud(scene.frame(first), scene.mask(first, NAME), spacing_m)
    whole = model_cloud(model).downsampled(spacing_m)
    clouds = [np.hstack([cloud.points, cloud.normals]) for cloud in (whole, seen)]
    (T_cam_obj,), (time_s,) = point_pair_features.match(clouds[0], clouds[1:])
    assert error_share(scene, first, T_cam_obj) < 0.2
    assert time_s > 0


def test_icp_follows_a_small_step(scene):
    first, second = scene.frame_ids
    T = IcpTracker(scene.model(NAME))(scene.frame(second), scene.truth(first, NAME))
    assert error_share(scene, second, T) < 0.03


def test_icp_stays_where_it_was_when_there_is_nothing(scene):
    first = scene.frame_ids[0]
    far = scene.truth(first, NAME).copy()
    far[2, 3] += 5.0
    np.testing.assert_allclose(IcpTracker(scene.model(NAME))(scene.frame(first), far), far)


def test_times_are_ratios_to_ours_on_the_same_frame(scene):
    judge, first = Judge(scene.model(NAME)), scene.frame_ids[0]
    subject = Subject("rendered scenes", scene, NAME, scene.frame_ids)
    truth = scene.truth(first, NAME)
    off = truth.copy()
    off[0, 3] += 0.05
    rows = {
        ("rendered scenes", "theirs"): [_row(judge, subject, first, off, t) for t in (0.4, 0.9)],
        ("rendered scenes", OURS): [_row(judge, subject, first, truth, t) for t in (0.2, 0.3)],
    }
    ours, theirs = _figures(rows)
    assert (ours["method"], ours["times_ours"], ours["add_recall_0.1d"]) == (OURS, 1.0, 1.0)
    assert theirs["times_ours"] == pytest.approx(2.5)
    assert theirs["adds_recall_0.1d"] == 0.0
    machine = {"cpu": "a processor", "cores": 2}
    report = {"registration": [ours, theirs], "left_out": {"PPF": "not there"}, "machine": machine}
    text = pose_tables.registrations(report | {"command": "x", "created": "2026", "commit": "y"})
    assert "| rendered scenes | theirs | 2 | 0.000 |" in text and "PPF: not there" in text
