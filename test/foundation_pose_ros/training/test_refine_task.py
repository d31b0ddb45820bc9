"""Training the compact refiner: sets say how to move, a little training leaves less of an error, runs go on."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros import InputRefused, se3
from foundation_pose_ros.networks.compact_refine_net import WIDTHS
from foundation_pose_ros.networks.weights_file import read_safetensors
from foundation_pose_ros.synthetic.mesh_library import MeshLibrary
from foundation_pose_ros.synthetic.surface_textures import TextureLibrary
from foundation_pose_ros.training.compact_settings import CompactRefineSettings, RefineStage
from foundation_pose_ros.training.loop import Trainer
from foundation_pose_ros.training.mixed_scenes import scenes_of
from foundation_pose_ros.training.refine_task import RefineTask
from foundation_pose_ros.training.runs import trainer_of
from foundation_pose_ros.training.step_sets import StepSets, StepSettings
from foundation_pose_ros.training.wrong_poses import Jitter

BEGUN = Path(__file__).parents[3] / "foundation_pose_ros/training/compact_refine_begun.safetensors"
SHIPPED = Path(__file__).parents[3] / "foundation_pose_ros/training/compact_refine.yaml"
TINY = (16, 24)


@pytest.fixture
def settings(mesh_folder: Path, texture_folder: Path, tmp_path: Path) -> CompactRefineSettings:
    return CompactRefineSettings(
        network="compact_refine",
        output=str(tmp_path / "run"),
        meshes=str(mesh_folder),
        textures=str(texture_folder),
        stages=(RefineStage(1, 1), RefineStage(3, 1)),
        widths=TINY,
        held_out=0.3,
        warm_up_steps=1,
        validate_every=25,
        validation_sets=4,
    )


def step_sets(mesh_folder: Path, texture_folder: Path, drawn: StepSettings | None = None) -> StepSets:
    libraries = MeshLibrary.from_folder(mesh_folder), TextureLibrary.from_folder(texture_folder)
    drawn = drawn or StepSettings()
    return StepSets(scenes_of(*libraries, drawn, seed=3), drawn)


def quiet(_line: str) -> None:
    pass


def test_the_same_number_gives_the_same_set_which_says_how_to_move(mesh_folder, texture_folder):
    drawn = StepSettings(starts=4, aside=Jitter(push=0.1, turn_rad=0.2))
    first, again = (step_sets(mesh_folder, texture_folder, drawn)[7] for _ in range(2))
    for name in ("rendered", "observed", "points", "motion"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert first.rendered.shape == (4, 6, 64, 64)
    # All starts end in one place.
    there = se3.transform_points(first.motion, first.points)
    np.testing.assert_allclose(there, np.broadcast_to(there[:1], there.shape), atol=1e-4)
    angles = se3.rotation_angle_rad(first.motion[:, :3, :3], np.eye(3))
    assert 0 < angles.max() < 0.2 + 1e-3
    assert np.abs(first.points).max() < 1.5


def test_a_start_that_is_right_has_nothing_to_move(mesh_folder, texture_folder):
    one = step_sets(mesh_folder, texture_folder, StepSettings(starts=2, aside=Jitter(0.0, 0.0)))[1]
    np.testing.assert_allclose(one.motion, np.broadcast_to(np.eye(4), (2, 4, 4)), atol=1e-4)


@pytest.mark.slow
def test_a_little_training_leaves_less_of_an_error(losses_on, settings, mesh_folder, texture_folder):
    torch.manual_seed(0)
    task = RefineTask(settings)
    network = task.network()
    sets = step_sets(mesh_folder, texture_folder)
    batch = task.batch([sets[number] for number in range(2)])
    with torch.no_grad():
        before, _ = task.judged(network.train(), [batch]).logged
    losses = losses_on(task, network, batch, steps=12, rate=5e-3)
    assert losses[-1] < 0.5 * losses[0]
    with torch.no_grad():
        left, farther = task.judged(network.train(), [batch]).logged
    assert left < 0.6 * before
    assert farther < 0.2


@pytest.mark.slow
def test_a_run_that_was_stopped_ends_where_one_without_a_stop_does(settings, tmp_path):
    whole = Trainer(RefineTask(settings), quiet)
    whole.run()
    parts = replace(settings, output=str(tmp_path / "parts"))
    Trainer(RefineTask(parts), quiet).run(until=2)
    second = Trainer(RefineTask(parts), quiet)
    second.run()
    assert (second.step, second.pairs) == (whole.step, whole.pairs) == (4, 24)
    for expected, found in zip(whole.average.parameters(), second.average.parameters(), strict=True):
        assert float((expected - found).abs().max()) < 1e-5


@pytest.mark.slow
def test_what_was_learned_is_logged_and_validated(settings):
    run = Trainer(RefineTask(replace(settings, stages=(RefineStage(25, 1),))), quiet)
    run.run()
    with (run.folder / "log.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (int(row["step"]), int(row["pairs"])) == (25, 150)
    assert 0 < float(row["left"]) < 2
    assert 0 <= float(row["farther"]) <= 1


def test_the_shipped_run_is_a_refiner_s_and_others_are_refused(settings, mesh_folder, texture_folder):
    given = {"output": settings.output, "meshes": str(mesh_folder), "textures": str(texture_folder)}
    assert trainer_of(SHIPPED, quiet, **given).task.kind == "compact_refine"
    with pytest.raises(InputRefused, match="compact_refine"):
        replace(settings, network="compact_score")


def test_a_run_begins_with_the_weights_that_are_here(settings: CompactRefineSettings) -> None:
    run = Trainer(RefineTask(replace(settings, begin_with=str(BEGUN), widths=WIDTHS)), lambda _: None)
    tensors, said = read_safetensors(BEGUN)
    for name, kept in run.average.state_dict().items():
        assert torch.equal(kept, tensors[name].to(kept.dtype)), name
    assert said["licence"] == "Apache-2.0" and said["kind"] == "compact_refine"
