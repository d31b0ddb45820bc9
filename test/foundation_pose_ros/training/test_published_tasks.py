"""Training RefineNet and ScoreNet: a little leaves less of an error, and what is written is read as theirs."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import InputRefused
from foundation_pose_ros.networks import RefineNet, ScoreNet, load_checkpoint
from foundation_pose_ros.synthetic.mesh_library import MeshLibrary
from foundation_pose_ros.synthetic.surface_textures import TextureLibrary
from foundation_pose_ros.training.crop_pictures import Defects
from foundation_pose_ros.training.drawn_scenes import DrawnScenes
from foundation_pose_ros.training.loop import Trainer
from foundation_pose_ros.training.pose_sets import SetSettings
from foundation_pose_ros.training.published_settings import (
    OwnCropSteps,
    RefineNetSettings,
    RefineNetStage,
    ScoreNetSettings,
    ScoreNetStage,
)
from foundation_pose_ros.training.reduced_resolution import RefineNetInTraining, ScoreNetInTraining
from foundation_pose_ros.training.refine_net_task import RefineNetTask, said_motions
from foundation_pose_ros.training.runs import trainer_of
from foundation_pose_ros.training.score_net_task import ScoreNetTask
from foundation_pose_ros.training.step_sets import StepSettings
from foundation_pose_ros.training.wrong_poses import Jitter

RUNS = Path(__file__).parents[3] / "foundation_pose_ros/training"
BARE = Defects(0.0, ground=0.0, clutter=0.0, noise=0.1, stickers=0.0)


@pytest.fixture
def folders(mesh_folder: Path, texture_folder: Path, tmp_path: Path) -> dict[str, str]:
    return {"output": str(tmp_path / "run"), "meshes": str(mesh_folder), "textures": str(texture_folder)}


def quiet(_line: str) -> None:
    pass


@pytest.mark.slow
def test_errors_of_place_and_angle_are_halved_in_a_minute(folders):
    """The smallest training that shows it: one box, upright to 0.3 rad, at places and in light that weren't seen."""
    drawn = OwnCropSteps(
        starts=2, aside=Jitter(0.1, math.radians(20)), apart=0.5, opposite=True, within_rad=0.3, own_surface=1.0,
        plain=0.0, baked=0.0, distance_m=(0.5, 1.0), defects=BARE,
    )  # fmt: skip
    settings = RefineNetSettings(
        network="refine_net",
        stages=(RefineNetStage(steps=110, sets=12, size=16, drawn=drawn),),
        left_out=tuple(f"{name}_{k}" for name in ("bracket", "mug", "ball") for k in range(6)),
        held_out=0.3,
        rotation_weight=1.0,
        per_token=0.2,
        dropout=0.0,
        learning_rate=5e-4,
        falling=True,
        average=0.9,
        warm_up_steps=10,
        device="cpu",
        validation_sets=48,
        **folders,
    )
    trainer = Trainer(RefineNetTask(settings), quiet)
    weights = trainer.run()
    found = trainer.validated()
    left, farther = found.logged
    assert left < 0.6
    assert farther < 0.15
    read = load_checkpoint(weights, "refine")
    assert isinstance(read, RefineNet)
    assert "110 steps, 2640 pairs" in read.info.note
    for name, tensor in trainer.average.state_dict().items():
        assert torch.equal(read.state_dict()[name], tensor), name


@pytest.mark.slow
def test_one_batch_of_groups_over_and_over_is_learned(losses_on, folders, mesh_folder, texture_folder):
    task = ScoreNetTask(ScoreNetSettings(network="score_net", **folders))
    torch.manual_seed(0)
    network = task.network().train()
    stage = ScoreNetStage(1, size=32, drawn=SetSettings(poses=4))
    scenes = DrawnScenes(
        MeshLibrary.from_folder(mesh_folder), TextureLibrary.from_folder(texture_folder), stage.drawn, 1
    )
    sets = task.sets(scenes, stage)
    batch = task.batch([sets[number] for number in range(3)])
    assert [tuple(part.shape) for part in batch] == [(3, 4, 6, 32, 32), (3, 4, 6, 32, 32), (3, 4)]
    assert task.pairs(batch) == 12
    losses = losses_on(task, network, batch, steps=10, rate=2e-4)
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.slow
def test_a_run_of_score_net_is_judged_and_written(folders):
    settings = ScoreNetSettings(
        network="score_net", stages=(ScoreNetStage(2, 1, size=16),), held_out=0.3, validation_sets=3, device="cpu",
        **folders,
    )  # fmt: skip
    trainer = Trainer(ScoreNetTask(settings), quiet)
    weights = trainer.run()
    assert isinstance(load_checkpoint(weights, "score"), ScoreNet)
    found = trainer.validated()
    assert found.loss.shape == (3,) and 0 <= found.right_first[0] <= 1
    with pytest.raises(InputRefused, match="another network"):
        Trainer(RefineNetTask(RefineNetSettings(network="refine_net", **folders)), quiet).run()


def test_small_inputs_are_the_networks_own_computation_at_full_size():
    torch.manual_seed(0)
    network, training = RefineNet(), RefineNetInTraining().eval()
    training.load_state_dict(network.state_dict())
    rendered, observed = torch.rand(2, 1, 6, 160, 160)
    with torch.no_grad():
        for one, tokens in zip(network(rendered, observed), training(rendered, observed), strict=True):
            assert tokens.shape == (1, 400, 3)
            assert torch.allclose(tokens.mean(dim=1), one, atol=1e-5)


def test_scores_of_groups_are_the_networks_own_at_full_size():
    torch.manual_seed(0)
    network, training = ScoreNet(), ScoreNetInTraining().eval()
    training.load_state_dict(network.state_dict())
    rendered, observed = torch.rand(2, 2, 6, 160, 160)
    with torch.no_grad():
        expected = network(rendered, observed, 2)
        assert torch.allclose(training(rendered[None], observed[None]), expected, atol=1e-5)


def test_a_new_refiner_leaves_poses_where_they_are():
    network = RefineNetTask(RefineNetSettings("refine_net", "x", "x", "x", dropout=0.2)).network().eval()
    assert {m.p for m in network.modules() if isinstance(m, torch.nn.Dropout)} == {0.2}
    with torch.no_grad():
        said = said_motions(network, *torch.rand(2, 3, 6, 16, 16))
    assert torch.allclose(said, torch.eye(4).expand(3, 4, 4), atol=1e-6)


@pytest.mark.parametrize(("name", "kind"), [("refine_net", "refine_net"), ("score_net", "score_net")])
def test_the_runs_that_are_here_are_of_whole_crops_at_any_rotation(folders, name: str, kind: str):
    run = trainer_of(RUNS / f"{name}.yaml", quiet, recordings=[], **folders)
    assert run.task.kind == kind
    assert run.settings.stages[-1].size == 160
    assert all(stage.drawn.within_rad is None for stage in run.settings.stages)


def test_what_a_file_says_of_starts_leaves_the_rest_as_it_is(tmp_path):
    run = tmp_path / "run.yaml"
    run.write_text(
        "network: refine_net\noutput: x\nmeshes: x\ntextures: x\nstages: [{steps: 1, drawn: {plain: 0.2}}]\n"
    )
    (stage,) = RefineNetSettings.from_yaml(run).stages
    assert stage.drawn == OwnCropSteps(plain=0.2)
    assert stage.drawn.opposite and stage.drawn.starts == 2


def test_wrong_settings_are_refused_in_words(folders):
    with pytest.raises(InputRefused, match="leave 0"):
        ScoreNetStage(5, drawn=SetSettings(proposed=0.5))
    with pytest.raises(InputRefused, match="160"):
        RefineNetStage(5, size=81)
    with pytest.raises(InputRefused, match="even number"):
        StepSettings(starts=3, opposite=True)
    with pytest.raises(InputRefused, match="give refine_net"):
        RefineNetSettings(network="score_net", **folders)
    with pytest.raises(InputRefused, match="cpu, cuda or auto"):
        replace(ScoreNetSettings(network="score_net", **folders), device="tpu")
