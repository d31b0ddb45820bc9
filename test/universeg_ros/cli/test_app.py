"""The command does what its help says, and says in one line what is wrong."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch isn't installed here")

from universeg_ros import SupportSet, UniverSeg
from universeg_ros.cli import main
from universeg_ros.network.checkpoints import UniverSegWeightsInfo, load_checkpoint, save_checkpoint

Scenes = tuple[list[np.ndarray], list[np.ndarray]]
Outcome = Any


@pytest.fixture
def weights(tmp_path: Path, by_intensity: UniverSeg, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file of weights; what is loaded from it answers by intensity, since nothing here is trained."""
    path = tmp_path / "weights.safetensors"
    save_checkpoint(UniverSeg([1, 1]), path, UniverSegWeightsInfo())
    loaded = (by_intensity, UniverSegWeightsInfo(licence="CC0-1.0"))
    for module in ("segmenter", "network.checkpoints"):
        monkeypatch.setattr(f"universeg_ros.{module}.load_checkpoint", lambda _path: loaded)
    return str(path)


@pytest.fixture
def cells(tmp_path: Path, scenes: Scenes) -> Path:
    """A support set of discs, and two images beside it."""
    images, maps = scenes
    SupportSet.from_arrays(images[:6], [m == 1 for m in maps[:6]], label_names={1: "disc"}).save(tmp_path / "cells")
    for i in (6, 7):
        cv2.imwrite(str(tmp_path / f"{i}.png"), images[i])
    return tmp_path / "cells"


def said(capsys: pytest.CaptureFixture[str], status: int, *arguments: object) -> tuple[str, str]:
    """Standard output and error of a call that must end so."""
    assert main([str(argument) for argument in arguments]) == status, capsys.readouterr()
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_segment_one_image(
    tmp_path: Path, cells: Path, scenes: Scenes, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["segment", "--support", cells, "--image", tmp_path / "6.png", "--output", tmp_path / "out" / "mask.png"]
    extras = ["--picture", tmp_path / "picture.png", "--probability", tmp_path / "p.png", "--weights", weights]
    line = json.loads(said(capsys, 0, *call, *extras)[0])
    mask = cv2.imread(line["mask"], cv2.IMREAD_UNCHANGED)
    assert mask.shape == scenes[0][6].shape and set(np.unique(mask)) == {0, 255}
    truth = scenes[1][6] == 1
    assert 2 * ((mask > 0) & truth).sum() / ((mask > 0).sum() + truth.sum()) > 0.9
    assert line["labels"][0]["name"] == "disc" and line["labels"][0]["area_px"] == (mask > 0).sum()
    assert line["confidence"] > 0.8 and line["time_s"] > 0
    assert cv2.imread(str(tmp_path / "p.png"), cv2.IMREAD_UNCHANGED).shape == mask.shape
    assert min(cv2.imread(str(tmp_path / "picture.png")).shape[:2]) > 300


def test_segment_several_images_and_labels(
    tmp_path: Path, scenes: Scenes, weights: str, cells: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    SupportSet.from_arrays(*scenes).save(tmp_path / "both.npz")
    images = ["--image", tmp_path / "6.png", "--image", tmp_path / "7.png"]
    support = ["--support", tmp_path / "both.npz", "--weights", weights, "--region", "0,0,90,90"]
    out, _ = said(
        capsys, 0, "segment", *support, *images, "--output", tmp_path / "masks", "--ensemble", 2, "--zoom", "always"
    )
    lines = [json.loads(line) for line in out.splitlines()]
    assert [Path(line["mask"]).name for line in lines] == ["6.png", "7.png"]
    mask = cv2.imread(lines[0]["mask"], cv2.IMREAD_UNCHANGED)
    assert set(np.unique(mask)) <= {0, 1, 2} and 1 in mask and not mask[:, 90:].any()


def test_evaluate(tmp_path: Path, scenes: Scenes, weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "discs.npz", images=np.stack(scenes[0]), labels=np.stack(scenes[1]) == 1)
    call = ["evaluate", tmp_path / "discs.npz", "--weights", weights, "--ensemble", 2, "--support-size", 3]
    out, _ = said(capsys, 0, *call, "--output", tmp_path / "report.json")
    assert "discs" in out and "random" in out  # columns wrap in a narrow terminal
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["overall"]["universeg"]["mean_dice"] > 0.9 > report["overall"]["mean mask"]["mean_dice"]
    assert report["settings"]["ensemble"] == 2 and report["tasks"]["discs"]["n"] == 3


def test_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime isn't installed here")
    save_checkpoint(UniverSeg([2, 2]), tmp_path / "small.safetensors", UniverSegWeightsInfo(licence="CC0-1.0"))
    out, _ = said(
        capsys, 0, "export", "--weights", tmp_path / "small.safetensors", "--output", tmp_path / "a" / "b.onnx"
    )
    assert "CC0-1.0" in out and (tmp_path / "a" / "b.onnx").stat().st_size > 1000


def test_make_show_and_check_a_support_set(tmp_path: Path, scenes: Scenes, capsys: pytest.CaptureFixture[str]) -> None:
    for kind, arrays in (("photos", scenes[0]), ("drawn", scenes[1])):
        (tmp_path / kind).mkdir()
        for i in range(3):
            cv2.imwrite(str(tmp_path / kind / f"{i}.png"), arrays[i])
    folders = ["--images", tmp_path / "photos", "--masks", tmp_path / "drawn"]
    made = ["--output", tmp_path / "set", "--label", "1=disc", "--aspect", "keep", "--size", "64"]
    assert "3 examples of disc, 2" in said(capsys, 0, "support", "make", *folders, *made)[0]
    support = SupportSet.load(tmp_path / "set")
    assert (support.preparation.size, support.preparation.aspect, support.label_names) == (64, "keep", {1: "disc"})
    out, _ = said(capsys, 0, "support", "check", tmp_path / "set")
    assert "disc is shown 3 times" in out and "128x96" in out
    said(capsys, 0, "support", "show", tmp_path / "set", "--output", tmp_path / "sheet.png")
    assert cv2.imread(str(tmp_path / "sheet.png")).shape[1] > 500
    (tmp_path / "drawn" / "2.png").unlink()
    assert "2.png has no mask" in said(capsys, 1, "support", "make", *folders, "--output", tmp_path / "again")[1]


def test_train(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run.yaml"
    run.write_text("steps: 1\noutput: x\nfeatures: [2, 2]\nstages: [{size: 16, support: [1, 2], batch: 1}]\n")
    out, _ = said(capsys, 0, "train", run, "--output", tmp_path / "run", "--steps", 3, "--procedural")
    assert load_checkpoint(out.split("weights: ")[1].strip())[0].features == (2, 2)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["segment", "--support", "nowhere", "--image", "6.png", "--output", "m.png"], 1, "isn't a support set"),
        (["segment", "--support", "cells", "--image", "none.png", "--output", "m.png"], 1, "none.png can't be read"),
        (["segment", "--support", "cells", "--image", "6.png", "--output", "m.xyz"], 1, "ends in .png"),
        (
            ["segment", "--support", "cells", "--image", "6.png", "--output", "m.png", "--region", "1,2"],
            1,
            "four whole",
        ),
        (["segment", "--support", "cells", "--image", "6.png", "--output", "m.png", "--select", "best"], 2, "best"),
        (["segment", "--support", "cells", "--image", "6.png"], 2, "--output"),
        (["evaluate", "none.npz"], 1, "none.npz isn't a task"),
        (["support", "check", "none"], 1, "none isn't a support set"),
        (["support", "make", "--images", ".", "--masks", ".", "--output", "s", "--label", "a"], 1, "1=cell"),
        (["train", "none.yaml"], 1, "none.yaml can't be read"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path,
    cells: Path,
    weights: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    _, error = said(capsys, status, *arguments)
    assert words in error and len(error.splitlines()) == 1 and error.startswith("universeg: ")


def test_without_shipped_weights_it_says_how_to_come_by_some(
    tmp_path: Path, cells: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(
        __import__("universeg_ros.network.checkpoints", fromlist=["x"]).SHIPPED, "default", tmp_path / "no"
    )
    call = ["segment", "--support", cells, "--image", tmp_path / "6.png", "--output", tmp_path / "m.png"]
    assert "universeg train" in said(capsys, 1, *call)[1]
