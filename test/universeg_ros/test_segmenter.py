"""Masks come back where they belong, whatever the image's size, encoding and number of labels."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch isn't installed here")

from foundation_pose_ros.errors import InputRefused
from test.universeg_ros.conftest import scene
from universeg_ros import MaskResult, Preparation, Segmenter, SegmenterSettings, SupportSet, UniverSeg
from universeg_ros.mask_result import expected_dice
from universeg_ros.network.checkpoints import load_checkpoint
from universeg_ros.support.example_pools import Pool, draw, most_useful
from universeg_ros.support.gray_share import ONLY_MAP, Logits
from universeg_ros.support.regions import around, main_pieces, tiles

Scenes = tuple[list[np.ndarray], list[np.ndarray]]


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * float((a & b).sum()) / max(1, int(a.sum() + b.sum()))


def segmenter(
    model: UniverSeg, scenes: Scenes, count: int = 8, labels: tuple[int, ...] = (1, 2), **settings: Any
) -> Segmenter:
    images, maps = scenes
    masks = [np.where(np.isin(m, labels), m, 0) for m in maps[:count]]
    support = SupportSet.from_arrays(images[:count], masks, label_names={1: "disc", 2: "square"})
    return Segmenter(model, settings=SegmenterSettings(**settings)).set_support(support)


def check(result: MaskResult, shape: tuple[int, int]) -> None:
    """What holds for every result."""
    assert result.mask.shape == result.probability.shape == result.uncertainty.shape == result.spread.shape == shape
    assert result.label_probabilities.shape == (len(result.labels), *shape)
    for values in (result.probability, result.uncertainty, result.label_probabilities):
        assert np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1
    assert 0 <= result.confidence <= 1 and result.time_s > 0
    assert [label.area_px for label in result.labels] == [int((result.mask == r.label).sum()) for r in result.labels]


@pytest.mark.parametrize("size", [(96, 128), (480, 640), (61, 200)])
@pytest.mark.parametrize("aspect", ["stretch", "keep"])
def test_two_labels_at_any_size(by_intensity: UniverSeg, scenes: Scenes, size: tuple[int, int], aspect: str) -> None:
    support = SupportSet.from_arrays(*scenes, preparation=Preparation(128, aspect))  # type: ignore[arg-type]
    image, truth = scene(20, size)
    result = Segmenter(by_intensity).set_support(support).segment(image)
    check(result, size)
    for label in (1, 2):
        assert dice(result.mask == label, truth == label) > 0.88
    assert len(result.support) == 8 and result.members == 1


@pytest.mark.parametrize("encoding", ["mono8", "mono16", "rgb8", "bgr8", "16UC1", "32FC1"])
def test_every_encoding(by_intensity: UniverSeg, scenes: Scenes, encoding: str) -> None:
    def encoded(gray: np.ndarray) -> np.ndarray:
        if encoding in ("rgb8", "bgr8"):
            return np.dstack([gray] * 3)
        if encoding in ("mono16", "16UC1"):
            return gray.astype(np.uint16) * 20 + 40
        return gray / np.float32(100) + np.float32(0.3) if encoding == "32FC1" else gray

    images, masks = scenes
    support = SupportSet.from_arrays([encoded(i) for i in images], [m == 1 for m in masks], encoding=encoding)  # type: ignore[arg-type]
    image, truth = scene(21)
    result = Segmenter(by_intensity).set_support(support).segment(encoded(image), encoding)  # type: ignore[arg-type]
    assert dice(result.mask > 0, truth == 1) > 0.9


def test_a_binary_set_gives_one_label_and_the_network_s_own_probability(scenes: Scenes) -> None:
    import torch

    torch.manual_seed(3)
    model = UniverSeg([4, 4, 4])
    images, maps = scenes
    support = SupportSet.from_arrays(images[:3], [m == 1 for m in maps[:3]])
    image = scene(22, (128, 128))[0]
    result = Segmenter(model, settings=SegmenterSettings(likeness=False)).set_support(support).segment(image)
    assert [(r.label, r.name) for r in result.labels] == [(1, "1")]
    prepared = torch.from_numpy(support.preparation.image(image))[None, None]
    shown = list(support)
    with torch.no_grad():
        logits = model(
            prepared,
            torch.from_numpy(support.images(shown))[None, :, None],
            torch.from_numpy(support.masks(shown, 1))[None, :, None],
        )
    assert np.allclose(result.probability, torch.sigmoid(logits)[0, 0].numpy(), atol=1e-5)


def test_only_examples_that_show_a_label_speak_for_it(by_intensity: UniverSeg, scenes: Scenes) -> None:
    images, maps = scenes
    masks = [maps[0], np.where(maps[1] == 1, 1, 0), np.where(maps[2] == 2, 2, 0)]
    result = Segmenter(by_intensity).set_support(SupportSet.from_arrays(images[:3], masks)).segment(images[5])
    for label in (1, 2):
        assert dice(result.mask == label, maps[5] == label) > 0.9


def test_another_support_gives_another_mask(by_intensity: UniverSeg, scenes: Scenes) -> None:
    images, maps = scenes
    discs, squares = (segmenter(by_intensity, scenes, labels=(label,)).segment(images[0]).mask for label in (1, 2))
    assert dice(discs > 0, maps[0] == 1) > 0.9 and dice(squares > 0, maps[0] == 2) > 0.9
    assert dice(discs > 0, squares > 0) < 0.1


def test_ensemble_averages_and_says_where_it_disagrees(scenes: Scenes) -> None:
    import torch

    torch.manual_seed(3)
    model = UniverSeg([4, 4, 4])
    image = scene(23)[0]
    one = segmenter(model, scenes, labels=(1,), support_size=2, seed=5)
    many = segmenter(model, scenes, labels=(1,), support_size=2, seed=5, ensemble=6)
    single, result = one.segment(image), many.segment(image)
    check(result, image.shape)  # type: ignore[arg-type]
    assert single.members == 1 and not single.spread.any() and len(single.support) == 2
    assert result.members == 6 and result.spread.max() > 1e-4 and len(result.support) > 4
    assert np.array_equal(many.segment(image).probability, result.probability)
    assert segmenter(model, scenes, labels=(1,), ensemble=6).segment(image).members == 1


def test_labels_with_unequal_pools_share_an_ensemble(by_intensity: UniverSeg, scenes: Scenes) -> None:
    images, maps = scenes
    masks = [m if i < 2 else np.where(m == 1, 1, 0) for i, m in enumerate(maps)]
    support = SupportSet.from_arrays(images, masks)
    settings = SegmenterSettings(support_size=3, ensemble=4, flips=True)
    result = Segmenter(by_intensity, settings=settings).set_support(support).segment(scene(24)[0])
    assert result.members == 16
    assert dice(result.mask == 2, scene(24)[1] == 2) > 0.9


def test_flips_are_undone(by_intensity: UniverSeg, scenes: Scenes) -> None:
    image, truth = scene(25)
    result = segmenter(by_intensity, scenes, flips=True).segment(image)
    assert result.members == 4
    assert result.spread.max() < 1e-5  # intensity doesn't care for mirrors
    assert dice(result.mask == 1, truth == 1) > 0.9


def test_region(by_intensity: UniverSeg, scenes: Scenes) -> None:
    image, truth = scene(26)
    columns = np.flatnonzero((truth == 1).any(axis=0))
    right = int(columns[-1]) + 4
    result = segmenter(by_intensity, scenes, labels=(1,)).segment(image, region=(-5, 0, right + 5, 1000))
    check(result, image.shape)  # type: ignore[arg-type]
    assert not result.probability[:, right:].any()
    assert dice(result.mask > 0, truth == 1) > 0.9
    for outside in ((500, 0, 10, 10), (0, 0, 0, 10), (10, 10, -4, 8)):
        with pytest.raises(InputRefused, match="leaves nothing"):
            segmenter(by_intensity, scenes).segment(image, region=outside)


def test_tiles_cover_an_image_and_add_up(by_intensity: UniverSeg, scenes: Scenes) -> None:
    for shape in ((100, 300), (64, 64), (65, 130), (40, 200)):
        total = np.zeros(shape)
        for box, weight in tiles(shape, 64):
            assert weight.shape == box.cut(total).shape and weight.min() > 0
            total[box.slices] += weight
        assert total.min() > 0
    image, truth = scene(27, (384, 512))
    result = segmenter(by_intensity, scenes, tile_px=160).segment(image)
    check(result, (384, 512))
    assert dice(result.mask == 1, truth == 1) > 0.95 and dice(result.mask == 2, truth == 2) > 0.95


def small_things(number: int) -> tuple[np.ndarray, np.ndarray]:
    """A disc of 12 pixels in an image of 600."""
    rng = np.random.default_rng(number)
    ys, xs = np.mgrid[:600, :600]
    x, y = rng.uniform(100, 500, 2)
    disc = np.hypot(xs - x, ys - y) < 12
    return np.where(disc, 230, 60).astype(np.uint8), disc


def test_zoom_sharpens_what_is_small(by_intensity: UniverSeg) -> None:
    images, masks = zip(*(small_things(i) for i in range(3)), strict=True)
    support = SupportSet.from_arrays(images, masks)
    image, truth = small_things(9)
    plain, closer = (
        Segmenter(by_intensity, settings=SegmenterSettings(zoom=zoom)).set_support(support).segment(image)
        for zoom in ("never", "always")
    )
    check(closer, (600, 600))
    assert dice(closer.mask > 0, truth) > 0.96 > dice(plain.mask > 0, truth) > 0.7
    assert not closer.mask[around(truth).slices].all()  # type: ignore[union-attr]


def test_the_closer_look_is_at_the_thing_and_at_no_speck(by_intensity: UniverSeg) -> None:
    images, masks = zip(*(small_things(i) for i in range(3)), strict=True)
    image, truth = small_things(9)
    rows, columns = np.nonzero(truth)
    ys, xs = np.mgrid[:600, :600]
    speck = np.hypot(xs - (columns.mean() + 300) % 600, ys - (rows.mean() + 300) % 600) < 5
    speckled = np.where(speck, 230, image).astype(np.uint8)
    segmenter = Segmenter(by_intensity, settings=SegmenterSettings(zoom="always"))
    found = segmenter.set_support(SupportSet.from_arrays(images, masks)).segment(speckled).mask > 0
    assert dice(found, truth) > 0.96 and not found[speck].any()


def test_the_closer_look_is_at_all_pieces_of_about_one_size() -> None:
    probability = np.zeros((60, 80))
    probability[10:20, 10:20], probability[10:20, 40:48], probability[40:43, 60:63] = 0.9, 0.9, 0.9
    probability[50:, :] = 0.2
    pieces = main_pieces(probability)
    assert pieces[15, 15] and pieces[15, 45] and not pieces[41, 61] and pieces.sum() == 180
    assert not main_pieces(np.full((8, 8), 0.1)).any()


def test_confidence_falls_with_doubt() -> None:
    mask = np.zeros((10, 10), bool)
    mask[:5] = True
    assert expected_dice(mask.astype(float), mask) == pytest.approx(1.0)
    assert expected_dice(np.where(mask, 0.6, 0.4), mask) == pytest.approx(2 * 30 / (50 + 50))
    assert expected_dice(np.full((10, 10), 0.4), np.zeros((10, 10), bool)) == 0.0


def test_nothing_found_is_said_so(by_intensity: UniverSeg, scenes: Scenes) -> None:
    images, maps = scenes
    support = SupportSet.from_arrays(images, [m == 1 for m in maps], preparation=Preparation(window=(0, 255)))
    image = (np.mgrid[:80, :80][1] % 10 + 105).astype(np.uint8)  # as gray as the support's background
    result = Segmenter(by_intensity).set_support(support).segment(image)
    check(result, (80, 80))
    assert not result.mask.any() and result.confidence == 0 and result.labels[0].area_px == 0


def test_selection_takes_what_is_like_the_query_but_not_the_same_twice(rng: np.random.Generator) -> None:
    query = rng.random((32, 32)).astype(np.float32)
    near = query + 0.01 * rng.standard_normal((32, 32)).astype(np.float32)
    half = 0.5 * query + 0.5 * rng.random((32, 32)).astype(np.float32)
    others = rng.random((6, 32, 32)).astype(np.float32)
    images = np.stack([*others, near, near + 1e-3, half])
    assert most_useful(query, images, 1).tolist() in ([6], [7])
    assert 8 in most_useful(query, images, 3)
    assert most_useful(query, images, 20).tolist() == list(range(9))
    drawn = draw(np.random.default_rng(0), 100, 10)
    assert len(set(drawn.tolist())) == 10 and drawn.max() < 100


def test_similar_selection_works_end_to_end(by_intensity: UniverSeg, scenes: Scenes) -> None:
    image, truth = scene(28)
    result = segmenter(by_intensity, scenes, support_size=3, selection="similar").segment(image)
    assert dice(result.mask == 1, truth == 1) > 0.9 and 3 <= len(result.support) <= 6


def test_refusals(by_intensity: UniverSeg, scenes: Scenes) -> None:
    with pytest.raises(InputRefused, match="support set is empty"):
        Segmenter(by_intensity).segment(scenes[0][0])
    with pytest.raises(InputRefused, match="nothing to segment"):
        segmenter(by_intensity, scenes).segment(np.full((20, 20), 7, np.uint8))
    with pytest.raises(InputRefused, match="use device cpu"):
        Segmenter(by_intensity, device="cuda")
    for wrong in ({"support_size": 0}, {"ensemble": 0}, {"threshold": 1.0}, {"precision": "fp8"}, {"tile_px": 5}):
        with pytest.raises(InputRefused):
            replace(SegmenterSettings(), **wrong)  # type: ignore[arg-type]
    with pytest.raises(InputRefused, match="give random or similar"):
        SegmenterSettings(selection="best")  # type: ignore[arg-type]


def test_what_a_set_declares_of_gray_pictures_is_not_chosen_anew(
    by_intensity: UniverSeg, scenes: Scenes, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[int] = []

    def choose(pool: Pool, logits: Logits, support_size: int) -> float:
        chosen.append(len(pool.images))
        return ONLY_MAP

    monkeypatch.setattr("universeg_ros.segmenter.chosen_gray_share", choose)
    images, maps = scenes
    masks = [m == 1 for m in maps]
    result = {}
    for gray in (None, "map", "picture"):
        support = SupportSet.from_arrays(images, masks, preparation=Preparation(gray=gray))  # type: ignore[arg-type]
        result[gray] = Segmenter(by_intensity).set_support(support).segment(images[0]).probability
    assert chosen == [len(images)]
    assert np.array_equal(result[None], result["map"]) and not np.allclose(result["map"], result["picture"])
    assert Segmenter(by_intensity).set_support(support).gray_look() == "map"


def test_the_shipped_weights_segment_what_they_were_never_shown(rng):
    """Bright discs on noise, at the source's size, from a dozen examples; the file says what may be done with it."""

    def disc() -> tuple[np.ndarray, np.ndarray]:
        y, x = np.mgrid[:96, :120]
        row, column, radius = rng.uniform((30, 30, 10), (66, 90, 20))
        mask = (y - row) ** 2 + (x - column) ** 2 < radius**2
        return (np.where(mask, 170, 80) + rng.normal(0, 12, mask.shape)).clip(0, 255).astype(np.uint8), mask

    examples = [disc() for _ in range(12)]
    support = SupportSet.from_arrays([image for image, _ in examples], [mask for _, mask in examples])
    segmenter = Segmenter(weights="default", device="cpu").set_support(support)
    image, mask = disc()
    found = segmenter.segment(image).mask.astype(bool)
    assert found.shape == mask.shape
    assert 2 * (found & mask).sum() / (found.sum() + mask.sum()) > 0.9
    _, info = load_checkpoint("default")
    assert info.licence == "Apache-2.0" and "axon_sem_axon" in info.trained_on
