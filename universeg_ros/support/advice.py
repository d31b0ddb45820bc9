"""What would make a support set better, in words."""

from itertools import combinations

import numpy as np

from .support_set import SupportSet

FEW, ALIKE, SMALL_PX = 5, 0.99, 12


def advice(support: SupportSet) -> list[str]:
    """Return lines, none where there is nothing to say."""
    lines = []
    if not len(support):
        return ["the set is empty: add at least one image with its mask"]
    for label in support.labels:
        shown = support.examples_of(label)
        if len(shown) < FEW:
            lines.append(f"{support.label_name(label)} is shown {len(shown)} times: 16 and more give better masks")
        areas = support.masks(shown, label).sum(axis=(1, 2))
        small = [example.name for example, area in zip(shown, areas, strict=True) if area < SMALL_PX]
        if small:
            lines.append(
                f"{support.label_name(label)} is smaller than {SMALL_PX} pixels as the network sees it in "
                f"{', '.join(small)}: crop the images, or segment with --zoom"
            )
    centred = np.stack([e.prepared.ravel() - e.prepared.mean() for e in support])
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    alike = centred @ centred.T
    for i, j in combinations(range(len(support)), 2):
        if alike[i, j] > ALIKE:
            lines.append(f"{support.names[i]} and {support.names[j]} are nearly the same image: the second adds little")
    return lines
