"""RVL as a driver writes it, by the paper's description, for what reads it."""

from collections.abc import Iterable
from itertools import groupby

import numpy as np


def encoded(values: Iterable[int]) -> bytes:
    """Return RVL of values, in words of four bytes."""
    pieces: list[int] = []

    def number(value: int) -> None:
        while True:
            piece, value = value & 7, value >> 3
            pieces.append(piece | (8 if value else 0))
            if not value:
                return

    last, zeros_are_due = 0, True
    for is_measured, group in groupby(values, key=bool):
        run = list(group)
        if is_measured and zeros_are_due:
            number(0)
        number(len(run))
        for value in run if is_measured else ():
            change, last = value - last, value
            number(2 * change if change >= 0 else -2 * change - 1)
        zeros_are_due = is_measured
    if not zeros_are_due:
        number(0)  # no values after the last zeros
    pieces += [0] * (-len(pieces) % 8)
    words = [int("".join(f"{p:x}" for p in pieces[i : i + 8]), 16) for i in range(0, len(pieces), 8)]
    return np.array(words, "<u4").tobytes()
