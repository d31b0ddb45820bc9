"""An object that is gone for a while and comes back elsewhere: in a recording it is found as the node finds it."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from foundation_pose_ros import Camera, ObjectModel, PoseEstimator, se3
from foundation_pose_ros.cli import main
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.evaluation.runner import RunSettings, run
from foundation_pose_ros.rendering.embree import EmbreeRenderer
from foundation_pose_ros.synthetic.meshes import make_mesh
from foundation_pose_ros.tracking import MultiObjectTracker, TrackState

pytestmark = pytest.mark.slow

CAMERA = Camera(400.0, 400.0, 159.5, 119.5, 320, 240)
BEFORE, GONE, AFTER = 4, 14, 26
# Found within so many frames after it is back, at 30 Hz.
SOON = 20


def true_pose(number: int) -> np.ndarray | None:
    """T_cam_obj (4, 4) of a frame; None while it is gone. It comes back 14 cm aside, turned by 50 degrees."""
    if BEFORE <= number < BEFORE + GONE:
        return None
    back = number >= BEFORE + GONE
    R = Rotation.from_euler("xyz", (-135 + 0.3 * number, 35, 60 if back else 10), degrees=True).as_matrix()
    return se3.from_rotation_translation(R, np.array([0.07 if back else -0.07, -0.005 + 0.0005 * number, 0.5]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of a cube before a wall; only its first frame has a mask."""
    root = tmp_path_factory.mktemp("recordings") / "hidden"
    for room in ("rgb", "depth", "masks/cube", "mesh/cube", "gt/cube"):
        (root / room).mkdir(parents=True)
    np.savetxt(root / "K.txt", CAMERA.K)
    mesh = make_mesh("sticker_cube", 0)
    mesh.apply_translation(-mesh.bounds.mean(axis=0))
    mesh.export(root / "mesh/cube/cube.glb")
    renderer = EmbreeRenderer(ObjectModel.from_mesh(root / "mesh/cube/cube.glb"))
    noise = np.random.default_rng(0)
    for number in range(BEFORE + GONE + AFTER):
        depth_m, rgb = np.full((240, 320), 0.9), np.full((240, 320, 3), 0.5)
        T_cam_obj = true_pose(number)
        if T_cam_obj is not None:
            shown = renderer.render(T_cam_obj[None], CAMERA.K, depth_m.shape, colour=True)
            hit = shown.depth_m[0] > 0
            depth_m[hit], rgb[hit] = shown.depth_m[0][hit], shown.rgb[0][hit]
            np.savetxt(root / f"gt/cube/{number:06d}.txt", T_cam_obj)
            if number == 0:
                cv2.imwrite(str(root / f"masks/cube/{number:06d}.png"), np.where(hit, 255, 0).astype(np.uint8))
        depth_m += noise.normal(0, 0.0005, depth_m.shape)
        cv2.imwrite(str(root / f"depth/{number:06d}.png"), (1000 * depth_m).round().astype(np.uint16))
        cv2.imwrite(str(root / f"rgb/{number:06d}.png"), (255 * rgb[..., ::-1]).round().astype(np.uint8))
    return root


def assert_lost_and_found(lines: list[dict]) -> None:
    """No pose and LOST while it is gone, then right poses again: within 3 mm and 3 degrees."""
    assert len(lines) == BEFORE + GONE + AFTER
    assert all(line["state"] == "TRACKING" for line in lines[:BEFORE])
    gone, back = lines[BEFORE : BEFORE + GONE], lines[BEFORE + GONE :]
    assert gone[-1]["state"] == "LOST"
    for line in gone + back:
        if line["state"] == "LOST":
            assert line["T_cam_obj"] is None and line["reason"] == "lost" and line["message"].startswith("lost:")
    assert all(line["state"] == "TRACKING" for line in back[SOON:])
    for line in back[SOON:]:
        T_cam_obj, truth = np.array(line["T_cam_obj"]), true_pose(int(line["frame"]))
        assert truth is not None
        assert 1000 * np.linalg.norm(T_cam_obj[:3, 3] - truth[:3, 3]) < 3
        assert np.rad2deg(se3.rotation_angle_rad(T_cam_obj[:3, :3], truth[:3, :3])) < 3


def test_track_finds_a_lost_object_again(folder, capsys):
    assert main(["track", str(folder)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert_lost_and_found(lines)
    assert not any("given" in line for line in lines)


def test_evaluate_judges_what_was_found_again_and_counts_frames_without_a_pose_as_misses(folder, tmp_path, capsys):
    output = tmp_path / "report.json"
    assert main(["evaluate", str(folder), "--mode", "track", "--output", str(output)]) == 0
    report = json.loads(output.read_text())
    rows, overall = report["rows"], report["overall"]
    assert_lost_and_found(rows)
    assert [row["counted"] for row in rows] == [number > 0 and true_pose(number) is not None for number in range(44)]
    missed = [row for row in rows if row["counted"] and row["state"] == "LOST"]
    assert 0 < len(missed) <= SOON
    assert overall["lost"] == overall["refused"] == len(missed)
    assert overall["adds_recall_0.1d"] == pytest.approx(1 - len(missed) / overall["n"], abs=1e-6)
    assert overall["median_translation_mm"] < 2 and overall["median_rotation_deg"] < 2


def test_poses_of_a_run_are_those_of_the_tracker_that_the_node_has(folder):
    sequence = open_sequence(folder)
    estimator = PoseEstimator([sequence.model("cube")], threads=1)
    tracker = MultiObjectTracker(estimator)
    tracker.add("cube")
    mask = sequence.mask("000000", "cube")
    assert mask is not None
    alone = [tracker.register(sequence.frame("000000"), {"cube": mask})]
    alone += [tracker.track(sequence.frame(frame_id)) for frame_id in sequence.frame_ids[1:]]
    states = []
    for (_, (estimate,)), (tracked,) in zip(
        run(sequence, estimator, ["cube"], RunSettings("track", init="mask")), alone, strict=True
    ):
        assert estimate.state is tracked.state
        assert (estimate.result is None) == (tracked.result is None)
        if estimate.result is not None and tracked.result is not None:
            assert np.array_equal(estimate.result.T_cam_obj, tracked.result.T_cam_obj)
            assert estimate.result.score == tracked.result.score
        states.append(estimate.state)
    assert {TrackState.TRACKING, TrackState.LOST} == set(states)
