"""The challenge's average recall on a rendered dataset whose recalls are known."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh

from foundation_pose_ros.cli import main
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.evaluation.bop_report import overall, scores_of_results
from foundation_pose_ros.evaluation.bop_results import BopResult
from foundation_pose_ros.evaluation.bop_score import matches
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.rendering.embree import EmbreeRenderer

K = np.array([[160.0, 0, 80], [0, 160.0, 60], [0, 0, 1]])
SIDES_MM = (80, 60, 100)
DIAMETER_MM = float(np.linalg.norm(SIDES_MM))
FIRST, SECOND = (np.array([x, 0.0, 0.5]) for x in (-0.08, 0.08))


def pose(t: np.ndarray) -> np.ndarray:
    T = np.eye(4)
    T[:3, 3] = t
    return T


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One image with two instances of object 3 side by side, its depth rendered without noise."""
    root = tmp_path_factory.mktemp("toy")
    scene = root / "test/000002"
    for folder in (scene / "rgb", scene / "depth", scene / "mask_visib", root / "models"):
        folder.mkdir(parents=True)
    mesh = trimesh.creation.box(SIDES_MM)
    mesh.export(root / "models/obj_000003.ply")
    half_turns = [np.diag([*signs, 1.0]).ravel().tolist() for signs in ((1, -1, -1), (-1, 1, -1), (-1, -1, 1))]
    (root / "models/models_info.json").write_text(
        json.dumps({"3": {"diameter": DIAMETER_MM, "symmetries_discrete": half_turns}})
    )
    camera = {"cam_K": K.ravel().tolist(), "depth_scale": 0.1}
    truths = [{"cam_R_m2c": np.eye(3).ravel().tolist(), "cam_t_m2c": (1000 * t).tolist(), "obj_id": 3}
              for t in (FIRST, SECOND)]  # fmt: skip
    (scene / "scene_camera.json").write_text(json.dumps({"7": camera}))
    (scene / "scene_gt.json").write_text(json.dumps({"7": truths}))
    renderer = EmbreeRenderer(ObjectModel.from_mesh(mesh, unit="mm"))
    depths = [renderer.render(pose(t)[None].astype(np.float32), K, (120, 160)).depth_m[0] for t in (FIRST, SECOND)]
    for number, depth_m in enumerate(depths):
        cv2.imwrite(str(scene / f"mask_visib/000007_{number:06d}.png"), np.uint8(255 * (depth_m > 0)))
    together_m = np.where(sum(depths) > 0, sum(depths), 0.7)
    cv2.imwrite(str(scene / "depth/000007.png"), np.round(together_m * 10_000).astype(np.uint16))
    cv2.imwrite(str(scene / "rgb/000007.png"), np.full((120, 160, 3), 128, np.uint8))
    return root


def scored(dataset: Path, *estimates: tuple[np.ndarray, float]) -> dict[str, float]:
    results = [BopResult(2, 7, 3, score, pose(t)) for t, score in estimates]
    return overall(scores_of_results([open_sequence(dataset / "test/000002")], results)).average_recall()


def test_true_poses_are_found_at_every_limit(dataset):
    assert scored(dataset, (FIRST, 0.9), (SECOND, 0.8)) == {"AR_VSD": 1, "AR_MSSD": 1, "AR_MSPD": 1, "AR": 1}


def test_a_missing_instance_halves_recall(dataset):
    assert scored(dataset, (SECOND, 0.9)) == {"AR_VSD": 0.5, "AR_MSSD": 0.5, "AR_MSPD": 0.5, "AR": 0.5}
    assert scored(dataset, (SECOND, 0.9), (SECOND, 0.8))["AR"] == 0.5, "two estimates may not take the same truth"


def test_only_as_many_estimates_as_targets_count_the_best_scored_first(dataset):
    far = np.array([0.0, 0.1, 0.6])
    assert scored(dataset, (far, 0.95), (FIRST, 0.9), (SECOND, 0.8))["AR_MSSD"] == 0.5


def test_recalls_of_a_shift_are_those_of_its_size(dataset):
    # Along the view by 0.22 of the diameter (31 mm): right from 0.25 on, 6 of 10 limits. MSPD: the near corner
    # (40, 30, 450) mm goes from 160 * 80 / 450 to 160 * 80 / 481 px and so on: below 2.5 px of an image 160 wide.
    shift = np.array([0, 0, 0.22 * DIAMETER_MM / 1000])
    recalls = scored(dataset, (FIRST + shift, 0.9), (SECOND + shift, 0.8))
    assert recalls["AR_MSSD"] == pytest.approx(0.6)
    x, y = 0.08 + 0.04, 0.03
    moved_px = 160 * np.hypot(x, y) * (1 / 0.45 - 1 / (0.45 + shift[2]))
    limits_px = np.arange(1, 11) * 5 * 160 / 640
    assert recalls["AR_MSPD"] == pytest.approx(np.mean(moved_px < limits_px))
    # Depth is off by 0.22 on nearly all pixels, so VSD is near 1 for the four taus below that; for the others only the
    # outline's change counts, which is less than 0.35 of the pixels.
    assert 0.6 * 0.6 < recalls["AR_VSD"] < 0.6 * 0.9


def test_each_estimate_takes_the_nearest_truth_that_is_left():
    errors = np.array([[0.1, 0.2, 0.9], [0.05, 0.6, 0.9], [0.3, 0.4, 0.8]])
    # The second wants what the first has taken, and finds nothing else; the third is content with the second truth.
    assert matches(errors, 0.5) == 2
    assert matches(errors, 0.15) == 1
    assert matches(errors, 1.0) == 3
    assert matches(errors, 0.1) == 1, "an error at the limit is none below it, so the second gets the first truth"


def test_targets_of_the_dataset_are_what_is_asked_for(dataset):
    scene = open_sequence(dataset / "test/000002")
    (target,) = scene.targets()
    assert (target.frame_id, target.object_id, target.count) == ("000007", 3, 2)
    assert target.T_truths[:, :3, 3] == pytest.approx(np.array([FIRST, SECOND]))
    targets = dataset / "test_targets_bop19.json"
    targets.write_text(json.dumps([{"scene_id": 2, "im_id": 8, "obj_id": 3, "inst_count": 2}]))
    try:
        assert scene.targets() == []
    finally:
        targets.unlink()


def test_evaluate_writes_the_challenges_file_and_judges_it_alike(dataset, tmp_path, capsys):
    scene, written, again = str(dataset / "test/000002"), tmp_path / "ours.csv", tmp_path / "again.json"
    assert main(["evaluate", scene, "--bop-csv", str(written), "--output", str(tmp_path / "report.json")]) == 0
    assert "AR_MSPD" in capsys.readouterr().out
    first = json.loads((tmp_path / "report.json").read_text())["bop"]
    assert first["overall"]["targets"] == 2
    assert first["overall"]["AR_MSSD"] > 0.85
    with written.open() as stream:
        assert [row["im_id"] for row in csv.DictReader(stream)] == ["7", "7"]
    assert main(["evaluate", scene, "--poses", str(written), "--output", str(again)]) == 0
    assert json.loads(again.read_text())["bop"] == first


def test_a_folder_without_numbers_has_no_such_file(tmp_path, dataset, capsys):
    (tmp_path / "rgb").mkdir()
    (tmp_path / "depth").mkdir()
    for room in ("rgb", "depth"):
        cv2.imwrite(str(tmp_path / room / "1.png"), np.zeros((4, 4), np.uint16))
    np.savetxt(tmp_path / "K.txt", K)
    assert main(["evaluate", str(tmp_path), "--poses", str(tmp_path / "a.csv")]) == 1
    assert "BOP" in capsys.readouterr().err
