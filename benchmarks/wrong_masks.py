"""Masks that a segmenter gets wrong, drawn at random."""

import cv2
import numpy as np


def unit(rng: np.random.Generator) -> np.ndarray:
    """A direction (3,)."""
    v = rng.normal(size=3)
    return v / np.linalg.norm(v)


def damaged(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A mask as a segmenter may give it: too wide, too narrow, half of it, or beside the object."""
    size = max(3, round(np.sqrt(mask.sum()) * rng.uniform(0.05, 0.2)))
    kernel = np.ones((size, size), np.uint8)
    how = rng.integers(4)
    if how == 0:
        return cv2.dilate(mask.astype(np.uint8), kernel) > 0
    if how == 1:
        return cv2.erode(mask.astype(np.uint8), kernel) > 0
    if how == 2:
        rows, columns = np.nonzero(mask)
        along = unit(rng)[:2] @ np.stack([rows - rows.mean(), columns - columns.mean()])
        kept = mask.copy()
        kept[rows[along > 0], columns[along > 0]] = False
        return kept
    return np.roll(mask, tuple(rng.integers(-size, size + 1, 2)), (0, 1))


def blob(shape: tuple[int, int], diameter_px: float, avoid: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An ellipse as large as the object where nothing of it is."""
    for _ in range(20):
        middle = rng.uniform((0.15, 0.15), (0.85, 0.85)) * shape
        axes = np.maximum(diameter_px * rng.uniform(0.25, 0.5, 2), 6).astype(int)
        image = cv2.ellipse(
            np.zeros(shape, np.uint8), (int(middle[1]), int(middle[0])), (int(axes[0]), int(axes[1])), 0, 0, 360, 1, -1
        )
        if not (image.astype(bool) & avoid).any():
            break
    return image.astype(bool) & ~avoid
