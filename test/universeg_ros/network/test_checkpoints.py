"""Files of weights are read strictly, without running what a pickle says, and refused in words."""

import os
import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.errors import InputRefused
from universeg_ros import UniverSeg
from universeg_ros.network import checkpoints
from universeg_ros.network.checkpoints import UniverSegWeightsInfo, load_checkpoint, save_checkpoint


def same_weights(a: UniverSeg, b: UniverSeg) -> bool:
    first, second = a.state_dict(), b.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("features", [[4, 6, 8], [64, 64, 64, 64]], ids=str)
def test_pickled_state_dict(tmp_path: Path, features: list[int]) -> None:
    model = UniverSeg(features)
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    loaded, info = load_checkpoint(tmp_path / "weights.pt")
    assert same_weights(loaded, model)
    assert loaded.features == tuple(features)
    assert not loaded.training
    assert info == UniverSegWeightsInfo()


def test_safetensors_keep_what_is_known_of_the_weights(tmp_path: Path) -> None:
    model = UniverSeg([4, 6, 8]).bfloat16()
    info = UniverSegWeightsInfo(licence="Apache-2.0", trained_on="made-up shapes", date="2026-01-02", commit="abc")
    save_checkpoint(model, tmp_path / "folder" / "weights.safetensors", info)
    loaded, read = load_checkpoint(str(tmp_path / "folder" / "weights.safetensors"))
    assert same_weights(loaded, model.float())
    assert read == info


class RunsWhenUnpickled:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return os.mkdir, (str(self.witness),)


def test_a_pickle_runs_nothing(tmp_path: Path) -> None:
    torch.save({"enc_blocks.0.cross.cross_conv.weight": RunsWhenUnpickled(tmp_path / "ran")}, tmp_path / "evil.pt")
    with pytest.raises(InputRefused, match="tensors alone"):
        load_checkpoint(tmp_path / "evil.pt")
    assert not (tmp_path / "ran").exists()


def refused(path: Path) -> InputRefused:
    with pytest.raises(InputRefused) as refusal:
        load_checkpoint(path)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)
    return refusal.value


def test_what_is_not_a_universeg_is_refused(tmp_path: Path) -> None:
    good = UniverSeg([4, 4]).state_dict()
    missing = {name: tensor for name, tensor in good.items() if name != "out_conv.conv.bias"}
    more = good | {"head.weight": torch.zeros(1)}
    wrong_shape = good | {"out_conv.conv.weight": torch.zeros(2, 4, 1, 1)}
    for name, content in (("missing", missing), ("more", more), ("shape", wrong_shape), ("list", [1]), ("none", {})):
        torch.save(content, tmp_path / f"{name}.pt")
        assert refused(tmp_path / f"{name}.pt").reason == "bad_weights", name
    for suffix in (".pt", ".safetensors"):
        broken = tmp_path / f"broken{suffix}"
        broken.write_bytes(b"not weights at all")
        assert refused(broken).reason == "bad_weights"
    assert refused(tmp_path / "absent.pt").reason == "no_weights"


@pytest.mark.parametrize(
    ("name", "licence", "sets"), [("default", "Apache-2.0", "68 sets"), ("research", "research only", "198 sets")]
)
def test_shipped_weights_say_what_may_be_done_with_them(name: str, licence: str, sets: str, repository: Path) -> None:
    model, info = load_checkpoint(name)
    assert model.features == (32, 32, 32, 32) and checkpoints.SHIPPED[name].stat().st_size <= 5_000_000
    assert info.licence == licence and sets in info.trained_on and info.date and info.note
    # The card's table names every set, and each in the file is one of them.
    column = {"default": -3, "research": -2}[name]
    rows = [line.split("|") for line in (repository / "docs/universeg_weights_data.md").read_text().splitlines()]
    listed = {row[1].strip() for row in rows if len(row) == 7 and row[column].strip() == "yes"}
    stated = re.search(r"\d+ sets: ([\w, ]+)", info.trained_on)
    assert stated is not None and set(re.split(r", (?!before)", stated[1].split(", before")[0])) == listed


def test_weights_that_are_not_shipped_are_refused_with_the_fix(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(checkpoints.SHIPPED, "default", tmp_path / "default.safetensors")
    with pytest.raises(InputRefused) as refusal:
        load_checkpoint("default")
    assert refusal.value.reason == "no_weights"
    assert re.search(r"no default weights.*universeg train.*path of a checkpoint", str(refusal.value))
    save_checkpoint(UniverSeg([4]), tmp_path / "default.safetensors", UniverSegWeightsInfo(note="now it is"))
    assert load_checkpoint("default")[1].note == "now it is"
