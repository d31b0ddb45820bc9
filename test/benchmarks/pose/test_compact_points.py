"""Points of a compact network's laws: a run goes as far as it is asked, once, and its laws are those of its losses."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from benchmarks.pose import compact_points, photoreal_scaling, refiner_scaling, training_scaling
from benchmarks.pose.compact_points import CompactRun
from foundation_pose_ros import InputRefused
from foundation_pose_ros.training.compact_settings import CompactRefineSettings
from foundation_pose_ros.training.refine_task import StepValidation
from foundation_pose_ros.training.score_task import ScoreValidation

ALL_MESHES = 1000
EXPONENT = 0.3


class TrainerByLaw:
    """Takes no time to train, and is judged as a law of its meshes and pairs says."""

    trained: ClassVar[list[str]] = []
    steps: ClassVar[dict[str, int]] = {}

    def __init__(self, task: Any, _say: Any) -> None:
        self.settings = task.settings
        self.network = torch.nn.Linear(self.settings.widths[0], 1)
        self.meshes = range(self.settings.most_meshes or ALL_MESHES)
        self.pictured = self.settings.stages[-1].drawn.pictured
        self.step = self.steps.get(self.settings.output, 0)

    def run(self, until: int) -> None:
        self.step = max(self.step, until)
        self.steps[self.settings.output] = self.step
        self.trained.append(f"{Path(self.settings.output).name} to {self.step}")

    @property
    def pairs(self) -> int:
        return 24 * self.step

    def validated(self) -> Any:
        settings = self.settings
        harder = np.random.default_rng(0).gamma(9.0, 1 / 9, settings.validation_sets)
        law = (len(self.meshes) * self.pairs / 1e6) ** -EXPONENT
        if isinstance(settings, CompactRefineSettings):
            before = np.repeat(np.linspace(0.1, 0.3, settings.validation_sets), 6)
            return StepValidation(before, before * np.repeat(0.3 * law * harder, 6))
        tells = np.ones(settings.validation_sets, bool)
        return ScoreValidation(0.3 * law * harder, tells, tells, tells)

    def judged_on(self, scenes: Any, count: int) -> Any:
        """Pictures that were made before teach of such pictures."""
        tells = np.ones(count, bool)
        loss = 0.3 * (0.01 + self.pictured) ** -EXPONENT * np.random.default_rng(0).gamma(9.0, 1 / 9, count)
        if isinstance(self.settings, CompactRefineSettings):
            return StepValidation(np.ones(6 * count), np.repeat(loss, 6))
        return ScoreValidation(loss, tells, tells, tells)


@pytest.fixture(autouse=True)
def by_law(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    TrainerByLaw.trained.clear()
    TrainerByLaw.steps.clear()
    monkeypatch.setattr(compact_points, "Trainer", TrainerByLaw)
    monkeypatch.setenv("FOUNDATION_PERCEPTION_DATA", str(tmp_path / "data"))


def refiner_run(folder: Path) -> CompactRun:
    return CompactRun(
        folder,
        lambda settings: SimpleNamespace(settings=settings),
        refiner_scaling._settings,
        lambda found: {"loss": found.after},
    )


def test_a_run_is_made_once_and_goes_on(tmp_path: Path) -> None:
    run = refiner_run(tmp_path / "run")
    few, more, again = run.at(10), run.at(30), run.at(10)
    assert TrainerByLaw.trained == ["run to 10", "run to 30"]
    assert few["pairs"] == 240 and more["pairs"] == 720 and few["meshes"] == ALL_MESHES
    np.testing.assert_array_equal(few["loss"], again["loss"])


def test_a_run_that_went_farther_is_refused(tmp_path: Path) -> None:
    run = refiner_run(tmp_path / "run")
    run.at(30)
    with pytest.raises(InputRefused, match="is at step 30, not 10"):
        run.at(10)


@pytest.mark.parametrize(
    ("part", "seeds"), [(training_scaling, 3), (refiner_scaling, 2)], ids=["compact scorer", "compact refiner"]
)
def test_laws_are_those_by_which_networks_were_judged(part: Any, seeds: int, tmp_path: Path) -> None:
    report = part.measure(tmp_path)
    for name in ("meshes", "pairs"):
        found = report["against"][name]
        assert found["exponent"][0] == pytest.approx(EXPONENT, abs=0.02)
        assert found["floor"][0] < 0.05 * found["points"][-1]["loss"]
        n, losses = np.array([(one["n"], one["loss"]) for one in found["points"]]).T
        assert (np.diff(n) > 0).all() and (np.diff(losses) < 0).all()
    assert len(report["seeds"]) == seeds and len({one["loss"] for one in report["seeds"]}) == 1
    done = len(TrainerByLaw.trained)
    assert part.measure(tmp_path)["against"] == report["against"] and len(TrainerByLaw.trained) == done
    table = part.PART.markdown(report | {"command": "python"})
    assert "| meshes | 1 000 |" in table and "40 000" in table


@pytest.mark.parametrize("part", [photoreal_scaling.PART, photoreal_scaling.REFINER_PART], ids=lambda part: part.name)
def test_shares_of_painted_pictures_are_judged_on_each_kind(
    part: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    network = photoreal_scaling.SCORER if part is photoreal_scaling.PART else photoreal_scaling.REFINER
    made = SimpleNamespace(painted=tmp_path, fast=tmp_path, views=7, others=lambda _: {"painted": 0, "recorded": 1})
    monkeypatch.setattr(photoreal_scaling, "PaintedScenes", lambda *_: made)
    report = photoreal_scaling.measure(tmp_path, 4, network)
    assert report["views"] == 7
    for kind in ("drawn", "painted", "recorded"):
        points = report["against"][kind]["points"]
        assert [one["n"] for one in points] == [0, 12, 25, 50, 100]
        falls = np.diff([one["loss"] for one in points]) < 0
        assert falls.all() if kind != "drawn" else not falls.any()
    table = part.markdown(report | {"command": "python"})
    assert "| 0 | 0." in table and "% painted, judged on recorded ones" in table and network.title in table
