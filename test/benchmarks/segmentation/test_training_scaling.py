"""Dice against tasks: what is judged is never trained on, more sets hold the fewer, and no run is made twice."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from benchmarks.segmentation import training_scaling
from benchmarks.segmentation.training_scaling import (
    Series,
    by_source,
    drawn,
    judged_tasks,
    measure,
    trained_files,
)
from foundation_pose_ros import InputRefused
from universeg_ros.training.settings import DEFAULT_RUN, UniverSegStage, UniverSegTrainSettings

APART = UniverSegTrainSettings.from_yaml(DEFAULT_RUN).validation
# Of the same source as one that is judged.
NEAR = ("covid_xray_right_lung", "wbc_other_cell")


def discs(path: Path, seed: int) -> None:
    """Write a task of bright discs on noise (8, 16, 16)."""
    rng = np.random.default_rng(seed)
    ys, xs = np.mgrid[:16, :16]
    labels = np.stack([np.hypot(ys - y, xs - x) < 4 for y, x in rng.uniform(5, 11, (8, 2))])
    images = (60 * rng.random(labels.shape) + 150 * labels).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, images=images, labels=labels.astype(np.uint8))


@pytest.fixture
def segmentation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of sets to train on and to judge by, small runs, and the variable that names the data."""
    folder = tmp_path / "data" / "segmentation"
    for k, name in enumerate((*APART, *NEAR, *(f"set{k}_disc" for k in range(5)))):
        discs(folder / "train" / f"{name}.npz", k)
    discs(folder / "eval" / "wbc_cell.npz", 100)
    monkeypatch.setenv("FOUNDATION_PERCEPTION_DATA", str(tmp_path / "data"))
    for name, value in {
        "SIZE": 16,
        "STAGE": UniverSegStage(16, support=(1, 2), batch=1),
        "SERIES": (Series(2, 0, (1, 2, 4, 0)), Series(1, 1, (1, 0))),
    }.items():
        monkeypatch.setattr(training_scaling, name, value)
    return folder


def test_no_set_of_a_source_that_is_judged_is_trained_on(segmentation: Path) -> None:
    judged = judged_tasks(segmentation)
    assert {task.name for task in judged} == {"wbc_cell", *APART}
    assert [file.stem for file in trained_files(segmentation, judged)] == [f"set{k}_disc" for k in range(5)]


def test_more_sets_hold_the_fewer_and_another_seed_draws_others() -> None:
    files = [Path(f"{k}.npz") for k in range(100)]
    few, more, every = (drawn(files, count, 0) for count in (10, 30, 0))
    assert more[:10] == few and sorted(every) == sorted(files)
    assert set(drawn(files, 10, 1)) != set(few)


def test_tasks_of_the_same_pictures_count_once() -> None:
    dice = {"cell": 0.9, "nucleus": 0.7, "liver": 0.5}
    sources = {"cell": "cell", "nucleus": "cell", "liver": "liver"}
    np.testing.assert_allclose(by_source(dice, sources), [0.8, 0.5])


def test_points_law_and_table_come_from_runs_that_are_made_once(
    segmentation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = measure(tmp_path / "runs")
    first, second = report["series"]
    assert [point["n"] for point in first["points"]] == [point["n"] for point in report["against"]["tasks"]["points"]]
    assert [point["n"] for point in first["points"]] == [1, 2, 4, 5] and [p["n"] for p in second["points"]] == [1, 5]
    assert first["points"][0]["gained"] == [0, 0, 0]
    for point, law in zip(first["points"], report["against"]["tasks"]["points"], strict=True):
        dice, low, high = point["dice"]
        assert low <= dice <= high and dice == pytest.approx(1 - law["loss"], abs=2e-4)
        assert point["gained"][0] == pytest.approx(dice - first["points"][0]["dice"][0], abs=2e-4)
    assert "| 1 | 1 | 5 | " in training_scaling.points_table(report | {"command": "python"})

    def refuse(*_args: object) -> None:
        raise AssertionError("trained what was trained")

    monkeypatch.setattr(training_scaling, "train", refuse)
    again = measure(tmp_path / "runs")
    assert again["against"] == report["against"] and again["series"] == report["series"]


def test_too_few_sets_are_refused(segmentation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_scaling, "SERIES", (Series(1, 0, (1, 5, 0)),))
    with pytest.raises(InputRefused, match="5 sets to train on"):
        measure(tmp_path / "runs")
