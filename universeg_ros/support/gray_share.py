"""How much counts what the network says of gray pictures as they are, beside what it says of their likeness.

Shapes want the picture itself, textures the map; which of them it is, the support knows: some of its examples are taken
for queries, and segmented by means of the others.
"""

from collections.abc import Callable, Iterable

import numpy as np

from ..mask_overlap import dice
from .example_pools import Pool, draw
from .preparation import GrayLook

# Of a picture, pictures and masks like it: logits.
Logits = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]

# Only the map, only the picture, or both: what is shown both ways takes twice the time.
ONLY_MAP, ONLY_PICTURE, BOTH = 0.0, 1.0, 1 / 3
SHARES: dict[GrayLook, float] = {"map": ONLY_MAP, "picture": ONLY_PICTURE, "both": BOTH}
_SHARES = np.array([ONLY_MAP, ONLY_PICTURE, BOTH], np.float32)
# Fewer examples say nothing of which is better; so many are asked, which bounds the time.
_LEAST_EXAMPLES, _HELD_OUT = 4, 8


def chosen_gray_share(pool: Pool, logits: Logits, support_size: int) -> float:
    """Return the share, 0 to 1, of what the network says of gray pictures as they are.

    The better one of map and picture by mean Dice over held-out examples, or both together where they are better by a
    standard error (Breiman et al. 1984). support_size: examples that are shown at a time.
    """
    rng = np.random.default_rng(0)
    shown = draw(rng, len(pool.images), support_size)
    if len(shown) < _LEAST_EXAMPLES:
        return BOTH
    pictures, masks, maps = pool.images[shown], pool.masks[shown], pool.by_brightness.of_examples(shown)
    right = []
    for i in draw(rng, len(shown), _HELD_OUT):
        others = np.arange(len(shown)) != i
        # The others' maps know the one that is held out; that is one example of many, and its own doesn't know it.
        of_map, of_picture = (logits(given[i], given[others], masks[others]) for given in (maps, pictures))
        right.append([dice((1 - share) * of_map + share * of_picture > 0, masks[i] > 0) for share in _SHARES])
    return _with_one_standard_error(np.array(right))


def gray_look(shares: Iterable[float]) -> GrayLook:
    """Return the word for what the labels of a set have in common; both where they differ."""
    known = set(shares)
    words = {word for word, share in SHARES.items() if share in known}
    return words.pop() if len(words) == 1 else "both"


def _with_one_standard_error(right: np.ndarray) -> float:
    """The share of _SHARES whose Dice (N, 3) is best, both only where they are clearly better than one."""
    one = int(right[:, :2].mean(axis=0).argmax())
    gained = right[:, 2] - right[:, one]
    clearly = gained.mean() > gained.std(ddof=1) / np.sqrt(len(gained))
    return BOTH if clearly else float(_SHARES[one])
