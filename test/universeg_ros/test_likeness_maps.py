"""Recorded tasks as maps of likeness, made once before training."""

import numpy as np

from universeg_ros.training.likeness_maps import likeness_tasks
from universeg_ros.training.tasks import RecordedTask


def discs(count: int, name: str = "discs") -> RecordedTask:
    """Dark discs in noise as bright on average as they are rough: their texture alone tells them."""
    rng = np.random.default_rng(5)
    ys, xs = np.mgrid[:128, :128]
    images, labels = [], []
    for x, y in rng.uniform(30, 98, (count, 2)):
        label = (xs - x) ** 2 + (ys - y) ** 2 < 20**2
        images.append(np.where(label, 120, rng.integers(60, 180, (128, 128))).astype(np.uint8))
        labels.append(label)
    return RecordedTask(name, np.stack(images), np.stack(labels).astype(np.uint8))


def test_maps_are_bright_where_other_examples_say_so() -> None:
    said: list[str] = []
    (task,) = likeness_tasks([discs(12)], 0, said.append)
    assert task.name == "discs, likeness" and task.images.dtype == np.uint8
    assert 5 <= len(task.images) <= 12 and said == [f"{len(task.images)} maps of likeness from 1 sets"]
    for one, label in zip(task.images, task.labels > 0, strict=True):
        assert one[label].mean() > one[~label].mean() + 100


def test_sets_too_small_to_judge_each_other_are_left_out() -> None:
    assert [task.name for task in likeness_tasks([discs(4, "few"), discs(9)], 0, str)] == ["discs, likeness"]


def test_maps_follow_from_the_seed() -> None:
    one, same, other = (likeness_tasks([discs(7)], seed, str)[0].images for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert one.shape != other.shape or (one != other).any()
