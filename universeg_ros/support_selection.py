"""Which examples to show the network for a query, where there are more than it is given at a time."""

from typing import Literal

import cv2
import numpy as np

from foundation_pose_ros.errors import InputRefused

Selection = Literal["random", "similar"]
THUMBNAIL = 16
DIVERSITY = 0.3


def draw(rng: np.random.Generator, pool: int, count: int) -> np.ndarray:
    """Indices (count,) of a random draw without repeats, all of them where there are no more."""
    return np.arange(pool) if pool <= count else np.sort(rng.choice(pool, count, replace=False))


def most_useful(query: np.ndarray, images: np.ndarray, count: int) -> np.ndarray:
    """Indices (count,) of images (N, size, size) like the query (size, size) yet unlike each other.

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
