"""The command line on a rendered recording: what it prints, what it writes, how it fails."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh

from foundation_pose_ros.cli import evaluation, main, pose_lines
from foundation_pose_ros.datasets.open_sequence import open_sequence
from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.frame import Frame
from foundation_pose_ros.object_model.model import ObjectModel
from foundation_pose_ros.pose_result import PoseResult
from foundation_pose_ros.rendering.embree import EmbreeRenderer

K = np.array([[300.0, 0, 79.5], [0, 300, 59.5], [0, 0, 1]])
SIZE = (120, 160)


def wedge() -> trimesh.Trimesh:
    """A block with a corner cut off: it looks different from every side."""
    return trimesh.convex.convex_hull(
        np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.07, 0], [0.1, 0.07, 0], [0, 0, 0.05], [0.06, 0, 0.05], [0, 0.03, 0.05]])
        - (0.05, 0.035, 0.025)
    )


def true_pose(number: int) -> np.ndarray:
    T = trimesh.transformations.euler_matrix(2.6 + 0.01 * number, 0.4, 0.3)
    T[:3, 3] = (0.01 + 0.002 * number, -0.01, 0.45)
    return T


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four frames of the wedge before a wall; in the last it is gone."""
    root = tmp_path_factory.mktemp("recordings") / "bench"
    for room in ("rgb", "depth", "masks/wedge", "mesh/wedge", "gt/wedge"):
        (root / room).mkdir(parents=True)
    np.savetxt(root / "K.txt", K)
    wedge().export(root / "mesh/wedge/wedge.ply")
    renderer = EmbreeRenderer(ObjectModel.from_mesh(wedge()))
    for number in range(1, 5):
        rendered = renderer.render(true_pose(number)[None], K, SIZE, normals=True)
        depth_m = rendered.depth_m[0] if number < 4 else np.zeros(SIZE, np.float32)
        grey = np.where(depth_m > 0, 60 + 180 * np.abs(rendered.normals_cam[0, ..., 2]), 40).astype(np.uint8)
        cv2.imwrite(str(root / f"rgb/{number:06d}.png"), grey)
        depth_mm = np.where(depth_m > 0, depth_m, 0.8) * 1000
        cv2.imwrite(str(root / f"depth/{number:06d}.png"), depth_mm.round().astype(np.uint16))
        if number < 4:
            cv2.imwrite(str(root / f"masks/wedge/{number:06d}.png"), np.where(depth_m > 0, 255, 0).astype(np.uint8))
            np.savetxt(root / f"gt/wedge/{number:06d}.txt", true_pose(number))
    return root


class Oracle:
    """Knows the poses; registration is 1 mm off, a tracking step 2 mm, and frame 3 is refused."""

    def __init__(self, models: list[ObjectModel], methods: object = None) -> None:
        self.models = {model.name: model for model in models}

    def register(self, frame: Frame, mask: np.ndarray, object_name: str | None = None) -> PoseResult:
        number = round(frame.stamp_ns * 30 / 1e9)
        if number == 3:
            raise InputRefused("no_depth_under_mask", "no depth under the mask: move the camera back")
        return self._moved(number, 0.001, object_name)

    def track(self, frame: Frame, previous: PoseResult, compare: bool = True) -> PoseResult:
        return self._moved(round(frame.stamp_ns * 30 / 1e9), 0.002, previous.object_name)

    def assess(self, frame: Frame, T_cam_obj: np.ndarray, object_name: str | None = None) -> PoseResult:
        return PoseResult(object_name or "wedge", T_cam_obj, 1.0, np.eye(6), stamp_ns=frame.stamp_ns)

    def _moved(self, number: int, by_m: float, name: str) -> PoseResult:
        assert name in self.models
        T = true_pose(number)
        T[0, 3] += by_m
        return PoseResult(name, T.astype(np.float32), 0.9, np.eye(6))


@pytest.fixture
def oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (pose_lines, evaluation):
        monkeypatch.setattr(module, "PoseEstimator", Oracle)


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_register_prints_a_line_per_frame_and_says_which_have_no_pose(recording, oracle, capsys):
    assert main(["register", str(recording), "--object", "wedge"]) == 0
    printed = capsys.readouterr()
    found = lines(printed.out)
    assert [line["frame"] for line in found] == ["000001", "000002", "000003", "000004"]
    assert [line.get("reason") for line in found] == [None, None, "no_depth_under_mask", "absent"]
    assert found[0]["T_cam_obj"][0][3] == pytest.approx(0.013, abs=1e-6)
    assert printed.err == "foundation-pose: no pose in 2 of 4 frames (1 no_depth_under_mask, 1 absent)\n"


def test_the_only_object_need_not_be_named_and_a_frame_may_go_by_number(recording, oracle, capsys, tmp_path):
    output = tmp_path / "new/poses.jsonl"
    assert main(["register", str(recording), "--frame", "2", "--output", str(output)]) == 0
    assert capsys.readouterr().out == ""
    assert [(line["frame"], line["object"]) for line in lines(output.read_text())] == [("000002", "wedge")]


def test_track_follows_from_mask_or_truth(recording, oracle, capsys):
    assert main(["track", str(recording)]) == 0
    found = lines(capsys.readouterr().out)
    offsets_m = [line["T_cam_obj"][0][3] - true_pose(int(line["frame"]))[0, 3] for line in found]
    assert offsets_m == pytest.approx([0.001, 0.002, 0.002, 0.002], abs=1e-6)
    assert {line["state"] for line in found} == {"TRACKING"}
    assert main(["track", str(recording), "--init", "gt"]) == 0
    found = lines(capsys.readouterr().out)
    assert found[0]["given"] is True
    assert found[0]["T_cam_obj"][0][3] == pytest.approx(true_pose(1)[0, 3], abs=1e-6)


def test_evaluate_prints_a_table_and_writes_the_report(recording, oracle, capsys, tmp_path):
    output = tmp_path / "report.json"
    assert main(["evaluate", str(recording), "--output", str(output)]) == 0
    assert "overall" in capsys.readouterr().out
    written = json.loads(output.read_text())
    assert written["overall"]["n"] == 3
    assert written["overall"]["add_recall_0.1d"] == pytest.approx(2 / 3, abs=1e-6)
    assert written["overall"]["add_auc"] == pytest.approx(2 / 3 * 0.99, abs=1e-4)
    assert written["settings"]["mode"] == "register"
    assert [row["counted"] for row in written["rows"]] == [True, True, True, False]


def test_evaluate_tracks_from_the_first_truth(recording, oracle, capsys, tmp_path):
    output = tmp_path / "report.json"
    again = shutil.copytree(recording, tmp_path / "bench")
    assert main(["evaluate", str(recording), str(again), "--mode", "track", "--output", str(output)]) == 0
    overall = json.loads(output.read_text())["overall"]
    assert (overall["n"], overall["recall_5mm_3deg"], overall["median_translation_mm"]) == (4, 1.0, pytest.approx(2.0))


def test_overlays_are_drawn_for_every_frame(recording, oracle, capsys, tmp_path):
    assert main(["register", str(recording), "--overlay", str(tmp_path)]) == 0
    pictures = sorted(tmp_path.glob("bench/*.png"))
    assert [path.stem for path in pictures] == open_sequence(recording).frame_ids
    plain = cv2.imread(str(recording / "rgb/000001.png"))
    drawn = cv2.imread(str(pictures[0]))
    assert drawn.shape == plain.shape
    assert (drawn != plain).any()


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["register", "nowhere"], 1, "nowhere is not a folder"),
        (["register", "{recording}", "--object", "mug"], 1, "choose from wedge"),
        (["register", "{recording}", "--frame", "77"], 1, "000001 to 000004"),
        (["register", "{recording}", "--frame", "3"], 1, "no depth under the mask"),
        (["register", "{recording}", "--frame", "4"], 1, "not in this frame"),
        (["register", "{recording}", "--output", "{recording}"], 1, "--output"),
        (["register", "{recording}", "--models", "{recording}"], 1, "has no mesh of wedge"),
        (["register", "{recording}", "--device", "abacus"], 2, "abacus"),
        (["evaluate", "{recording}", "--object", "mug"], 1, "mug"),
        (["evaluate", "{recording}", "--mask", "guess"], 2, "guess"),
        (["evaluate"], 2, "--help"),
        (["dance"], 2, "dance"),
    ],
)
def test_errors_are_one_line_that_names_the_fix(recording, oracle, capsys, arguments, status, says):
    assert main([a.format(recording=recording) for a in arguments]) == status
    printed = capsys.readouterr()
    assert says in printed.err
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize("command", [[], ["register"], ["track"], ["evaluate"]])
def test_help_shows_examples(command, capsys):
    assert main([*command, "--help"]) == 0
    assert "Examples" in capsys.readouterr().out


def test_no_arguments_show_the_help_and_are_no_success(capsys):
    assert main([]) == 2
    assert "Usage" in capsys.readouterr().out


def test_version(capsys):
    assert main(["--version"]) == 0
    name, number = capsys.readouterr().out.split()
    assert name == "foundation-pose"
    assert number[0].isdigit()


@pytest.mark.slow
def test_the_process_ends_with_the_status_and_without_a_traceback(recording):
    program = "import sys; from foundation_pose_ros.cli import main; sys.exit(main())"
    root = Path(__file__).parents[3]
    ended = subprocess.run(
        [sys.executable, "-c", program, "register", str(recording), "--object", "mug"],
        cwd=root, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == "foundation-pose: bench has no object mug: choose from wedge\n"


def test_registers_and_tracks_for_real(recording, capsys):
    for arguments in (["register", "--frame", "2"], ["track", "--init", "gt"]):
        assert main([arguments[0], str(recording), *arguments[1:]]) == 0
        for line in lines(capsys.readouterr().out)[:3]:
            T_truth, T_cam_obj = true_pose(int(line["frame"])), np.array(line["T_cam_obj"])
            assert np.linalg.norm(T_cam_obj[:3, 3] - T_truth[:3, 3]) < 0.003
            angle_rad = np.arccos(np.clip((np.trace(T_cam_obj[:3, :3].T @ T_truth[:3, :3]) - 1) / 2, -1, 1))
            assert np.degrees(angle_rad) < 2


def test_finds_without_masks_what_is_there_and_nothing_where_it_is_gone(recording, capsys):
    assert main(["register", str(recording), "--mask", "search"]) == 0
    found = lines(capsys.readouterr().out)
    for line in found[:3]:
        assert np.linalg.norm(np.array(line["T_cam_obj"])[:3, 3] - true_pose(int(line["frame"]))[:3, 3]) < 0.003
    assert (found[3]["T_cam_obj"], found[3]["reason"]) == (None, "not_found")
    assert main(["track", str(recording), "--mask", "search"]) == 0
    assert [line["state"] for line in lines(capsys.readouterr().out)[:3]] == ["TRACKING"] * 3
