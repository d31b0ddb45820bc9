"""Weights come back the same from each kind of file, and what can't be used is refused in words."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.networks import RefineNet, ScoreNet, load_checkpoint
from foundation_pose_ros.networks.checkpoints import save_checkpoint
from foundation_pose_ros.networks.weights_info import PUBLISHED_SETTINGS, WeightsInfo

CONFIG = "crop_ratio: 1.3\nrot_normalizer: 0.25\nuse_BN: true\nc_in: 6\ninput_resize: [160, 160]\nzfar: Infinity\n"


def same(network: Any, other: Any) -> bool:
    ours, theirs = network.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.fixture
def refine_pth(tmp_path: Path, refine_net: RefineNet) -> Path:
    """As the published one: a dict with the state dict among other things."""
    path = tmp_path / "refiner" / "model_best.pth"
    path.parent.mkdir()
    torch.save({"model": refine_net.state_dict(), "epoch": 7}, path)
    (path.parent / "config.yml").write_text(CONFIG)
    return path


@pytest.mark.slow
def test_pth_to_safetensors_and_back(refine_pth: Path, refine_net: RefineNet, tmp_path: Path) -> None:
    network = load_checkpoint(refine_pth, "refine")
    assert isinstance(network, RefineNet) and same(network, refine_net) and not network.training
    assert network.info.settings.crop_ratio == 1.3 and network.info.settings.turn_rad == 0.25
    path = tmp_path / "refine.safetensors"
    save_checkpoint(network, path, network.info)
    again = load_checkpoint(path)
    assert isinstance(again, RefineNet) and same(again, refine_net)
    assert again.info == network.info and again.info.source == "model_best.pth" and len(again.info.source_sha256) == 64


def test_a_bare_state_dict_and_an_optimizer_s_state(score_net: ScoreNet, tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    torch.save(score_net.state_dict(), path)
    network = load_checkpoint(path)
    assert isinstance(network, ScoreNet) and same(network, score_net)
    assert network.info.settings == PUBLISHED_SETTINGS["score"]
    parameter = next(score_net.parameters())
    optimizer = {"state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.zeros_like(parameter)}}, "lr": 1e-4}
    torch.save({"model": score_net.state_dict(), "optimizer": optimizer, "loss": np.float64(0.5)}, path)
    assert same(load_checkpoint(path), score_net)


def test_swapped_files_are_refused(refine_pth: Path) -> None:
    with pytest.raises(InputRefused, match=r"holds RefineNet, but ScoreNet is wanted.*swap") as refused:
        load_checkpoint(refine_pth, "score")
    assert refused.value.reason == "swapped_weights"


@pytest.mark.parametrize("form", ["pth", "safetensors"])
def test_files_that_were_cut_off_are_refused(form: str, refine_net: RefineNet, tmp_path: Path) -> None:
    path = tmp_path / f"cut.{form}"
    if form == "pth":
        torch.save(refine_net.state_dict(), path)
    else:
        save_checkpoint(refine_net, path, refine_net.info)
    path.write_bytes(path.read_bytes()[:1_000_000])
    with pytest.raises(InputRefused, match="damaged or cut off"):
        load_checkpoint(path)


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    with pytest.raises(InputRefused, match="isn't a file"):
        load_checkpoint(path)
    for content, words in ((b"<html>", "no file of PyTorch"), (b"version https://git-lfs", "git lfs pull")):
        path.write_bytes(content)
        with pytest.raises(InputRefused, match=words):
            load_checkpoint(path)
    torch.save(torch.nn.Linear(2, 2).state_dict(), path)
    with pytest.raises(InputRefused, match="neither RefineNet nor ScoreNet"):
        load_checkpoint(path)
    torch.save([1, 2], path)
    with pytest.raises(InputRefused, match="no state dict"):
        load_checkpoint(path)


def test_tensors_of_another_shape_or_not_finite_are_refused(score_net: ScoreNet, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    tensors = dict(score_net.state_dict())
    torch.save({**tensors, "linear.weight": torch.zeros(2, 512)}, path)
    with pytest.raises(InputRefused, match=r"doesn't fit ScoreNet.*linear\.weight"):
        load_checkpoint(path)
    torch.save({**tensors, "linear.weight": torch.full((1, 512), torch.nan)}, path)
    with pytest.raises(InputRefused, match="NaN"):
        load_checkpoint(path)


class _Touch:
    """Unpickled, it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_nothing_in_a_pickle_is_executed(tmp_path: Path) -> None:
    path, made = tmp_path / "weights.pth", tmp_path / "made"
    torch.save({"model": {"a": _Touch(made)}}, path)
    with pytest.raises(InputRefused, match="isn't trusted"):
        load_checkpoint(path)
    path.write_bytes(pickle.dumps({"model": _Touch(made)}, protocol=2))
    with pytest.raises(InputRefused):
        load_checkpoint(path)
    assert not made.exists()


def test_settings_that_need_other_code_are_refused(refine_pth: Path) -> None:
    config = refine_pth.with_name("config.yml")
    for line, words in (
        ("use_normal: true", "use_normal: True, but only False"),
        ("crop_ratio: wide", "aren't numbers"),
        ("crop_ratio: 90", "crop_ratio: 90"),
        ("[", "can't be read as YAML"),
    ):
        config.write_text(line)
        with pytest.raises(InputRefused, match=words):
            load_checkpoint(refine_pth)


def test_a_header_holds_the_settings(tmp_path: Path, score_net: ScoreNet) -> None:
    info = WeightsInfo("score", PUBLISHED_SETTINGS["score"], licence="research only", source="a.pth", note="seeded")
    path = tmp_path / "score.safetensors"
    save_checkpoint(score_net, path, info)
    size = int.from_bytes(path.read_bytes()[:8], "little")
    header = json.loads(path.read_bytes()[8 : 8 + size])["__metadata__"]
    assert header["kind"] == "score" and header["licence"] == "research only" and float(header["crop_ratio"]) == 1.1
