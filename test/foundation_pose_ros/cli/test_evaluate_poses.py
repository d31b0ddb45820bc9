"""What evaluate says of results files that don't fit the scenes, and of calls that make no sense."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh

from foundation_pose_ros.cli import main

UPRIGHT = "1 0 0 0 1 0 0 0 1"


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """Scene 2 with objects 3 and 4 in image 7, 0.5 m away."""
    scene = tmp_path / "toy/test/000002"
    for room in ("rgb", "depth", "../../models"):
        (scene / room).mkdir(parents=True)
    truths = [
        {"cam_R_m2c": np.eye(3).ravel().tolist(), "cam_t_m2c": [x, 0, 500], "obj_id": number}
        for number, x in ((3, -100), (4, 100))
    ]
    camera = {"cam_K": [160, 0, 80, 0, 160, 60, 0, 0, 1], "depth_scale": 1.0}
    (scene / "scene_camera.json").write_text(json.dumps({"7": camera}))
    (scene / "scene_gt.json").write_text(json.dumps({"7": truths}))
    cv2.imwrite(str(scene / "rgb/000007.png"), np.zeros((120, 160, 3), np.uint8))
    cv2.imwrite(str(scene / "depth/000007.png"), np.zeros((120, 160), np.uint16))
    for number in (3, 4):
        trimesh.creation.box((80, 60, 100)).export(scene / f"../../models/obj_{number:06d}.ply")
    return scene


def results(folder: Path, *ids: tuple[int, int, int]) -> str:
    lines = [f"{scene},{image},{object_id},0.9,{UPRIGHT},{'-' * (object_id == 3)}100 0 500,-1"
             for scene, image, object_id in ids]  # fmt: skip
    (folder / "poses.csv").write_text("\n".join(lines))
    return str(folder / "poses.csv")


def judged(scene: Path, poses: str, *more: str) -> int:
    return main(["evaluate", str(scene), "--poses", poses, *more])


def test_poses_that_are_all_counted_get_no_remark(scene, tmp_path, capsys):
    assert judged(scene, results(tmp_path, (2, 7, 3), (2, 7, 4))) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.count("1.000") == 12


def test_what_is_left_out_is_said(scene, tmp_path, capsys):
    ids = [(2, 7, 3), (5, 7, 3), (6, 7, 3), (5, 8, 3), (2, 9, 3), (2, 7, 12)]
    targets = [{"scene_id": 2, "im_id": image, "obj_id": 3, "inst_count": 1} for image in (7, 11, 12)]
    (tmp_path / "toy/test_targets_bop19.json").write_text(json.dumps(targets))
    report = tmp_path / "report.json"
    assert judged(scene, results(tmp_path, *ids), "--output", str(report)) == 0
    scenes, images, objects, lacking = capsys.readouterr().err.splitlines()
    assert "3 of 6 poses are of scenes that aren't given (5, 6): left out" in scenes
    assert "1 of 6 poses are of images that the scenes don't have (9 of scene 2): left out" in images
    assert "1 of 6 poses are of objects that the dataset has no mesh of (12): left out" in objects
    assert "scene 2 lacks 2 images" in lacking
    assert "11, 12" in lacking
    assert json.loads(report.read_text())["bop"]["overall"]["AR"] == 1


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        ((48, 7, 3), "scenes that aren't given (48)"),
        ((2, 8, 3), "images that the scenes don't have (8 of scene 2)"),
        ((2, 7, 9), "the dataset has no mesh of (9)"),
    ],
)
def test_a_file_of_which_nothing_fits_is_refused(scene, tmp_path, capsys, ids, says):
    assert judged(scene, results(tmp_path, ids)) == 1
    printed = capsys.readouterr()
    assert says in printed.err
    assert printed.out == ""


def test_poses_of_nothing_that_is_asked_for_are_refused(scene, tmp_path, capsys):
    targets = tmp_path / "toy/test_targets_bop19.json"
    targets.write_text(json.dumps([{"scene_id": 2, "im_id": 7, "obj_id": 4, "inst_count": 1}]))
    assert judged(scene, results(tmp_path, (2, 7, 3))) == 1
    assert "not asked for" in capsys.readouterr().err
    targets.write_text("[]")
    assert judged(scene, results(tmp_path, (2, 7, 3))) == 1
    assert "nothing is to be found in scene 2" in capsys.readouterr().err


def test_poses_in_metres_are_refused(scene, tmp_path, capsys):
    (tmp_path / "metres.csv").write_text(f"2,7,3,0.9,{UPRIGHT},-0.1 0 0.5,-1")
    assert judged(scene, str(tmp_path / "metres.csv")) == 1
    assert "by 1000" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--bop-csv", "out.csv"],
        ["--html", "out.html"],
        ["--object", "obj_000003"],
        ["--overlay", "drawn"],
        ["--mode", "track"],
        ["--mask", "truth"],
        ["--init", "mask"],
        ["--refiner", "learned"],
        ["--no-polish"],
    ],
)
def test_options_that_a_file_of_poses_has_no_use_for_are_a_wrong_call(scene, tmp_path, capsys, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    assert judged(scene, results(tmp_path, (2, 7, 3)), *options) == 2
    error = capsys.readouterr().err
    assert "--poses" in error
    assert options[0].replace("--no-", "--") in error
    assert not (tmp_path / options[-1]).exists()


def test_a_scene_given_twice_is_refused(scene, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(scene.parent)
    for more in ([], ["--poses", results(tmp_path, (2, 7, 3))]):
        assert main(["evaluate", str(scene), "000002", *more]) == 1
        assert "given 2 times" in capsys.readouterr().err


def test_scenes_of_one_number_are_refused_where_the_file_cant_tell_them_apart(scene, tmp_path, capsys):
    train = scene.parent.parent / "train/000002"
    other = tmp_path / "other/test/000002"
    for copy in (train, other):
        shutil.copytree(scene, copy)
    poses = results(tmp_path, (2, 7, 3))
    assert main(["evaluate", str(scene), str(train), "--poses", poses]) == 1
    assert "2 folders are scene 2" in capsys.readouterr().err
    assert main(["evaluate", str(scene), str(other)]) == 1
    assert "2 folders are test/000002" in capsys.readouterr().err
