"""The support set as the network takes it: the examples of each label as arrays, and a choice of them."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from foundation_pose_ros.errors import InputRefused

from .likeness import Likeness
from .preparation import PreparedPicture
from .regions import around
from .support_set import SupportSet

Selection = Literal["random", "similar"]
# Side in pixels of the pictures by which examples are compared, and how much unlike each other counts.
THUMBNAIL = 16
DIVERSITY = 0.3


@dataclass(frozen=True)
class Pool:
    """All examples of one label."""

    names: tuple[str, ...]
    images: np.ndarray  # (N, size, size) float32, 0..1
    masks: np.ndarray  # (N, size, size) float32, 0 or 1
    by_brightness: Likeness
    by_colours: Likeness | None  # where all examples have some


Pools = dict[int, Pool]


def whole_images(support: SupportSet) -> Pools:
    """Return every example as it is."""
    return _pools(
        support, {e.name: (PreparedPicture(e.prepared, _sized(support, e.colour)), e.labels) for e in support}
    )


def close_ups(support: SupportSet) -> Pools:
    """Return every example cut to what its label map shows, with a margin."""
    preparation = support.preparation
    cut = {}
    for example in support:
        box = around(example.labels > 0)
        picture, labels = preparation.picture(example.image, example.encoding), example.labels
        if box is not None:
            picture, labels = preparation.closer(picture.cut(box.slices)), box.cut(labels)
        cut[example.name] = (preparation.sized_picture(picture), labels)
    return _pools(support, cut)


def _sized(support: SupportSet, colour: np.ndarray | None) -> np.ndarray | None:
    return None if colour is None else support.preparation.sized(colour)


def _pools(support: SupportSet, prepared: dict[str, tuple[PreparedPicture, np.ndarray]]) -> Pools:
    """From pictures (size, size) and label maps (H, W) by the examples' names."""
    return {label: _pool(support, label, prepared) for label in support.labels}


def _pool(support: SupportSet, label: int, prepared: dict[str, tuple[PreparedPicture, np.ndarray]]) -> Pool:
    names = tuple(example.name for example in support.examples_of(label))
    pictures, labels = zip(*(prepared[name] for name in names), strict=True)
    masks = np.stack([support.preparation.mask(own == label) for own in labels])
    colours = [picture.colour for picture in pictures if picture.colour is not None]
    images = np.stack([picture.gray for picture in pictures])
    by_colours = Likeness(np.stack(colours), masks) if len(colours) == len(names) else None
    return Pool(names, images, masks, Likeness(images, masks), by_colours)


def draw(rng: np.random.Generator, pool: int, count: int) -> np.ndarray:
    """Return indices (count,) of a random draw without repeats, all of them where there are no more."""
    return np.arange(pool) if pool <= count else np.sort(rng.choice(pool, count, replace=False))


def most_useful(query: np.ndarray, images: np.ndarray, count: int) -> np.ndarray:
    """Return indices (count,) of images (N, size, size) like the query (size, size) yet unlike each other.

    Each next one has the largest similarity less a part of that to the chosen one which is most like it (maximal
    marginal relevance, Carbonell and Goldstein 1998). Similarity is the correlation of thumbnails.
    """
    if len(images) <= count:
        return np.arange(len(images))
    thumbnails = np.stack([_thumbnail(image) for image in images])
    to_query = thumbnails @ _thumbnail(query)
    among = thumbnails @ thumbnails.T
    chosen = [int(to_query.argmax())]
    while len(chosen) < count:
        value = (1 - DIVERSITY) * to_query - DIVERSITY * among[:, chosen].max(axis=1)
        value[chosen] = -np.inf
        chosen.append(int(value.argmax()))
    return np.sort(chosen)


def check_selection(selection: str) -> None:
    """Raise InputRefused for a way of choosing that doesn't exist."""
    if selection not in ("random", "similar"):
        raise InputRefused("bad_selection", f"selection {selection!r}: give random or similar")


def _thumbnail(image: np.ndarray) -> np.ndarray:
    """(256,) of mean 0 and length 1."""
    small = cv2.resize(image, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA).ravel()
    small = small - small.mean()
    return small / max(1e-6, float(np.linalg.norm(small)))
