"""RVL, a lossless code for depth images (Wilson, "Fast Lossless Depth Image Compression", 2017): decoding.

Runs of zeros and of values take turns. Each run's length, and each value's difference from the one before it, is
written in pieces of three bits, lowest first, behind a bit that says whether more follow: four bits a piece, eight
pieces in a little-endian word, highest first.
"""

from typing import Any

import numpy as np

from ..jit import compiled


def decode(data: Any, pixels: int) -> np.ndarray | None:
    """Return values (pixels,) uint16 of bytes of RVL; None where they don't hold exactly so many."""
    padded = bytes(data) + b"\0" * (-len(data) % 4)
    values = np.zeros(pixels, np.uint16)
    return values if _decode(np.frombuffer(padded, "<u4").astype(np.uint32), values) else None


@compiled
def _decode(words: Any, values: Any) -> bool:
    """Fill values (n,) from words (m,); False where a run goes beyond either."""
    position, done, last = 0, 0, 0
    while done < len(values):
        zeros, position = _number(words, position)
        if position < 0 or zeros > len(values) - done:
            return False
        done += zeros
        if done == len(values):
            return True
        count, position = _number(words, position)
        if position < 0 or count > len(values) - done or zeros + count == 0:
            return False
        for _ in range(count):
            folded, position = _number(words, position)
            if position < 0:
                return False
            last += (folded >> 1) ^ -(folded & 1)
            values[done] = last & 0xFFFF
            done += 1
    return True


@compiled
def _number(words: Any, position: int) -> tuple[int, int]:
    """The number at a position, counted in pieces of four bits, and the position after it; -1 beyond the end."""
    number: Any = 0
    shift = 0
    while position < 8 * len(words) and shift < 33:
        piece = (np.int64(words[position >> 3]) >> (28 - 4 * (position & 7))) & 0xF
        position += 1
        number |= (piece & 7) << shift
        shift += 3
        if piece < 8:
            return number, position
    return 0, -1
