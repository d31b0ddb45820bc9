"""A picture of a texture library by a few words for what it looks like."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePosixPath

import numpy as np

# What libraries often have under the name of its kind alone.
_KINDS = {
    "cloth wool linen cotton felt denim canvas velvet silk tweed": "fabric",
    "oak pine walnut beech birch maple mahogany teak timber plywood plank wooden": "wood",
    "parquet": "wood floor",
    "rug": "carpet",
    "slate sandstone limestone stone": "rock",
    "steel iron brass copper aluminium tin chrome zinc": "metal",
    "tarmac": "asphalt",
}
_KIND_OF = {word: kind.split() for words, kind in _KINDS.items() for word in words.split()}


def picture_like(words: str, names: Sequence[str], seed: int) -> str | None:
    """Return the picture whose name shares the most words with what is said; None where none shares any.

    names: files such as ambientcg/Wood_026.jpg, of which folder, numbers and case say nothing. A word stands for its
    kind as well, oak for wood. Among names that share as many, those with fewer other words are nearer, then those
    that share a word itself and not its kind; the seed draws among equals.
    """
    said = _words(words)
    meant = said.union(*(_KIND_OF.get(word, ()) for word in said))
    nearness = [_nearness(said, meant, _words(PurePosixPath(name).stem)) for name in names]
    nearest = max(nearness, default=(0, 0, 0))
    if nearest[0] == 0:
        return None
    equals = [name for name, near in zip(names, nearness, strict=True) if near == nearest]
    return equals[int(np.random.default_rng([seed, 80]).integers(len(equals)))]


def _nearness(said: frozenset[str], meant: frozenset[str], named: frozenset[str]) -> tuple[int, int, int]:
    return len(meant & named), -len(named - meant), len(said & named)


@lru_cache(maxsize=8192)
def _words(text: str) -> frozenset[str]:
    """Return a text's words: those of WoodFloor_012 are wood and floor."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower()
    # Tiles are of tile, but glass, canvas and iris stay what they are.
    return frozenset(re.sub(r"(?<=[^aisu])s$", "", word) for word in re.findall(r"[^\W\d_]{2,}", apart))
