"""How likely a pose is right: one look's evidence, weighed by a logistic model, as a probability.

Right means ADD-S below a tenth of the diameter. The probability is that of a pose of which right and wrong were equally
likely before the look, and among the wrong ones are those that are hard to tell: local optima, neighbours and empty
places that tracking or a wrong mask led to. Where most poses are right, as in a running track, it is on the safe side.
"""

from dataclasses import dataclass

import numpy as np

from .selection.scorer import Evidence


@dataclass(frozen=True)
class Cues:
    """What a probability is made from, (B,) float each, all growing with what speaks for a pose.

    agreement, visible, outline, border: of the evidence. colour: how far the correlation of colours falls short of
    what was expected, negative; 0 for a model without colours.
    """

    agreement: np.ndarray
    visible: np.ndarray
    outline: np.ndarray
    border: np.ndarray
    colour: np.ndarray

    @classmethod
    def of(cls, evidence: Evidence) -> "Cues":
        return cls(
            agreement=evidence.agreement,
            visible=evidence.visible,
            outline=evidence.outline,
            border=evidence.border,
            colour=np.minimum(evidence.colour - evidence.colour_expected, 0),
        )


@dataclass(frozen=True)
class Confidence:
    """P(right) = 1 / (1 + exp(-(intercept + sum of weight x cue)))."""

    intercept: float
    weights: tuple[tuple[str, float], ...]

    def __call__(self, cues: Cues) -> np.ndarray:
        """(B,) in 0..1."""
        logit = self.intercept + sum(weight * getattr(cues, name) for name, weight in self.weights)
        return np.asarray(1 / (1 + np.exp(-logit)))


# Fitted by benchmarks/calibrate.py on 2026-11-25: 17 and 13 rendered scenes of two objects, n = 1836 and 1116 poses.
REGISTERED = Confidence(
    -13.57, (("agreement", 4.0), ("outline", 5.46), ("visible", 5.47), ("border", 4.47), ("colour", 0.31))
)
TRACKED = Confidence(-10.7, (("agreement", 7.4), ("visible", 3.92), ("border", 6.41), ("colour", 1.37)))
