"""Training the compact scorer: it goes on where it stopped, and refuses what it can't go on from."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import InputRefused
from foundation_pose_ros.cli.train import train
from foundation_pose_ros.networks.weights_file import read_safetensors, write_safetensors
from foundation_pose_ros.training.compact_loop import CompactTrainer
from foundation_pose_ros.training.compact_runs import compact_trainer
from foundation_pose_ros.training.compact_settings import CompactScoreSettings, ScoreStage
from foundation_pose_ros.training.pose_sets import SetSettings
from foundation_pose_ros.training.score_task import ScoreTask

pytestmark = pytest.mark.slow
BEGUN = Path(__file__).parents[3] / "foundation_pose_ros/training/compact_score_begun.safetensors"
SHIPPED = Path(__file__).parents[3] / "foundation_pose_ros/training/compact_score.yaml"


@pytest.fixture
def settings(mesh_folder: Path, texture_folder: Path, tmp_path: Path) -> CompactScoreSettings:
    return CompactScoreSettings(
        network="compact_score",
        output=str(tmp_path / "run"),
        meshes=str(mesh_folder),
        textures=str(texture_folder),
        stages=(ScoreStage(1, 1), ScoreStage(3, 1)),
        held_out=0.3,
        warm_up_steps=1,
        validate_every=25,
        validation_sets=4,
    )


def trainer(settings: CompactScoreSettings, say: Callable[[str], None] | None = None) -> CompactTrainer:
    return CompactTrainer(ScoreTask(settings), say or quiet)


def quiet(_line: str) -> None:
    pass


def test_a_run_that_was_stopped_ends_where_one_without_a_stop_does(settings, tmp_path):
    whole = trainer(settings)
    whole.run()
    parts = replace(settings, output=str(tmp_path / "parts"))
    trainer(parts).run(until=2)
    said: list[str] = []
    second = trainer(parts, said.append)
    second.run()
    assert said[0].startswith("going on from step 2")
    assert (second.step, second.pairs) == (whole.step, whole.pairs) == (4, 24)
    for expected, found in zip(whole.average.parameters(), second.average.parameters(), strict=True):
        assert float((expected - found).abs().max()) < 1e-2


def test_what_was_learned_is_logged_and_validated(settings):
    run = trainer(replace(settings, stages=(ScoreStage(25, 1),)))
    run.run()
    with run.log.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (int(row["step"]), int(row["pairs"])) == (25, 150)
    assert float(row["loss"]) > 0
    assert 0 <= float(row["right_first"]) <= 1


def test_it_learns_from_poses_that_steps_propose(settings):
    proposed = ScoreStage(2, 2, drawn=SetSettings(proposed=1.0, tried=6))
    run = trainer(replace(settings, stages=(proposed,)))
    run.run()
    assert (run.step, run.pairs) == (2, 24)
    assert run.judged_on(run.task.sets(run.held, run._textures, proposed, 5), 3).loss.shape == (3,)


def test_the_run_that_went_on_can_be_read_and_its_weights_are_there():
    settings = CompactScoreSettings.from_yaml(SHIPPED.with_name("compact_score_proposed.yaml"))
    assert [stage.drawn.proposed for stage in settings.stages] == [0.6, 0.6]
    assert SHIPPED.parents[2] / settings.begin_with == BEGUN


def test_folders_are_refused_where_a_run_names_its_objects():
    with pytest.raises(InputRefused, match="leave --meshes, --textures and --pictures out"):
        train(SHIPPED.with_name("overfit.yaml"), pictures="anywhere")


def test_another_network_s_checkpoint_is_refused(settings):
    run = trainer(settings)
    run.folder.mkdir(exist_ok=True)
    torch.save({"network": {}}, run.checkpoint)
    with pytest.raises(InputRefused) as refused:
        run.run()
    assert refused.value.reason == "bad_checkpoint"


def test_a_run_begins_with_the_weights_that_are_here(settings, tmp_path):
    run = trainer(replace(settings, begin_with=str(BEGUN)))
    tensors, said = read_safetensors(BEGUN)
    for name, kept in run.average.state_dict().items():
        assert torch.equal(kept, tensors[name].to(kept.dtype)), name
    assert said["licence"] == "Apache-2.0"
    write_safetensors({"other": torch.zeros(1)}, tmp_path / "other.safetensors", {"format": "pt"})
    with pytest.raises(InputRefused) as refused:
        trainer(replace(settings, begin_with=str(tmp_path / "other.safetensors")))
    assert refused.value.reason == "bad_weights"


def test_the_shipped_run_is_read_and_wrong_ones_are_refused(settings):
    run = CompactScoreSettings.from_yaml(SHIPPED, output="elsewhere")
    assert run.output == "elsewhere"
    assert run.stage(0).drawn.defects.clutter < run.stage(run.steps - 1).drawn.defects.clutter
    for change in ({"network": "other"}, {"precision": "fp8"}, {"stages": ()}, {"held_out": 0.0}):
        with pytest.raises(InputRefused):
            replace(settings, **change)


def test_a_file_says_which_network_it_trains(mesh_folder, texture_folder, tmp_path):
    given = {"output": str(tmp_path / "run"), "meshes": str(mesh_folder), "textures": str(texture_folder)}
    assert compact_trainer(SHIPPED, **given).task.kind == "compact_score"
    other = tmp_path / "other.yaml"
    other.write_text("network: compact_something\noutput: x\n", encoding="utf-8")
    with pytest.raises(InputRefused, match="compact_score"):
        compact_trainer(other, **given)
