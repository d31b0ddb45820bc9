"""Tasks are what they say, batches repeat, and the loop learns, stops and goes on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

torch = pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.errors import InputRefused
from universeg_ros import UniverSeg
from universeg_ros.network.checkpoints import UniverSegWeightsInfo, load_checkpoint, save_checkpoint
from universeg_ros.training.augmentation import Augmentation
from universeg_ros.training.batches import TaskBatches, batches_from, mixture
from universeg_ros.training.deformation import affine_map, warped
from universeg_ros.training.loop import UniverSegTrainer
from universeg_ros.training.procedural import DeformedMaps, PseudoLabels, ScatteredShapes, spread
from universeg_ros.training.rendered import RenderedObjects, object_tasks
from universeg_ros.training.settings import Mix, UniverSegStage, UniverSegTrainSettings
from universeg_ros.training.tasks import RecordedTask, TaskSource
from universeg_ros.training.train import read_data, train
from universeg_ros.training.validation import hard_dice, segmentation_loss

PROCEDURAL = Mix(real=0, pseudo_labels=0)


def discs(count: int = 6, size: int = 32) -> RecordedTask:
    """A bright disc somewhere in each image; the image's own number is its darkest value."""
    rng = np.random.default_rng(5)
    ys, xs = np.mgrid[:size, :size]
    images, labels = [], []
    for i in range(count):
        x, y = rng.uniform(10, size - 10, 2)
        label = (xs - x) ** 2 + (ys - y) ** 2 < 36
        images.append(np.where(label, 200, i).astype(np.uint8))
        labels.append(label)
    return RecordedTask("discs", np.stack(images), np.stack(labels).astype(np.uint8))


SOURCES = [DeformedMaps(), ScatteredShapes(), PseudoLabels([discs()]), discs()]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: type(source).__name__)
def test_every_family_gives_images_and_labels_in_range(source: TaskSource) -> None:
    augmentation = Augmentation()
    for seed in range(20):
        drawn = source.draw(np.random.default_rng(seed), 4, 32)
        for examples in (drawn, augmentation(np.random.default_rng(seed), drawn)):
            assert examples.images.shape == examples.labels.shape == (4, 32, 32)
            assert examples.images.dtype == examples.labels.dtype == np.float32
            assert examples.images.min() >= 0 and examples.images.max() <= 1
            assert np.isin(examples.labels, (0, 1)).all()


def test_a_milder_augmentation_changes_fewer_tasks_and_none_at_all_at_zero() -> None:
    drawn = discs().draw(np.random.default_rng(0), 4, 32)
    shown = np.stack([spread(image) for image in drawn.images])

    def changed(share: float) -> float:
        augmentation = Augmentation().milder(share)
        made = (augmentation(np.random.default_rng(seed), drawn).images for seed in range(40))
        return float(np.mean([not np.array_equal(images, shown) for images in made]))

    assert changed(0.0) == 0
    assert 0 < changed(0.1) < changed(1.0)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: type(source).__name__)
def test_drawing_repeats_with_the_seed(source: TaskSource) -> None:
    first, again, other = (source.draw(np.random.default_rng(seed), 3, 32) for seed in (1, 1, 2))
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)


def test_labels_of_made_tasks_show_in_the_images() -> None:
    """What is wanted differs from the rest of its image, or nothing could be learnt from it."""
    contrasts = []
    for seed in range(40):
        drawn = DeformedMaps().draw(np.random.default_rng(seed), 1, 64)
        inside = drawn.labels[0] > 0
        if inside.any():
            contrasts.append(abs(drawn.images[0][inside].mean() - drawn.images[0][~inside].mean()))
    assert np.median(contrasts) > 0.1


def test_the_query_is_not_in_its_support() -> None:
    task = discs(4)
    for seed in range(20):
        darkest = (task.draw(np.random.default_rng(seed), 4, 32).images.min(axis=(1, 2)) * 255).round()
        assert len(set(darkest)) == 4
        darkest = (task.draw(np.random.default_rng(seed), 9, 32).images.min(axis=(1, 2)) * 255).round()
        assert darkest[0] not in darkest[1:]


def test_affine_map_moves_as_it_says() -> None:
    image = np.zeros((33, 33), np.float32)
    image[16, 24] = 1.0  # 8 pixels right of the centre
    cases = {
        "still": (affine_map(33, 0, 1, (0, 0)), (16, 24)),
        "turned by 90": (affine_map(33, 90, 1, (0, 0)), (8, 16)),
        "half as large again": (affine_map(33, 0, 1.5, (0, 0)), (16, 28)),
        "mirrored": (affine_map(33, 0, 1, (0, 0), mirrored=True), (16, 8)),
        "shifted": (affine_map(33, 0, 1, (-4 / 33, 2 / 33)), (18, 20)),
    }
    for name, (at, expected) in cases.items():
        assert np.unravel_index(warped(image, at).argmax(), image.shape) == expected, name


def test_augmenting_a_task_changes_query_and_support_alike() -> None:
    everything_once = dict.fromkeys(Augmentation.__dataclass_fields__, 0.0) | {"task_flip": 1.0, "task_invert": 1.0}
    given = discs().draw(np.random.default_rng(0), 3, 32)
    changed = Augmentation(**everything_once)(np.random.default_rng(0), given)
    assert np.array_equal(changed.labels, given.labels[:, :, ::-1])
    flipped = given.images[:, :, ::-1]
    low, high = flipped.min(axis=(1, 2), keepdims=True), flipped.max(axis=(1, 2), keepdims=True)
    assert np.allclose(changed.images, 1 - (flipped - low) / (high - low), atol=1e-6)


def test_batches_have_a_number_and_repeat() -> None:
    batches = TaskBatches(mixture(PROCEDURAL, []), Augmentation(), UniverSegStage(16, 1.0, (1, 3), 2), (7, 0, 0))
    target, images, labels, wanted = batches[5]
    assert target.shape == wanted.shape == (2, 1, 16, 16)
    assert images.shape == labels.shape
    assert images.shape[0] == 2 and images.shape[2:] == (1, 16, 16)
    assert all(torch.equal(a, b) for a, b in zip(batches[5], next(batches_from(batches, 5, workers=0)), strict=True))
    counts = {batches[n][1].shape[1] for n in range(30)}
    assert counts == {1, 2, 3}


def test_loss_and_dice_by_hand() -> None:
    wanted = torch.zeros(2, 1, 4, 4)
    wanted[0, :, :2] = 1
    sure = torch.where(wanted > 0, 20.0, -20.0)
    assert float(segmentation_loss(sure, wanted)) == pytest.approx(0.0, abs=1e-4)
    assert float(segmentation_loss(-sure, wanted)) > 20
    half = torch.full_like(wanted, -20.0)
    half[0, :, :1] = 20.0
    assert hard_dice(half, wanted).tolist() == pytest.approx([2 * 4 / (4 + 8), 1.0])


def quiet(_line: str) -> None:
    """In place of printing."""


def settings(folder: Path, **changes: object) -> UniverSegTrainSettings:
    values: dict[str, object] = {
        "output": str(folder),
        "features": (8, 8),
        "stages": (UniverSegStage(16, 0.5, (1, 3), 4), UniverSegStage(32, 0.5, (1, 3), 4)),
        "learning_rate": 5e-3,
        "steps": 60,
    }
    return UniverSegTrainSettings(**(values | changes))  # type: ignore[arg-type]


def test_a_short_run_learns_and_leaves_weights_log_and_picture(tmp_path: Path) -> None:
    task = discs(12)
    run = settings(tmp_path, mix=Mix(1, 0, 0, 0), augmentation=Augmentation(), note="a test", licence="CC0-1.0")
    lines: list[str] = []
    trainer = UniverSegTrainer(run, [task], [task], lines.append)
    before = trainer.validation(trainer.average, "cpu")[0]
    weights = trainer.run()
    model, info = load_checkpoint(weights)
    assert model.features == (8, 8)
    assert info.licence == "CC0-1.0" and "60 steps" in info.note
    assert trainer.validation(model, "cpu")[0] > max(0.6, before + 0.2)
    assert (tmp_path / "log.csv").read_text().splitlines()[0].startswith("step,minutes,loss")
    assert (tmp_path / "sample.png").stat().st_size > 500
    assert sum("stage" in line for line in lines) == 2


def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path: Path) -> None:
    run = {"mix": PROCEDURAL, "steps": 6, "stages": (UniverSegStage(16, 1.0, (1, 2), 2),), "final_learning_rate": 5e-3}
    whole = load_checkpoint(UniverSegTrainer(settings(tmp_path / "whole", **run), [], [], quiet).run())[0]
    part = UniverSegTrainer(settings(tmp_path / "parts", **run), [], [], quiet)
    for number in range(3):
        part._step(part.model, part._batches(0).__next__(), number / 6)
    part.state.save()
    resumed = UniverSegTrainer(settings(tmp_path / "parts", **run), [], [], quiet)
    finished = load_checkpoint(resumed.run())[0]
    assert resumed.state.step == 6
    for (name, a), (_, b) in zip(whole.state_dict().items(), finished.state_dict().items(), strict=True):
        assert torch.allclose(a, b, atol=1e-6), name


def test_a_run_can_begin_with_weights_that_are_there(tmp_path: Path) -> None:
    before = tmp_path / "before.safetensors"
    torch.manual_seed(3)
    save_checkpoint(UniverSeg((8, 8)), before, UniverSegWeightsInfo(licence="CC0-1.0", trained_on="a set of cells"))
    given = settings(tmp_path / "run", mix=PROCEDURAL, steps=1, initial_weights=str(before))
    begun = UniverSegTrainer(given, [], [], quiet)
    for model in (begun.model, begun.average):
        for name, tensor in load_checkpoint(before)[0].state_dict().items():
            assert torch.equal(model.state_dict()[name], tensor), name
    assert begun.model.training
    assert load_checkpoint(train(given, quiet))[1].trained_on == "procedural tasks, before that: a set of cells"
    with pytest.raises(InputRefused, match="give the run the same"):
        UniverSegTrainer(settings(tmp_path / "wide", features=(4, 4), initial_weights=str(before)), [], [], quiet)


def test_rendered_objects_are_made_once(tmp_path: Path) -> None:
    objects = RenderedObjects(("ball",), groups=1, scenes=1, frames=2, clutter=1)
    lines: list[str] = []
    tasks = object_tasks(objects, tmp_path, lines.append)
    assert len(tasks) == 3 and len(lines) == 1
    for task in tasks:
        assert 1 <= len(task.images) <= 2 and task.images.dtype == np.uint8
        assert 0.002 < task.labels.mean() < 0.3
    again = object_tasks(objects, tmp_path, lines.append)
    assert len(lines) == 1 and np.array_equal(again[0].images, tasks[0].images)


def test_a_mesh_of_one_s_own_is_rendered(tmp_path: Path) -> None:
    red = trimesh.creation.box((0.08, 0.06, 0.1))
    red.visual = trimesh.visual.ColorVisuals(red, face_colors=np.tile([255, 0, 0, 255], (12, 1)))
    (tmp_path / "brick").mkdir()
    red.export(tmp_path / "brick" / "model.ply")
    objects = RenderedObjects((str(tmp_path / "brick" / "model.ply"),), groups=1, scenes=1, frames=1, clutter=0)
    for task in object_tasks(objects, tmp_path / "rendered", quiet):
        assert 0.005 < task.labels.mean() < 0.3


@pytest.mark.slow
def test_two_processes_train_one_network(torchrun: Callable[..., str], tmp_path: Path) -> None:
    run = tmp_path / "run.yaml"
    run.write_text(
        f"output: {tmp_path}/run\nsteps: 4\nfeatures: [2, 2]\nmix: {{real: 0}}\n"
        "stages: [{size: 16, support: [1, 2], batch: 1}]\n"
    )
    torchrun("-m", "universeg_ros.cli", "train", str(run))
    assert "4 steps in 0 min on 2 x cpu" in load_checkpoint(tmp_path / "run" / "weights.safetensors")[1].note


def test_files_and_names_of_tasks(tmp_path: Path) -> None:
    task = discs()
    for name in ("liver_a", "liver_b", "cell"):
        np.savez(tmp_path / f"{name}.npz", images=task.images, labels=task.labels)
    run = settings(tmp_path / "run", data=(f"{tmp_path}/*.npz",), validation=("cell",), exclude=("*_b",))
    recorded, apart = read_data(run)
    assert [t.name for t in recorded] == ["liver_a"] and [t.name for t in apart] == ["cell"]
    with pytest.raises(InputRefused, match="matches no file"):
        read_data(settings(tmp_path / "run", data=("nowhere/*.npz",)))
    np.savez(tmp_path / "bad.npz", pictures=task.images)
    with pytest.raises(InputRefused, match=r"bad\.npz isn't a task"):
        read_data(settings(tmp_path / "run", data=(f"{tmp_path}/bad.npz",)))


def test_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(
        "output: here\nsteps: 2\nfeatures: [4, 4]\nmix: {real: 0.0}\nstages: [{size: 16, support: [1, 2]}]\n"
    )
    read = UniverSegTrainSettings.from_yaml(file, steps=3, output=str(tmp_path / "run"))
    assert read.steps == 3 and read.mix.real == 0 and read.stages == (UniverSegStage(16, 1.0, (1, 2)),)
    (tmp_path / "longer.yaml").write_text("based_on: run.yaml\nsteps: 9\n")
    assert UniverSegTrainSettings.from_yaml(tmp_path / "longer.yaml") == replace(
        UniverSegTrainSettings.from_yaml(file), steps=9
    )
    weights = train(read, say=lambda _line: None)
    assert load_checkpoint(weights)[1].trained_on == "procedural tasks"
    for text, said in (
        ("output: a\nsteps: 1\nlearnrate: 2\n", "no setting 'learnrate'"),
        ("output: a\n", "budget"),
        ("steps: 1\n", "output"),
        ("output: a\nsteps: 1\nstages: [{size: 13}]\n", "multiples of 8"),
        ("output: a\nsteps: 1\nstages: [{size: 16, augmented: 2}]\n", "augmented from 0 to 1"),
        ("[1, 2]", "keys and values"),
    ):
        file.write_text(text)
        with pytest.raises(InputRefused, match=said):
            UniverSegTrainSettings.from_yaml(file)
