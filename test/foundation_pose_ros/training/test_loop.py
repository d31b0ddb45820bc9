"""The loop: it learns, goes on where it stopped, and refuses what it can't go on from."""

from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from torch import nn

from foundation_pose_ros import InputRefused
from foundation_pose_ros.networks import RefineNet, load_checkpoint
from foundation_pose_ros.training.__main__ import OVERFIT
from foundation_pose_ros.training.loop import Trainer
from foundation_pose_ros.training.reduced_resolution import scores, steps_per_token
from foundation_pose_ros.training.settings import Pairs, ResolutionStage, TrainSettings

pytestmark = pytest.mark.slow


def settings(output: Path, **changes: object) -> TrainSettings:
    tiny = TrainSettings(
        output=str(output),
        objects=("sticker_cube",),
        stages=(ResolutionStage(3, 16, 2), ResolutionStage(3, 24, 2)),
        threads=1,
        warm_up_steps=1,
    )
    return replace(tiny, **changes)  # type: ignore[arg-type]


def quiet(_line: str) -> None:
    pass


def test_a_run_that_was_stopped_ends_where_one_without_a_stop_does(tmp_path):
    whole = Trainer(settings(tmp_path / "whole"), quiet)
    whole.run()
    Trainer(settings(tmp_path / "parts"), quiet).run(until=4)
    said: list[str] = []
    second = Trainer(settings(tmp_path / "parts"), said.append)
    weights = second.run()
    assert said[0].startswith("going on from step 4")
    assert second.state.step == whole.state.step == 6
    # Rounding differs from run to run, and Adam's first steps are 1e-4 long for the smallest gradient: on average only.
    expected, found = (nn.utils.parameters_to_vector(run.network.parameters()) for run in (whole, second))
    assert float((expected - found).detach().abs().mean()) < 2e-6
    assert second.state.recent_loss == pytest.approx(whole.state.recent_loss, rel=1e-3)
    read = load_checkpoint(weights, "refine")
    assert isinstance(read, RefineNet)
    assert torch.equal(read.state_dict()["rot_head.1.weight"], second.network.state_dict()["rot_head.1.weight"])
    assert "sticker_cube" in read.info.note


def test_stages_follow_each_other(tmp_path):
    trainer = Trainer(settings(tmp_path), quiet)
    sizes = []
    for trainer.state.step in range(6):
        sizes.append(trainer._stage().size)
    assert sizes == [16, 16, 16, 24, 24, 24]


def test_a_stage_has_its_own_rate_of_learning(tmp_path):
    trainer = Trainer(
        settings(tmp_path, stages=(ResolutionStage(3, 16, 2), ResolutionStage(3, 16, 2, rate=5.0))), quiet
    )
    rates = []
    for trainer.state.step in range(6):
        trainer._set_learning_rate(trainer._stage())
        rates.append(trainer.optimizer.param_groups[0]["lr"])
    assert rates[0] == pytest.approx(1e-4)
    assert rates[3] == pytest.approx(5 * 1e-4 * (0.02 + 0.98 / 2))  # half way down
    assert rates[4] < rates[3]


@pytest.mark.parametrize("kind", ["refine", "score"])
def test_one_batch_over_and_over_is_learned(tmp_path, kind):
    """The smallest proof that gradients reach the weights: the loss on a batch that stays the same falls."""
    trainer = Trainer(settings(tmp_path, kind=kind, learning_rate=1e-3, pairs=Pairs(group_size=3)), quiet)
    stage = ResolutionStage(1, 32, 2)
    losses = []
    for _ in range(12):
        loss = trainer._loss(0, stage)
        trainer.optimizer.zero_grad()
        loss.backward()
        trainer.optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_small_inputs_are_the_networks_own_computation_at_full_size():
    torch.manual_seed(0)
    network = RefineNet()
    rendered, observed = torch.rand(2, 1, 6, 160, 160)
    with torch.no_grad():
        expected = network(rendered, observed)
        found = steps_per_token(network, rendered, observed)
    for one, tokens in zip(expected, found, strict=True):
        assert tokens.shape == (1, 400, 3)
        assert torch.allclose(tokens.mean(dim=1), one, atol=1e-5)


def test_scores_of_small_inputs_are_the_networks_own_at_full_size():
    from foundation_pose_ros.networks import ScoreNet

    torch.manual_seed(0)
    network = ScoreNet()
    rendered, observed = torch.rand(2, 2, 6, 160, 160)
    with torch.no_grad():
        assert torch.allclose(scores(network, rendered, observed, 2), network(rendered, observed, 2), atol=1e-5)


def test_the_checkpoint_of_another_network_is_refused(tmp_path):
    Trainer(settings(tmp_path), quiet).run(until=1)
    with pytest.raises(InputRefused, match="output folder of its own"):
        Trainer(settings(tmp_path, kind="score"), quiet).run()


def test_settings_are_read_from_a_file_and_checked(tmp_path):
    file = tmp_path / "run.yaml"
    file.write_text("output: x\nstages: [{steps: 5, size: 80}]\npairs: {perturbation: {turn_rad: 0.1}}\n")
    read = TrainSettings.from_yaml(file, output=str(tmp_path))
    assert (read.steps, read.stages[0].size, read.pairs.perturbation.turn_rad) == (5, 80, 0.1)
    assert read.output == str(tmp_path)
    overfit, full_size = (TrainSettings.from_yaml(path) for path in (OVERFIT, OVERFIT.with_stem("overfit_full_size")))
    assert full_size == replace(overfit, stages=(*overfit.stages, full_size.stages[-1]))
    for wrong, word in (
        ("output: x\nstepz: 3\n", "stepz"),
        ("output: x\nstages: [{steps: 5, size: 81}]\n", "160"),
        ("output: x\nkind: depth\n", "refine or score"),
        ("- a\n", "keys and values"),
        ("stages: [{steps: 5}]\n", "output"),
    ):
        file.write_text(wrong)
        with pytest.raises(InputRefused, match=word):
            TrainSettings.from_yaml(file)
