"""Whether probabilities were right as often as they said."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Bin:
    """n poses whose scores lie in one tenth of the scale: their mean score, and the share that was right."""

    n: int
    said: float
    was: float


def reliability_diagram(scores: np.ndarray, right: np.ndarray, bins: int = 10) -> list[Bin]:
    """Scores (n,) in 0..1 against what was right (n,) bool, in bins of equal width; empty ones are left out."""
    which = np.minimum((np.asarray(scores) * bins).astype(int), bins - 1)
    return [
        Bin(int((which == b).sum()), float(scores[which == b].mean()), float(right[which == b].mean()))
        for b in np.unique(which)
    ]


def calibration_error(diagram: list[Bin]) -> float:
    """Expected calibration error (Naeini et al. 2015): the mean distance of said from was; NaN for an empty diagram."""
    total = sum(b.n for b in diagram)
    return sum(b.n * abs(b.said - b.was) for b in diagram) / total if total else float("nan")
