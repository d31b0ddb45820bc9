"""The loop, by a compact scorer: it goes on where it stopped, on several processes too, and tells how it goes."""

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import InputRefused
from foundation_pose_ros.networks.weights_file import read_safetensors, write_safetensors
from foundation_pose_ros.training import run_log
from foundation_pose_ros.training.compact_settings import CompactScoreSettings, ScoreStage
from foundation_pose_ros.training.loop import Trainer, _Batches
from foundation_pose_ros.training.mixed_scenes import scenes_of
from foundation_pose_ros.training.pose_sets import SetSettings
from foundation_pose_ros.training.runs import trainer_of
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


def trainer(settings: CompactScoreSettings, say: Callable[[str], None] | None = None) -> Trainer:
    return Trainer(ScoreTask(settings), say or quiet)


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
        assert float((expected - found).abs().max()) < 1e-5


def test_what_was_learned_is_logged_and_validated(settings):
    run = trainer(replace(settings, stages=(ScoreStage(25, 1),)))
    run.run()
    with (run.folder / "log.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (int(row["step"]), int(row["pairs"])) == (25, 150)
    assert float(row["loss"]) > 0
    assert 0 <= float(row["right_first"]) <= 1


def test_made_objects_are_trained_on_and_never_judged_on(settings):
    without, within = (
        trainer(replace(settings, stages=(ScoreStage(1, 1, drawn=SetSettings(made=share)),))) for share in (0.0, 1.0)
    )
    np.testing.assert_array_equal(without.validated().loss, within.validated().loss)


def test_tensorboard_reads_what_the_log_says(settings, tmp_path):
    pytest.importorskip("tensorboard", reason="TensorBoard isn't installed here")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = replace(settings, stages=(ScoreStage(50, 1),), validate_every=50)
    trainer(run).run(until=25)
    trainer(run).run()
    read = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    read.Reload()
    with (tmp_path / "run" / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [one.step for one in read.Scalars("loss")] == [int(row["step"]) for row in rows] == [25, 50]
    assert [one.value for one in read.Scalars("loss")] == pytest.approx([float(row["loss"]) for row in rows], rel=1e-3)
    # Judged at the second of both alone.
    assert math.isnan(float(rows[0]["right_first"]))
    assert [one.step for one in read.Scalars("right_first")] == [50]


def test_what_a_killed_run_had_logged_after_its_checkpoint_is_logged_once(settings, tmp_path):
    run = replace(settings, stages=(ScoreStage(50, 1),), validate_every=20)
    first = trainer(run)
    first.run(until=25)
    log = tmp_path / "run" / "log.csv"
    with log.open("a") as file:
        file.write("50,300,1,1,0.5,0.001,nan,nan,nan,nan\n")
    trainer(run).run()
    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [20, 25, 40, 50]
    # Judged when that is due, and in the end.
    assert [math.isnan(float(row["right_first"])) for row in rows] == [False, True, False, False]


def test_a_log_of_another_kind_of_run_is_refused(settings, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "log.csv").write_text("step,left\n25,0.5\n")
    with pytest.raises(InputRefused, match="output folder of its own"):
        trainer(settings).run()


def test_a_checkpoint_of_an_earlier_version_is_refused(settings):
    run = trainer(settings)
    run.run(until=1)
    content = torch.load(run.checkpoint, weights_only=True)
    del content["counts"]["sets"]
    torch.save(content, run.checkpoint)
    with pytest.raises(InputRefused, match="earlier version"):
        trainer(settings).run()


def test_without_tensorboard_a_run_says_so_and_goes_on(settings, monkeypatch):
    monkeypatch.setattr(run_log, "find_spec", lambda _library: None)
    said: list[str] = []
    run = trainer(replace(settings, stages=(ScoreStage(1, 1),)), said.append)
    run.run()
    assert "pip install 'foundation-perception[tensorboard]'" in said[0]
    assert not (run.folder / "tensorboard").exists()


def test_recordings_are_judged_as_training_goes(settings, recording):
    run = trainer(replace(settings, stages=(ScoreStage(25, 1),), recordings=(str(recording), "nowhere")))
    run.run()
    with (run.folder / "log.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert 0 <= float(row["recorded_right_first"]) <= 1
    judged = run.validated_on_recordings()
    assert judged is not None and len(judged.loss) == settings.recorded_sets
    assert judged.right_first[0] == pytest.approx(float(row["recorded_right_first"]), abs=1e-4)


def test_two_processes_train_one_network_and_go_on(torchrun, mesh_folder, texture_folder, tmp_path):
    """By torchrun, stopped half way: each step is of twice as many sets, and what is written is one network."""
    run = tmp_path / "run.yaml"
    run.write_text(
        f"network: compact_score\noutput: {tmp_path}/run\nmeshes: {mesh_folder}\ntextures: {texture_folder}\n"
        "stages: [{steps: 4, sets: 1}]\nheld_out: 0.3\nwarm_up_steps: 1\ndevice: cpu\n",
        encoding="utf-8",
    )
    for steps in ("2", "4"):
        printed = torchrun("-m", "foundation_pose_ros.cli", "train", str(run), "--steps", steps)
        assert printed.count("written") == 1
    assert printed.count("going on from step 2, 24 pairs") == 1
    both = torch.load(tmp_path / "run" / "training.pt", weights_only=True)
    assert both["counts"] == {"step": 4, "sets": 8, "pairs": 48}
    assert all(torch.isfinite(tensor).all() for tensor in both["network"].values())


def test_processes_share_out_the_sets(settings):
    class Numbers(ScoreTask):
        batch = staticmethod(tuple)

    of_each = [_Batches(Numbers(settings), range(100), 2, first=10 + 2 * rank, apart=4, count=3) for rank in range(2)]
    assert [list(batches) for batches in of_each] == [[(10, 11), (14, 15), (18, 19)], [(12, 13), (16, 17), (20, 21)]]


def test_it_learns_from_poses_that_steps_propose(settings):
    proposed = ScoreStage(2, 2, drawn=SetSettings(proposed=1.0, tried=6))
    run = trainer(replace(settings, stages=(proposed,)))
    run.run()
    assert (run.step, run.pairs) == (2, 24)
    assert run.judged_on(scenes_of(run.held, run.textures, proposed.drawn, 5), 3).loss.shape == (3,)


def test_the_run_that_went_on_can_be_read_and_its_weights_are_there():
    settings = CompactScoreSettings.from_yaml(SHIPPED.with_name("compact_score_proposed.yaml"))
    assert [stage.drawn.proposed for stage in settings.stages] == [0.6, 0.6]
    assert SHIPPED.parents[2] / settings.begin_with == BEGUN


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
    assert run.stages[0].drawn.defects.clutter < run.stages[-1].drawn.defects.clutter
    for change in ({"network": "other"}, {"precision": "fp8"}, {"stages": ()}, {"held_out": 0.0}):
        with pytest.raises(InputRefused):
            replace(settings, **change)


def test_a_file_says_which_network_it_trains(mesh_folder, texture_folder, tmp_path):
    given = {"output": str(tmp_path / "run"), "meshes": str(mesh_folder), "textures": str(texture_folder)}
    assert trainer_of(SHIPPED, **given).task.kind == "compact_score"
    other = tmp_path / "other.yaml"
    other.write_text("network: compact_something\noutput: x\n", encoding="utf-8")
    with pytest.raises(InputRefused, match="compact_score"):
        trainer_of(other, **given)
