"""Examples that are held out say whether gray pictures, their likeness, or both are shown."""

from collections.abc import Callable

import numpy as np
import pytest

from universeg_ros.support.example_pools import Pool
from universeg_ros.support.gray_share import BOTH, ONLY_MAP, ONLY_PICTURE, Logits, chosen_gray_share, gray_look
from universeg_ros.support.likeness import Likeness

SIZE = 32


def pool(count: int) -> Pool:
    """Noise with boxes that nothing in it shows."""
    rng = np.random.default_rng(count)
    images = rng.random((count, SIZE, SIZE), np.float32)
    masks = np.zeros_like(images)
    for mask, top in zip(masks, rng.integers(2, 16, count), strict=True):
        mask[top : top + 10, 4:28] = 1
    return Pool(tuple(map(str, range(count))), images, masks, Likeness(images, masks), None)


def network(
    examples: Pool,
    of_picture: Callable[[np.ndarray], np.ndarray],
    of_map: Callable[[np.ndarray], np.ndarray],
    asked: list[int] | None = None,
) -> Logits:
    """Says of an example's picture, and of its map, what these make of its true mask."""
    maps = examples.by_brightness.of_examples(range(len(examples.images)))

    def logits(query: np.ndarray, images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        assert len(images) == len(masks) == len(examples.images) - 1
        assert not any(np.array_equal(query, image) for image in images)
        says = of_picture if (examples.images == query).all(axis=(1, 2)).any() else of_map
        given = examples.images if says is of_picture else maps
        number = int(np.flatnonzero((given == query).all(axis=(1, 2)))[0])
        if asked is not None:
            asked.append(number)
        return says(np.where(examples.masks[number] > 0, 5, -5).astype(np.float32))

    return logits


def right(truth: np.ndarray) -> np.ndarray:
    return truth


def wrong(truth: np.ndarray) -> np.ndarray:
    return np.roll(truth, SIZE // 4, axis=1)


@pytest.mark.parametrize(("of_picture", "of_map", "share"), [(right, wrong, ONLY_PICTURE), (wrong, right, ONLY_MAP)])
def test_what_is_right_alone_is_shown_alone(
    of_picture: Callable[[np.ndarray], np.ndarray], of_map: Callable[[np.ndarray], np.ndarray], share: float
) -> None:
    examples = pool(6)
    assert chosen_gray_share(examples, network(examples, of_picture, of_map), 16) == share


def test_what_errs_in_different_places_is_shown_together() -> None:
    def half_sure(columns: slice) -> Callable[[np.ndarray], np.ndarray]:
        def says(truth: np.ndarray) -> np.ndarray:
            doubtful = -np.sign(truth)
            doubtful[:, columns] = truth[:, columns]
            return doubtful

        return says

    examples = pool(6)
    left, others = half_sure(slice(0, SIZE // 2)), half_sure(slice(SIZE // 2, SIZE))
    assert chosen_gray_share(examples, network(examples, left, others), 16) == BOTH


def test_few_examples_say_nothing_of_that() -> None:
    examples = pool(3)
    assert chosen_gray_share(examples, network(examples, right, wrong), 16) == BOTH


def test_so_many_are_asked_however_many_there_are() -> None:
    examples, asked = pool(14), []
    chosen_gray_share(examples, network(examples, right, wrong, asked), 16)
    assert len(asked) == 16 and len(set(asked)) == 8


def test_a_set_is_declared_what_its_labels_have_in_common() -> None:
    assert [gray_look([share, share]) for share in (ONLY_MAP, ONLY_PICTURE, BOTH)] == ["map", "picture", "both"]
    assert gray_look([ONLY_MAP, ONLY_PICTURE]) == "both"
