"""What a network that learns across tasks must beat: two methods that know nothing but the support."""

from typing import Any

import cv2
import numpy as np

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.runtime.extras import needed

SIGMAS = (1.0, 2.0, 4.0, 8.0)
TREES = 60
MOST_PIXELS = 40_000
# The longest side of what the forest looks at, in pixels: twice what the network sees.
MOST_SIDE_PX = 256


def mean_mask(masks: np.ndarray) -> np.ndarray:
    """Return probability (H, W): how often a pixel is marked in the support (S, H, W)."""
    return masks.mean(axis=0)


class RandomForest:
    """A forest for one task, on intensity or colours, these blurred, gradient and position of each pixel."""

    def __init__(self, images: np.ndarray, masks: np.ndarray, seed: int = 0) -> None:
        try:
            from sklearn.ensemble import RandomForestClassifier
        except ImportError:
            raise InputRefused(
                "no_sklearn", needed("the random forest", "segmentation-evaluation", "or --no-baselines")
            ) from None
        pixels = np.concatenate([pixel_features(_shrunk(image)) for image in images])
        wanted = np.concatenate([_shrunk(mask.astype(np.float32)).ravel() for mask in masks]) >= 0.5
        if len(pixels) > MOST_PIXELS:
            some = np.random.default_rng(seed).choice(len(pixels), MOST_PIXELS, replace=False)
            pixels, wanted = pixels[some], wanted[some]
        self._forest: Any = RandomForestClassifier(TREES, min_samples_leaf=5, random_state=seed)
        self._forest.fit(pixels, wanted)

    def probability(self, image: np.ndarray) -> np.ndarray:
        """Map (H, W) or (H, W, 3) -> (H, W)."""
        height, width = image.shape[:2]
        if len(self._forest.classes_) == 1:
            return np.full((height, width), float(self._forest.classes_[0]))
        small = _shrunk(image)
        found = self._forest.predict_proba(pixel_features(small))[:, 1].reshape(small.shape[:2])
        return found if small is image else cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR)


def pixel_features(image: np.ndarray) -> np.ndarray:
    """Return (H, W) in 0..1 -> (H * W, 8), (H, W, 3) -> (H * W, 20)."""
    image = image.astype(np.float32)
    blurred = [cv2.GaussianBlur(image, (0, 0), sigma) for sigma in SIGMAS]
    gradient = np.hypot(cv2.Sobel(blurred[0], cv2.CV_32F, 1, 0), cv2.Sobel(blurred[0], cv2.CV_32F, 0, 1))
    ys, xs = np.mgrid[: image.shape[0], : image.shape[1]] / max(image.shape[:2])
    height, width = image.shape[:2]
    seen = [part.reshape(height, width, -1) for part in (image, *blurred, gradient, ys, xs)]
    return np.concatenate(seen, axis=-1).reshape(height * width, -1).astype(np.float32)


def _shrunk(values: np.ndarray) -> np.ndarray:
    """Values (H, W, ...) at a size that the forest has time for; the same where they are small."""
    height, width = values.shape[:2]
    scale = MOST_SIDE_PX / max(height, width)
    if scale >= 1:
        return values
    return cv2.resize(
        values, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )
