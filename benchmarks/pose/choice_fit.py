"""How much a unit of a network's scores is worth beside one of the learning-free ranks, by which were right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize


@dataclass(frozen=True)
class JudgedSet:
    """Poses of one registration: learning-free ranks (L,), a network's scores (L,), and which are right (L,) bool."""

    rank: np.ndarray
    score: np.ndarray
    right: np.ndarray


@dataclass(frozen=True)
class ChoiceFit:
    """weight: what a unit of scores adds to a rank. unlikely: mean negative logarithm of the probability that both give
    to the right poses together; without: that ranks alone give.
    """

    weight: float
    unlikely: float
    without: float


def fitted_choice(sets: Sequence[JudgedSet], largest: float) -> ChoiceFit:
    """Fit by maximum likelihood a choice among each set's poses, in proportion to exp(sharp (rank + weight score)).

    largest: what counts of a score's distance from the best, at most.
    """
    alone = minimize(lambda p: _unlikely(sets, largest, np.exp(p[0]), 0.0), [3.0], method="Nelder-Mead")
    both = minimize(lambda p: _unlikely(sets, largest, np.exp(p[0]), p[1]), [alone.x[0], 0.1], method="Nelder-Mead")
    return ChoiceFit(float(both.x[1] / np.exp(both.x[0])), float(both.fun), float(alone.fun))


def _unlikely(sets: Sequence[JudgedSet], largest: float, sharp: float, per_score: float) -> float:
    total = 0.0
    for one in sets:
        heard = np.maximum(one.score - one.score.max(), -largest)
        said = sharp * (one.rank - one.rank.max()) + per_score * heard
        total += np.logaddexp.reduce(said) - np.logaddexp.reduce(said[one.right])
    return total / len(sets)
