"""Figures by hand, splits that keep support and test apart, and a report that adds up."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.errors import InputRefused
from universeg_ros import UniverSeg
from universeg_ros.evaluation import report
from universeg_ros.evaluation.baselines import RandomForest, mean_mask
from universeg_ros.evaluation.metrics import bootstrap_interval, hd95_px
from universeg_ros.evaluation.protocol import EvaluationSettings, Score, evaluate
from universeg_ros.evaluation.tasks import EvaluationTask, image_sources, read_task
from universeg_ros.mask_overlap import dice, iou

Scenes = tuple[list[np.ndarray], list[np.ndarray]]


def square(left: int, side: int = 10) -> np.ndarray:
    mask = np.zeros((40, 60), bool)
    mask[10 : 10 + side, left : left + side] = True
    return mask


def test_figures_by_hand() -> None:
    empty = np.zeros((40, 60), bool)
    assert dice(square(5), square(10)) == pytest.approx(0.5) and iou(square(5), square(10)) == pytest.approx(1 / 3)
    assert hd95_px(square(5), square(5)) == 0 and hd95_px(square(5), square(8)) == pytest.approx(3)
    assert dice(empty, empty) == iou(empty, empty) == 1 and hd95_px(empty, empty) == 0
    assert dice(square(5), empty) == iou(square(5), empty) == 0
    assert hd95_px(square(5), empty) == hd95_px(empty, square(5)) == pytest.approx(np.hypot(40, 60))


def test_bootstrap_interval_holds_the_mean(rng: np.random.Generator) -> None:
    values = rng.normal(0.7, 0.1, 200)
    low, high = bootstrap_interval(values)
    assert low < values.mean() < high
    # 1.96 standard errors to each side
    assert high - low == pytest.approx(2 * 1.96 * values.std() / np.sqrt(200), rel=0.15)


def task(scenes: Scenes, count: int = 8, sources: tuple[str, ...] | None = None) -> EvaluationTask:
    images, maps = np.stack(scenes[0][:count]), np.stack(scenes[1][:count]) == 1
    return EvaluationTask("discs", images, maps, sources or tuple(map(str, range(count))))


def test_splits(scenes: Scenes) -> None:
    ((pool, tested),) = task(scenes, 8).splits()
    assert len(pool) == 5 and sorted([*pool, *tested]) == list(range(8))
    assert all(np.array_equal(a, b) for a, b in zip(next(task(scenes, 8).splits()), (pool, tested), strict=True))
    each = list(task(scenes, 4).splits())
    assert [list(tested) for _, tested in each] == [[0], [1], [2], [3]]
    assert all(len(pool) == 3 and tested[0] not in pool for pool, tested in each)


def test_patients_apart(scenes: Scenes) -> None:
    sources = ("p1_a", "p1_b", "p2_a", "p2_b", "p3_a", "p3_b", "p4_a", "p4_b")
    for pool, tested in task(scenes, 8, sources).splits(patients_apart=True):
        assert not {sources[i][:2] for i in pool} & {sources[i][:2] for i in tested}
        assert len(tested) == 2
    unnamed = task(scenes, 8, tuple(f"image_{i}" for i in range(8)))
    assert len(next(unnamed.splits(patients_apart=True))[1]) == 3


def test_all_methods_on_a_task(scenes: Scenes, by_intensity: UniverSeg) -> None:
    scores = list(evaluate(by_intensity, task(scenes), EvaluationSettings(support_size=3, ensemble=2)))
    by_method = {m: [s.dice for s in scores if s.method == m] for m in ("universeg", "mean mask", "random forest")}
    assert {len(values) for values in by_method.values()} == {3}
    assert np.mean(by_method["universeg"]) > 0.9
    assert np.mean(by_method["random forest"]) > 0.9
    assert np.mean(by_method["mean mask"]) < 0.6
    few = list(evaluate(by_intensity, task(scenes, 4), EvaluationSettings(baselines=False, limit=2)))
    assert [s.image for s in few] == ["0", "1"]


def test_the_forest_sees_colours_and_shrinks_what_is_large() -> None:
    ys, xs = np.mgrid[:300, :400]
    pictures = [np.full((300, 400, 3), 0.5, np.float32) for _ in range(4)]
    masks = [np.hypot(xs - x, ys - 150) < 50 for x in (100, 200, 300, 250)]
    for picture, mask in zip(pictures, masks, strict=True):
        picture[mask], picture[ys < 50] = (0.8, 0.4, 0.2), (0.2, 0.6, 0.6)
    found = RandomForest(np.stack(pictures[:3]), np.stack(masks[:3])).probability(pictures[3])
    assert found.shape == (300, 400) and dice(found >= 0.5, masks[3]) > 0.9


def test_baselines(scenes: Scenes) -> None:
    masks = np.stack([square(5), square(10)])
    assert mean_mask(masks)[12, 12] == 1 and mean_mask(masks)[12, 6] == 0.5 and mean_mask(masks)[0, 0] == 0
    images = np.stack(scenes[0][:2]).astype(np.float32) / 255
    nothing = RandomForest(images, np.zeros(images.shape, bool))
    assert not nothing.probability(images[0]).any()


def test_report_adds_up() -> None:
    scores = [
        Score(name, str(i), method, value, value / 2, 10 * value, 0.1)
        for method, shift in (("universeg", 0.0), ("mean mask", -0.2))
        for name, values in (("a", (0.8, 0.6)), ("b", (0.9,)), ("c", (0.5,)))
        for i, value in enumerate(v + shift for v in values)
    ]
    made = report.as_json(scores, {"a": "a", "b": "a", "c": "c"}, {"seed": 0})
    own = made["overall"]["universeg"]
    assert own["mean_dice"] == pytest.approx((0.7 + 0.9 + 0.5) / 3)
    assert own["mean_dice_over_sources"] == pytest.approx((0.8 + 0.5) / 2)
    assert made["overall"]["mean mask"]["mean_dice"] == pytest.approx(0.5)
    assert made["tasks"]["a"]["n"] == 2 and len(made["images"]) == 8
    assert report.table(made, "here").row_count == 7


def test_files(scenes: Scenes, tmp_path: Path) -> None:
    images, maps = np.stack(scenes[0]), np.stack(scenes[1])
    for name, label in (("disc", 1), ("square", 2)):
        np.savez(tmp_path / f"{name}.npz", images=images, labels=maps == label, source=np.arange(8).astype(str))
    np.savez(tmp_path / "other.npz", images=255 - images, labels=maps == 1)
    tasks = [read_task(tmp_path / f"{name}.npz") for name in ("disc", "square", "other")]
    assert image_sources(tasks) == {"disc": "disc", "square": "disc", "other": "other"}
    np.savez(tmp_path / "one.npz", images=images[:1], labels=maps[:1])
    np.savez(tmp_path / "bad.npz", images=images, labels=maps[:3])
    for name in ("one", "bad", "absent"):
        with pytest.raises(InputRefused, match=name):
            read_task(tmp_path / f"{name}.npz")
