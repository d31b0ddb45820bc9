"""How likely a pose is right: one look's evidence, weighed by a logistic model, as a probability.

Right means ADD-S below a tenth of the diameter. The probability is that of a pose of which right and wrong were equally
likely before the look, and among the wrong ones are those that are hard to tell: local optima, neighbours and empty
places that tracking or a wrong mask led to. Where most poses are right, as in a running track, it is on the safe side.
"""

from dataclasses import dataclass

import numpy as np

from ..selection.scorer import Evidence

# Where the line bends that turns a cue into evidence; likeness, which isn't positive, has a straight one.
BENDS = {"agreement": 0.5, "visible": 0.7, "outline": 0.7, "border": 0.5, "likeness": 0.0}


@dataclass(frozen=True)
class Cues:
    """What a probability is made from, (B,) float each, all growing with what speaks for a pose.

    agreement, visible, outline, border: of the evidence. likeness: how far the correlation of colours falls short of
    what was expected, negative; 0 for a model without colours.
    """

    agreement: np.ndarray
    visible: np.ndarray
    outline: np.ndarray
    border: np.ndarray
    likeness: np.ndarray

    @classmethod
    def of(cls, evidence: Evidence) -> "Cues":
        return cls(
            agreement=evidence.agreement,
            visible=evidence.visible,
            outline=evidence.outline,
            border=evidence.border,
            likeness=np.minimum(evidence.colour - evidence.colour_expected, 0),
        )

    def bent(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Split a cue into its part below the bend and what goes beyond it, which may tell less, or more."""
        cue, bend = getattr(self, name), BENDS[name]
        return np.minimum(cue, bend), np.maximum(cue - bend, 0)


@dataclass(frozen=True)
class Confidence:
    """P(right) = 1 / (1 + exp(-(intercept + sum of below x part below the bend + above x part beyond it))).

    weights: (name of a cue, below, above), none of them negative.
    """

    intercept: float
    weights: tuple[tuple[str, float, float], ...]

    def __call__(self, cues: Cues) -> np.ndarray:
        """(B,) in 0..1."""
        logit = np.full(np.shape(cues.agreement), self.intercept)
        for name, below, above in self.weights:
            low, high = cues.bent(name)
            logit += below * low + above * high
        return np.asarray(1 / (1 + np.exp(-logit)))
