"""Looks of the support say where a query looks like what is marked, and a network that sees gray goes by that."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch isn't installed here")

from universeg_ros import Segmenter, SegmenterSettings, SupportSet, UniverSeg
from universeg_ros.network.inference import Inference
from universeg_ros.segmenter_settings import DEFAULTS, Zoom
from universeg_ros.support.likeness import Likeness, features
from universeg_ros.support.preparation import to_colour

SIZE = 64
# Of the same luma (BT.601): 0.299 R + 0.587 G + 0.114 B = 92.
RED, GREEN = (240, 20, 72), (40, 130, 33)


def discs(number: int, size: int = SIZE) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture (size, size, 3) uint8 of a red and a green disc on gray ground, and where each is."""
    rng = np.random.default_rng([5, number])
    ys, xs = np.mgrid[:size, :size] / size
    picture = np.full((size, size, 3), 150.0) + rng.normal(0, 8, (size, size, 1))
    masks = []
    for colour, left in zip((RED, GREEN), rng.permutation([0.25, 0.75]), strict=True):
        disc = np.hypot(xs - left, ys - rng.uniform(0.3, 0.7)) < 0.15
        picture[disc] = np.array(colour) + rng.normal(0, 3, (disc.sum(), 1))
        masks.append(disc)
    return picture.clip(0, 255).astype(np.uint8), masks[0], masks[1]


def likeness(count: int) -> Likeness:
    pictures, red, _ = zip(*(discs(i) for i in range(count)), strict=True)
    return Likeness(np.stack(pictures).astype(np.float32) / 255, np.stack(red).astype(np.float32))


@pytest.mark.parametrize("count", [1, 6])
def test_a_query_is_judged_by_its_colours(count: int) -> None:
    picture, red, green = discs(20)
    query, examples = likeness(count).maps(features(picture.astype(np.float32) / 255), range(count))
    assert query.shape == (SIZE, SIZE) and examples.shape == (count, SIZE, SIZE)
    assert query.dtype == examples.dtype == np.float32 and query.min() >= 0 and query.max() <= 1
    assert query[red].mean() > 0.75 and query[green].mean() < 0.35 and query[~(red | green)].mean() < 0.3


def test_an_example_is_judged_by_the_others() -> None:
    pictures, red, green = zip(*(discs(i) for i in range(6)), strict=True)
    masks = np.stack([green[0], *red[1:]]).astype(np.float32)  # the first says what no other does
    colours = np.stack(pictures).astype(np.float32) / 255
    own = Likeness(colours, masks).maps(features(colours[1]), range(6))[1][0]
    assert own[green[0]].mean() < 0.4 and own[red[0]].mean() > 0.7


def test_only_the_examples_that_are_shown_count() -> None:
    pictures, red, green = zip(*(discs(i) for i in range(4)), strict=True)
    colours = np.stack(pictures).astype(np.float32) / 255
    both = Likeness(colours, np.stack([*red[:2], *green[2:]]).astype(np.float32))
    first, second = (both.maps(features(colours[0]), shown)[0] for shown in ([0, 1], [2, 3]))
    assert first[red[0]].mean() > 0.7 > 0.4 > second[red[0]].mean()
    assert np.array_equal(first, both.maps(features(colours[0]), [0, 1])[0])


@pytest.mark.parametrize("zoom", ["never", "colours"])
def test_things_of_one_gray_are_told_apart(by_intensity: UniverSeg, zoom: Zoom) -> None:
    support = SupportSet.from_arrays(*zip(*(discs(i, 128)[:2] for i in range(6)), strict=True))  # type: ignore[arg-type]
    picture, red, _ = discs(20, 128)

    def dice(settings: SegmenterSettings) -> float:
        found = Segmenter(by_intensity, settings=settings).set_support(support).segment(picture).mask > 0
        return 2 * float((found & red).sum()) / float(found.sum() + red.sum())

    assert dice(replace(DEFAULTS, zoom=zoom)) > 0.9
    assert dice(replace(DEFAULTS, zoom=zoom, likeness=False)) < 0.75


def gray_discs(number: int) -> tuple[np.ndarray, np.ndarray]:
    """A gray picture (128, 128) uint8 of two discs of one brightness, one of them grainy, and where that is."""
    rng = np.random.default_rng([6, number])
    ys, xs = np.mgrid[:128, :128] / 128
    picture = np.full((128, 128), 60.0)
    for grain, left in zip((40, 3), rng.permutation([0.25, 0.75]), strict=True):
        disc = np.hypot(xs - left, ys - rng.uniform(0.3, 0.7)) < 0.18
        picture[disc] = 160 + rng.normal(0, grain, disc.sum())
        if grain == 40:
            marked = disc
    return picture.clip(0, 255).astype(np.uint8), marked


def test_things_of_one_brightness_are_told_apart_by_their_grain(by_intensity: UniverSeg) -> None:
    support = SupportSet.from_arrays(*zip(*(gray_discs(i) for i in range(6)), strict=True))  # type: ignore[arg-type]
    picture, grainy = gray_discs(20)

    def dice(settings: SegmenterSettings) -> float:
        found = Segmenter(by_intensity, settings=settings).set_support(support).segment(picture).mask > 0
        return 2 * float((found & grainy).sum()) / float(found.sum() + grainy.sum())

    assert dice(DEFAULTS) > 0.85
    assert dice(replace(DEFAULTS, likeness=False)) < 0.75


def test_of_gray_pictures_that_the_map_tells_apart_alone_the_map_alone_is_shown(
    by_intensity: UniverSeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    support = SupportSet.from_arrays(*zip(*(gray_discs(i) for i in range(6)), strict=True))  # type: ignore[arg-type]
    segmenter = Segmenter(by_intensity).set_support(support)
    first = segmenter.segment(gray_discs(20)[0]).probability
    shown: list[np.ndarray] = []
    logits = Inference.__call__

    def counted(network: Inference, query: np.ndarray, images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        shown.append(query)
        return logits(network, query, images, masks)

    monkeypatch.setattr(Inference, "__call__", counted)
    assert np.array_equal(segmenter.segment(gray_discs(20)[0]).probability, first)
    assert len(shown) == 1
    segmenter.set_support(support).segment(gray_discs(21)[0])
    assert len(shown) == 1 + 2 * 6 + 1


@pytest.mark.parametrize("count", [1, 6])
def test_where_a_pixel_is_counts_in_gray_pictures(count: int) -> None:
    images = np.random.default_rng(3).uniform(0.4, 0.6, (count + 1, SIZE, SIZE)).astype(np.float32)
    masks = np.zeros((count, SIZE, SIZE), np.float32)
    masks[:, SIZE // 2 :] = 1
    query, examples = Likeness(images[:count], masks).maps(features(images[count]), range(count))
    for image in (query, *examples):
        assert image[: SIZE // 3].mean() < 0.35 and image[-SIZE // 3 :].mean() > 0.65


def test_gray_is_gray_however_it_is_stored() -> None:
    gray = np.random.default_rng(0).integers(0, 255, (8, 9), np.uint8)
    assert to_colour(gray) is None
    assert to_colour(np.repeat(gray[..., None], 3, axis=2)) is None
    picture = np.dstack([gray, gray, 255 - gray])
    colour = to_colour(picture)
    assert colour is not None and np.array_equal(colour, picture / np.float32(255))
    assert np.array_equal(to_colour(picture[..., ::-1], "bgr8"), colour)  # type: ignore[arg-type]
    assert np.allclose(to_colour(picture.astype(np.uint16) * 257), colour)  # type: ignore[arg-type]
    assert np.allclose(to_colour(picture / np.float32(255)), colour)  # type: ignore[arg-type]
