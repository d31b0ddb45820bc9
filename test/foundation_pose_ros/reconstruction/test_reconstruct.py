"""From views to a model that says how good it is, through Python and through the command line."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from foundation_pose_ros import InputRefused, ObjectModel, se3
from foundation_pose_ros.cli import main
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.estimator import PoseEstimator
from foundation_pose_ros.evaluation.metrics import pose_error
from foundation_pose_ros.reconstruction.capture.view_folder import read_views
from foundation_pose_ros.reconstruction.fusion.tsdf_fusion import FusionSettings
from foundation_pose_ros.reconstruction.reconstruct import STEPS, Reconstruction, ReconstructionSettings, reconstruct
from foundation_pose_ros.reconstruction.texture.texture_atlas import PaintSettings
from foundation_pose_ros.synthetic.scene import make_scene
from foundation_pose_ros.synthetic.scene_settings import SceneSettings

pytestmark = pytest.mark.slow

QUICK = ReconstructionSettings(10, FusionSettings(voxels=150_000, faces=5000), PaintSettings(256))


@pytest.fixture(scope="module")
def result(all_around) -> Reconstruction:
    return reconstruct(all_around, "cube", QUICK)


def test_used_and_spare_views_agree_with_the_model(result, all_around):
    report = result.report
    assert len(result.used) == 10 and len(result.held_out) == 2
    assert {view.name for view in (*result.used, *result.held_out)} == {view.name for view in all_around}
    for used in (True, False):
        assert report.mean("depth_mm", used) < 0.9
        assert report.mean("outline", used) > 0.95
        assert report.mean("psnr_db", used) > 19
    assert report.watertight and report.seen_share > 0.97 and report.unseen_sides == ()
    assert set(report.time_s) == set(STEPS)
    json.dumps(report.as_json(), allow_nan=False)


def test_sides_that_no_view_saw_are_named(from_above):
    report = reconstruct(from_above, "cube", QUICK).report
    assert report.unseen_sides == ("-z",)
    assert 0.7 < report.seen_share < 0.95
    assert any("never seen from -z" in line for line in report.lines())


def test_the_model_registers_as_the_mesh_does(result, sticker_cube):
    scene = make_scene(SceneSettings(seed=3, frames=1, objects=[sticker_cube], clutter=0, supersample=1))
    frame_id = scene.frame_ids[0]
    pose = PoseEstimator([result.model]).register(scene.frame(frame_id), scene.mask(frame_id, "cube"))
    shift_m, turn_deg = pose_error(pose.T_cam_obj, scene.truth(frame_id, "cube"))
    assert shift_m < 0.003 and turn_deg < 3


def test_object_models_are_made_of_views(all_around, result):
    model = ObjectModel.from_reference_views(all_around, "cube", settings=QUICK)
    assert model.name == "cube" and model.has_colour
    assert np.array_equal(model.vertices, result.model.vertices)


def test_too_few_allowed_views_are_refused(all_around):
    with pytest.raises(InputRefused, match="at least 4"):
        reconstruct(all_around, settings=ReconstructionSettings(views=2))


def test_the_command_writes_model_picture_and_report(all_around, tmp_path, capsys, write_views):
    folder = write_views(tmp_path / "views", all_around[::2])
    output = tmp_path / "made" / "cube.glb"
    assert main(["reconstruct", str(folder), "--output", str(output), "--views", "4", "--texture", "128"]) == 0
    printed = capsys.readouterr().out
    assert "4 views: depth" in printed and "2 held-out views: depth" in printed
    model = ObjectModel.from_mesh(output)
    assert model.name == "cube" and model.has_colour and model.sigma_m is not None
    report = json.loads(output.with_suffix(".json").read_text())
    assert sum(fit["used"] for fit in report["fits"]) == 4
    assert max(fit["depth_mm"] for fit in report["fits"]) < 4
    assert cv2.imread(str(output.with_suffix(".png"))).std() > 20


def test_the_command_refuses_in_one_line(all_around, tmp_path, capsys, write_views):
    folder = write_views(tmp_path, all_around[:2])
    assert main(["reconstruct", str(folder), "--output", str(tmp_path / "cube.glb")]) == 1
    assert "give at least 4" in capsys.readouterr().err
    assert main(["reconstruct", str(folder), "--output", str(tmp_path / "cube.blend")]) == 1
    assert "ends in .glb" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "poses"), [("cube", "given"), ("dragon", "given"), ("dragon", "estimated")])
def test_a_model_of_a_recordings_first_half_tracks_its_second_half(name, poses, data_folder):
    """In the model's own frame, which the first view has given it where poses are estimated."""
    recording = data_folder / "pose" / "visp_rbt_desk"
    if not recording.is_dir():
        pytest.skip(f"no {recording}")
    sequence = open_sequence(recording)
    views = read_views(recording, name)[:20]
    if poses == "estimated":
        views = [replace(view, T_cam_obj=None) for view in views]
    made = reconstruct(views, name, ReconstructionSettings(paint=PaintSettings(256)))
    frames = np.stack([se3.inverse(sequence.truth(v.name, name)) @ v.pose for v in (*made.used, *made.held_out)])
    T_obj_model = se3.apply_twist(frames[0], se3.twist_between(frames[0], frames).mean(axis=0))
    estimator = PoseEstimator([made.model])
    result = estimator.assess(sequence.frame("000019"), sequence.truth("000019", name) @ T_obj_model)
    for frame_id in sequence.frame_ids[20:]:
        result = estimator.track(sequence.frame(frame_id), result)
        truth = sequence.truth(frame_id, name) @ T_obj_model
        centres = se3.transform_points(np.stack([result.T_cam_obj, truth]), made.model.centre_m[None])[:, 0]
        assert np.linalg.norm(centres[0] - centres[1]) < 0.005
        assert np.rad2deg(se3.rotation_angle_rad(result.T_cam_obj[:3, :3], truth[:3, :3])) < 4
