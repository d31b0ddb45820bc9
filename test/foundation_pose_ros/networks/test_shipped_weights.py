"""The compact networks that come with the package: small, free, run without PyTorch, asked by default where better."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foundation_pose_ros import InputRefused
from foundation_pose_ros.cli import main
from foundation_pose_ros.estimation.methods import GeometricMethods
from foundation_pose_ros.method_choice import MethodChoice
from foundation_pose_ros.networks import shipped_weights
from foundation_pose_ros.networks.compact_session import (
    CompactRefinerSession,
    CompactScorerSession,
    LateCompactRefiner,
)
from foundation_pose_ros.networks.shipped_weights import FOLDER, REFINER, SCORER, SHIPPED, ShippedNetwork
from foundation_pose_ros.networks.training_facts import TrainingFacts

ROOT = Path(__file__).resolve().parents[3]
# All files together.
LARGEST_BYTES = 8_000_000


def test_all_files_are_small_and_known() -> None:
    files = [path for path in FOLDER.iterdir() if path.suffix == ".onnx"]
    assert {path.name for path in files} == {network.file for network in SHIPPED}
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < LARGEST_BYTES


@pytest.mark.parametrize("network", SHIPPED, ids=lambda network: network.file)
def test_a_file_says_where_it_is_from(network: ShippedNetwork) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime isn't installed here")
    facts = network.facts()
    assert facts.licence == "Apache-2.0" and facts.date
    assert min(facts.steps, facts.pairs, facts.meshes, facts.minutes) > 0
    assert (ROOT / network.page).is_file()


@pytest.mark.parametrize(
    ("network", "results"),
    [
        (SCORER, ["compact_choice"]),
        (REFINER, ["compact_steps", "compact_registrations"]),
    ],
    ids=["scorer", "refiner"],
)
def test_what_is_shipped_is_what_was_measured(network: ShippedNetwork, results: list[str]) -> None:
    sha256 = hashlib.sha256(network.path.read_bytes()).hexdigest()
    for name in results:
        assert _measured(name)["sha256"] == sha256


def test_auto_asks_the_scorer_only_if_it_mended_choices_and_broke_none() -> None:
    rows = _measured("compact_choice")["sources"].values()
    mends = any(row["mended"] for row in rows) and not any(row["broken"] for row in rows)
    assert SCORER.up_to_depth == float(mends)


def test_auto_asks_the_refiner_where_more_of_its_registrations_end_right() -> None:
    """Of registrations that see as little depth, none of a source that it saw, beside as many geometric steps."""
    rows = [row for sources in _measured("compact_registrations")["seen"].values() for row in sources.values()]
    little = [row for row in rows if row["depth"] <= REFINER.up_to_depth]
    right, without = (
        sum(row["registrations"] * row["right"][way] for row in little) for way in ("network", "geometric")
    )
    assert (right > without) == (REFINER.up_to_depth > 0)


def test_auto_asks_networks_that_are_better_where_they_can_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped_weights, "find_spec", lambda name: True)
    for name, share in (("SCORER", 0.0), ("REFINER", 0.0)):
        monkeypatch.setattr(f"foundation_pose_ros.method_choice.{name}", _Better(share))
    assert MethodChoice().chosen == ("geometric", "geometric")
    for name, share in (("SCORER", 1.0), ("REFINER", 0.5)):
        monkeypatch.setattr(f"foundation_pose_ros.method_choice.{name}", _Better(share))
    assert MethodChoice().chosen == ("compact", "compact")
    assert MethodChoice("geometric").chosen == ("geometric", "compact")
    assert MethodChoice("learned").chosen == ("learned", "learned")
    assert MethodChoice(scorer="learned").chosen == ("geometric", "learned")
    monkeypatch.setattr(shipped_weights, "find_spec", lambda name: None)
    assert MethodChoice().chosen == ("geometric", "geometric")


def test_what_auto_may_need_is_read_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setattr(shipped_weights, "find_spec", lambda name: True)
    assert isinstance(MethodChoice().methods(), GeometricMethods)
    with pytest.raises(InputRefused, match="onnxruntime"):
        LateCompactRefiner(REFINER.path).equations(*np.zeros((2, 1, 6, 64, 64), np.float32))


def test_without_onnxruntime_words_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    for choice in (MethodChoice("compact"), MethodChoice(scorer="compact")):
        with pytest.raises(InputRefused, match=r"pip install .foundation-perception\[onnx\]"):
            choice.methods()


def test_the_command_weights_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime isn't installed here")
    assert main(["weights"]) == 0
    told = capsys.readouterr().out
    for network in SHIPPED:
        assert network.file in told and network.asked_by in told and str(network.facts()) in told
    assert "not asked by default" in told and "NVIDIA Open Model License" in told


def test_the_command_weights_lists_them_without_onnxruntime(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert main(["weights"]) == 0
    told = capsys.readouterr().out
    assert SCORER.file in told and "pip install 'foundation-perception[onnx]'" in told


def test_another_format_needs_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "--convert"]) == 1
    assert "FOLDER" in capsys.readouterr().err


def test_networks_tell_poses_apart_without_pytorch() -> None:
    """A disc with a mark on it: the scorer likes it where it is, the refiner moves it there."""
    pytest.importorskip("onnxruntime", reason="onnxruntime isn't installed here")
    there, aside = _disc(0), _disc(5)
    scores = CompactScorerSession(SCORER.path).scores(np.stack([aside, there]), there[None])
    assert scores[1] > scores[0]
    information, pull = CompactRefinerSession(REFINER.path).equations(aside[None], there[None])
    twist = np.linalg.solve(information[0], pull[0])
    # Five pixels to the left, in radii.
    assert twist[0] == pytest.approx(-5 * 2.7 / 64, abs=0.08)


def test_facts_that_are_no_numbers_are_not_known() -> None:
    facts = TrainingFacts.from_metadata({"kind": "compact_score", "steps": "many", "pairs": "12", "other": "x"})
    assert facts == TrainingFacts("compact_score", pairs=12)
    assert facts.as_metadata == {"kind": "compact_score", "pairs": "12"}


class _Better(ShippedNetwork):
    def __init__(self, up_to_depth: float) -> None:
        super().__init__("", "", "", "", up_to_depth, verdict="", page="")


def _disc(aside_px: int) -> np.ndarray:
    """(6, 64, 64): a disc that leans a little, half of it red, moved to the right."""
    v, u = np.mgrid[:64, :64].astype(np.float32)
    radii = 2.7 / 64
    x, y = (u - 31.5) * radii, (v - 31.5) * radii
    off = x - aside_px * radii
    inside = off**2 + y**2 < 0.8
    red = (off * y > 0) & inside
    depth = (0.2 * off + 1e-3) * inside
    return np.stack([red, 0.3 * inside, 0.5 * inside, x * inside, y * inside, depth]).astype(np.float32)


def _measured(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text(encoding="utf-8"))
    return found
