"""An estimator with learned methods, from files of weights to poses, alone and mixed with geometric ones."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import InputRefused, ObjectModel, PoseEstimator
from foundation_pose_ros.cli.app import main
from foundation_pose_ros.learned.methods import LearnedMethods, LearnedMethodsSettings
from foundation_pose_ros.learned.refiner import LearnedSettings
from foundation_pose_ros.learned.registration import LearnedRegistrationSettings, Start
from foundation_pose_ros.method_choice import MethodChoice
from foundation_pose_ros.networks.checkpoints import save_checkpoint
from foundation_pose_ros.networks.weights_folder import load_from_folder

pytestmark = pytest.mark.slow

Errors = Callable[..., tuple[float, float]]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory, gentle_refine_net: Any, score_net: Any) -> Path:
    """A folder as a user makes it: one file as published, one converted, names that say nothing."""
    folder = tmp_path_factory.mktemp("weights")
    (folder / "a").mkdir()
    torch.save({"model": gentle_refine_net.state_dict()}, folder / "a" / "model_best.pth")
    save_checkpoint(score_net, folder / "b.safetensors", score_net.info)
    return folder


def settings(start: Start = "geometric", polish: int = 4, **registration: Any) -> LearnedMethodsSettings:
    return LearnedMethodsSettings(
        refinement=LearnedSettings(polish=polish),
        registration=LearnedRegistrationSettings(start=start, iterations=1, **registration),
    )


def test_the_grid_is_refined_and_scored_by_the_networks(
    weights: Path, cube: ObjectModel, cube_pose: np.ndarray, see: Callable[..., Any]
) -> None:
    methods = LearnedMethods.from_folder(weights, settings=settings("grid", polish=0, most=2))
    view = see(cube_pose)
    prepared = methods.prepare(cube)
    candidates = prepared.register(view.frame, view.mask)
    assert 1 <= len(candidates.evidence.rank) <= 2
    assert (np.diff(candidates.evidence.rank) <= 0).all()  # logits, best first
    assert candidates.evidence.rank[0] < 0 <= candidates.evidence.agreement.min()


def test_scorer_alone_orders_what_the_geometry_found(
    weights: Path, cube: ObjectModel, cube_pose: np.ndarray, see: Callable[..., Any]
) -> None:
    methods = LearnedMethods.from_folder(weights, "geometric", "learned", settings())
    view = see(cube_pose)
    prepared = methods.prepare(cube)
    judged = prepared.register(view.frame, view.mask)
    assert judged.evidence.rank[0] < 0 and (np.diff(judged.evidence.rank) <= 0).all()


def test_tracking_and_its_end(
    weights: Path,
    cube: ObjectModel,
    cube_pose: np.ndarray,
    see: Callable[..., Any],
    moved: Callable[..., np.ndarray],
    error_mm_deg: Errors,
) -> None:
    methods = LearnedMethods.from_folder(weights, "learned", "geometric", settings())
    estimator = PoseEstimator([cube], methods=methods)
    before = estimator.assess(see(cube_pose).frame, cube_pose)
    assert np.array_equal(before.T_cam_obj, cube_pose.astype(np.float32)) and before.score > 0.5
    truth = moved(cube_pose, (2, 1, -2), (1, 0, 2))
    result = estimator.track(see(truth, stamp_ns=33_000_000).frame, before)
    mm, deg = error_mm_deg(result.T_cam_obj, truth)
    assert mm < 2 and deg < 2 and result.score > 0.5
    gone = see(cube_pose, hidden=(0, 0, 320, 240), stamp_ns=33_000_000).frame
    assert estimator.track(gone, before).score < 0.35


def test_which_file_holds_which_network_is_found_out(weights: Path, tmp_path: Path, score_net: Any) -> None:
    assert load_from_folder(weights, "refine").info.source == "model_best.pth"
    assert load_from_folder(weights, "score").info.kind == "score"
    with pytest.raises(InputRefused, match="isn't a folder"):
        load_from_folder(tmp_path / "none", "score")
    (tmp_path / "cut.pth").write_bytes(b"PK\x03\x04")
    with pytest.raises(InputRefused, match=r"no file in .* holds RefineNet .*cut off"):
        load_from_folder(tmp_path, "refine")
    for name in ("one", "two"):
        save_checkpoint(score_net, tmp_path / f"{name}.safetensors", replace(score_net.info, source=name))
    with pytest.raises(InputRefused, match="both hold ScoreNet"):
        load_from_folder(tmp_path, "score")


def test_files_outside_the_folder_are_not_read(weights: Path, tmp_path: Path) -> None:
    (tmp_path / "link.safetensors").symlink_to(weights / "b.safetensors")
    with pytest.raises(InputRefused, match="holds no"):
        load_from_folder(tmp_path, "score")


def test_choices_that_can_t_be_met_are_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="geometric ones run on cpu"):
        MethodChoice(device="cuda").methods()
    with pytest.raises(InputRefused, match="foundation-pose weights"):
        MethodChoice("learned", weights=tmp_path / "none").methods()
    if not torch.cuda.is_available():
        with pytest.raises(InputRefused, match="no CUDA device"):
            MethodChoice("learned", weights=weights, device="cuda").methods()


def test_without_pytorch_words_say_how_to_get_it(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "foundation_pose_ros.learned.methods", None)
    with pytest.raises(InputRefused, match=r"pip install .foundation-perception\[learned\]"):
        MethodChoice("learned", weights=weights).methods()


def test_the_command_weights_checks_and_converts(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", str(weights), "--convert"]) == 0
    told = capsys.readouterr().out
    assert "RefineNet (PyTorch, run by torch), 16.83 M parameters" in told
    assert "ScoreNet (safetensors, run by torch), 15.77 M parameters" in told
    assert "research and evaluation only" in told
    made = load_from_folder(weights, "refine")
    assert made.info.source == "model_best.pth" and "research" in made.info.licence and made.info.date
    assert (weights / "refinenet.safetensors").is_file()


def test_the_command_weights_says_where_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert "NVIDIA Open Model License" in told.out and "holds no" in told.err


def test_the_command_weights_says_where_from_without_pytorch(
    weights: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == "torch" or ".networks" in name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["weights", str(weights)]) == 1
    told = capsys.readouterr()
    assert "https://huggingface.co/nvidia/foundationpose" in told.out and "NVIDIA Open Model License" in told.out
    assert "pip install 'foundation-perception[learned]'" in told.err


def test_geometric_hypotheses_refined_and_polished_from_the_command_line(
    weights: Path,
    cube: ObjectModel,
    cube_pose: np.ndarray,
    see: Callable[..., Any],
    error_mm_deg: Errors,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one_step = partial(LearnedRegistrationSettings, iterations=1)
    monkeypatch.setattr("foundation_pose_ros.learned.registration.LearnedRegistrationSettings", one_step)
    view, scene = see(cube_pose), tmp_path / "scene"
    for folder in ("rgb", "depth", "masks/cube", "mesh/cube"):
        (scene / folder).mkdir(parents=True)
    cv2.imwrite(str(scene / "rgb/000001.png"), view.frame.rgb[..., ::-1])
    cv2.imwrite(str(scene / "depth/000001.png"), (view.frame.depth_m * 1000).astype(np.uint16))
    cv2.imwrite(str(scene / "masks/cube/000001.png"), view.mask.astype(np.uint8) * 255)
    np.savetxt(scene / "K.txt", view.frame.camera.K)
    cube.mesh.export(scene / "mesh/cube/cube.ply")
    output = tmp_path / "poses.jsonl"
    chosen = ["--refiner", "learned", "--scorer", "geometric", "--hypotheses", "geometric", "--weights", str(weights)]
    assert main(["register", str(scene), *chosen, "--output", str(output)]) == 0
    line = json.loads(output.read_text())
    assert line["state"] == "TRACKING"
    mm, _ = error_mm_deg(np.array(line["T_cam_obj"]), cube_pose)
    assert mm < 2 and line["score"] > 0.5
