"""What a segmentation says of an image."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LabelResult:
    """One label in one image.

    confidence: the Dice that is to be expected if the probabilities hold, 0 where nothing was found. area_px: pixels
    of the mask.
    """

    label: int
    name: str
    confidence: float
    area_px: int


@dataclass(frozen=True)
class MaskResult:
    """A label map of the image's size, and how sure it is.

    probability: of any label rather than background; uncertainty: 0 where a pixel is certain, 1 where it could as well
    be another (twice the standard deviation of a yes or no of that probability); spread: standard deviation among the
    members of the ensemble, 0 with one member. confidence: mean over the labels found. support: names of the examples
    that were used.
    """

    mask: np.ndarray  # (H, W) uint8, 0 background
    probability: np.ndarray  # (H, W) float32
    uncertainty: np.ndarray  # (H, W) float32, 0..1
    spread: np.ndarray  # (H, W) float32
    labels: tuple[LabelResult, ...]
    label_probabilities: np.ndarray  # (L, H, W) float32, in the order of `labels`
    support: tuple[str, ...]
    members: int
    time_s: float

    @property
    def confidence(self) -> float:
        """Return expected Dice, mean over the labels found; 0 where none was."""
        found = [result.confidence for result in self.labels if result.area_px]
        return float(np.mean(found)) if found else 0.0


def expected_dice(probability: np.ndarray, mask: np.ndarray) -> float:
    """Return Dice of a mask and a truth drawn from the probability, in the ratio of expectations; 0 for no mask."""
    if not mask.any():
        return 0.0
    return float(2 * probability[mask].sum() / (probability.sum() + mask.sum()))
