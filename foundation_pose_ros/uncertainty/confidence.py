"""How likely a pose is right: one look's evidence, weighed by a logistic model, as a probability.

Right means that no point of the surface is off by a tenth of the diameter, over symmetries (MSSD). The probability is
that of a pose of which right and wrong were equally likely before the look, and among the wrong ones are those that are
hard to tell: turns that look alike, local optima, neighbours and empty places that tracking or a wrong mask led to.
Where most poses are right, as in a running track, it is on the safe side.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from ..selection.plausibility import UNKNOWN_SEPARATION, Plausibility
from ..selection.scorer import Evidence

# Where the line bends that turns a cue into evidence; likeness and region, which aren't positive, have straight ones.
# White balance and coloured light shift hue by 0.2 without notice; at true poses up to 0.05 of an outline ends nowhere.
BENDS = {
    "agreement": 0.5,
    "inliers": 0.5,
    "visible": 0.7,
    "outline": 0.7,
    "border": 0.5,
    "likeness": 0.0,
    "region": 0.0,
    "hue": -0.2,
    "ends": -0.05,
    "flat": 0.3,
    "separates": UNKNOWN_SEPARATION,
}

# Share of rivals that are right though nothing seems to speak for them, as of what leads wrongly.
_UNRULY = 0.01


@dataclass(frozen=True)
class Cues:
    """What a probability is made from, (B,) float each, all but ways growing with what speaks for a pose.

    agreement, inliers, visible, outline, border: of the evidence. lead: over the best pose that would put the surface
    elsewhere. earlier_lead: the largest in looks before, since a track began; 0: there were none.
    likeness: how far the correlation of colours falls short of what was expected, negative; 0 for a model without
    colours. region: how far the outline falls short of separating learned colours as well as it did of late, negative;
    0 where that isn't known. hue, ends, flat, separates: of a pose that was registered or found, see `Plausibility`; of
    a track's as where nothing is known. ways: for how many rivals as likely the best one stands, those aside that
    earlier looks rule out; 1 or more.
    """

    agreement: np.ndarray
    inliers: np.ndarray
    visible: np.ndarray
    outline: np.ndarray
    border: np.ndarray
    lead: np.ndarray
    earlier_lead: np.ndarray
    likeness: np.ndarray
    region: np.ndarray
    hue: np.ndarray
    ends: np.ndarray
    flat: np.ndarray
    separates: np.ndarray
    ways: np.ndarray

    @classmethod
    def of(
        cls,
        evidence: Evidence,
        lead: np.ndarray,
        earlier_lead: np.ndarray | None = None,
        plausible: Plausibility | None = None,
        ways: np.ndarray | None = None,
    ) -> "Cues":
        """Take them from evidence for B poses, and leads (B,), now and at best before; None: there was no earlier look.

        plausible: of all of them, where they were registered or found. ways (B,): None for one each.
        """
        around = plausible or Plausibility()
        short = evidence.region - evidence.region_expected
        return cls(
            agreement=evidence.agreement,
            inliers=evidence.inliers,
            visible=evidence.visible,
            outline=evidence.outline,
            border=evidence.border,
            lead=lead,
            earlier_lead=np.zeros_like(lead) if earlier_lead is None else earlier_lead,
            likeness=np.minimum(evidence.colour - evidence.colour_expected, 0),
            region=np.where(np.isnan(short), 0, np.minimum(short, 0)),
            hue=np.full_like(lead, around.hue),
            ends=np.full_like(lead, around.ends),
            flat=np.full_like(lead, around.flat),
            separates=np.full_like(lead, around.separates),
            ways=np.ones_like(lead) if ways is None else ways,
        )

    def bent(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Split a cue into its part below the bend and what goes beyond it, which may tell less, or more."""
        cue, bend = getattr(self, name), BENDS[name]
        return np.minimum(cue, bend), np.maximum(cue - bend, 0)


@dataclass(frozen=True)
class Standing:
    """P(it is this pose) = 1 / (1 + ways exp(-(chosen + earlier + rate x lead))), but for a share that no lead tells.

    chosen: log odds of a pose beside a rival for which as much speaks, since it was chosen by more than what sets these
    two apart. earlier: what was known before the look, rate x earlier_lead, but at most `most` and at least 0. None of
    them is negative. ways: how many such rivals there are, a range of turns for as many as it is wide.
    """

    chosen: float
    most: float
    rate: float

    def __call__(self, cues: Cues) -> np.ndarray:
        """(B,) in 0..1: how likely a pose is the right one rather than its rival."""
        earlier = np.minimum(np.maximum(self.rate * cues.earlier_lead, 0), self.most)
        odds = self.chosen + earlier + self.rate * cues.lead - np.log(cues.ways)
        return np.asarray(_UNRULY + (1 - 2 * _UNRULY) * expit(odds))

    def told(self, lead: float, ways: float) -> float:
        """Return the lead over a single rival that says as much as one over so many that are as likely."""
        return lead - float(np.log(ways)) / max(self.rate, 1e-9)

    def share(self, behind: np.ndarray) -> np.ndarray:
        """Return how likely rivals (R,) that are behind by so much are, beside the pose, as of one look."""
        return np.asarray(np.exp(-self.chosen - self.rate * np.clip(behind, 0, 10)))


@dataclass(frozen=True)
class Confidence:
    """P(right) = P(the object is there, this pose or one that looks like it) x P(it is this one).

    The first is 1 / (1 + exp(-(intercept + sum of below x part below the bend + above x part beyond it))), the second
    that of `stands`. weights: (name of a cue, below, above), none of them negative.
    """

    intercept: float
    weights: tuple[tuple[str, float, float], ...]
    stands: Standing

    def __call__(self, cues: Cues) -> np.ndarray:
        """(B,) in 0..1."""
        names, below, above = zip(*self.weights, strict=True)
        # All at once: of few poses NumPy takes longer to begin than to add.
        found = np.array([getattr(cues, name) for name in names])  # (n, B)
        bends = np.array([[BENDS[name]] for name in names])
        logit = self.intercept + below @ np.minimum(found, bends) + above @ np.maximum(found - bends, 0)
        return np.asarray(expit(logit) * self.stands(cues))
