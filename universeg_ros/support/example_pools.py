"""The support set as the network takes it: the examples of each label as arrays, and a choice of them."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from foundation_pose_ros.errors import InputRefused

from .preparation import Preparation
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


Pools = dict[int, Pool]


def whole_images(support: SupportSet) -> Pools:
    """Return every example as it is."""
    return {label: _pool(support, label, {e.name: (e.prepared, e.labels) for e in support}) for label in support.labels}


def close_ups(support: SupportSet) -> Pools:
    """Return every example cut to what its label map shows, with a margin."""
    cut = {}
    for example in support:
        box = around(example.labels > 0)
        if box is None:
            cut[example.name] = (example.prepared, example.labels)
        else:
            normalised = support.preparation.normalised(example.image, example.encoding)
            cut[example.name] = (close_up(support.preparation, box.cut(normalised)), box.cut(example.labels))
    return {label: _pool(support, label, cut) for label in support.labels}


def close_up(preparation: Preparation, piece: np.ndarray) -> np.ndarray:
    """Return a piece (h, w) of a normalised image as the network takes it: without a window, again over 0..1."""
    if preparation.window is None and piece.max() > piece.min():
        piece = (piece - piece.min()) / (piece.max() - piece.min())
    return preparation.sized(piece)


def _pool(support: SupportSet, label: int, prepared: dict[str, tuple[np.ndarray, np.ndarray]]) -> Pool:
    names = tuple(example.name for example in support.examples_of(label))
    return Pool(
        names,
        np.stack([prepared[name][0] for name in names]),
        np.stack([support.preparation.mask(prepared[name][1] == label) for name in names]),
    )


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
