"""The support set as the network takes it: per label, the examples that show it, as arrays made once."""

from dataclasses import dataclass

import numpy as np

from .preparation import Preparation
from .regions import around
from .support_set import SupportSet


@dataclass(frozen=True)
class Pool:
    """All examples of one label."""

    names: tuple[str, ...]
    images: np.ndarray  # (N, size, size) float32, 0..1
    masks: np.ndarray  # (N, size, size) float32, 0 or 1


Pools = dict[int, Pool]


def whole_images(support: SupportSet) -> Pools:
    """Every example as it is."""
    return {label: _pool(support, label, {e.name: (e.prepared, e.labels) for e in support}) for label in support.labels}


def close_ups(support: SupportSet) -> Pools:
    """Every example cut to what its label map shows, with a margin."""
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
    """A piece (h, w) of a normalised image as the network takes it: without a window, again over 0..1."""
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
