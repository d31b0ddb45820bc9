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


# Fitted by `python -m benchmarks.calibrate --fit 20 --held-out 8`, 2026-11-25: 20 rendered scenes of two objects each,
# n = 2160, 584 (things in the scenes, taken as the object) and 1715 poses.
REGISTERED = Confidence(
    -14.92, (("agreement", 5.01), ("outline", 5.31), ("visible", 6.2), ("border", 5.34), ("colour", 0.65))
)
FOUND = Confidence(-11.77, (("agreement", 10.09), ("visible", 2.1), ("border", 5.92), ("colour", 3.08)))
TRACKED = Confidence(-13.46, (("agreement", 8.79), ("visible", 5.41), ("border", 7.1), ("colour", 1.73)))
