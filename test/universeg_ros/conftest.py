"""Made-up images with things to segment."""

from typing import Any

import numpy as np
import pytest


def scene(number: int, size: tuple[int, int] = (96, 128)) -> tuple[np.ndarray, np.ndarray]:
    """A gray image (H, W) uint8 with a bright disc and a dark square, and its labels: 1 disc, 2 square."""
    rng = np.random.default_rng([11, number])
    height, width = size
    ys, xs = np.mgrid[:height, :width]
    radius = height / 8
    disc = np.hypot(xs - rng.uniform(0.2, 0.45) * width, ys - rng.uniform(0.3, 0.7) * height) < radius
    left, top = rng.uniform(0.6, 0.75) * width, rng.uniform(0.2, 0.6) * height
    square = (xs >= left) & (xs < left + 1.5 * radius) & (ys >= top) & (ys < top + 1.5 * radius)
    image = 110 + rng.normal(0, 6, size)
    image[disc], image[square] = 220 + rng.normal(0, 4), 20 + rng.normal(0, 4)
    return image.clip(0, 255).astype(np.uint8), (disc + 2 * square).astype(np.uint8)


@pytest.fixture(scope="session")
def scenes() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Eight images and their label maps."""
    images, labels = zip(*(scene(i) for i in range(8)), strict=True)
    return list(images), list(labels)


@pytest.fixture(scope="session")
def by_intensity() -> Any:
    """In place of a trained network: a pixel belongs to what its support marks in the nearest intensity."""
    from universeg_ros import UniverSeg

    class ByIntensity(UniverSeg):
        def forward(self, target: Any, support_images: Any, support_labels: Any, memory_budget: int = 0) -> Any:
            self.check(target, support_images, support_labels)
            dimensions = (1, 3, 4)
            marked = (support_images * support_labels).sum(dimensions) / support_labels.sum(dimensions).clamp(min=1)
            rest = 1 - support_labels
            unmarked = (support_images * rest).sum(dimensions) / rest.sum(dimensions).clamp(min=1)
            to_marked = (target - marked[..., None, None]).abs()
            return 40 * ((target - unmarked[..., None, None]).abs() - to_marked)

    return ByIntensity([1, 1])
