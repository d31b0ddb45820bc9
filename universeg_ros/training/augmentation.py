"""Augmentation: of each image alone, and of a whole task, which makes another task of it (Butoi et al. 2023)."""

from dataclasses import asdict, dataclass

import cv2
import numpy as np

from .deformation import affine_map, elastic, warped
from .procedural import spread
from .tasks import Examples


@dataclass(frozen=True)
class Augmentation:
    """How probable each change is. `task_*` changes are the same for the query and all of its support."""

    affine: float = 0.5
    elastic: float = 0.25
    intensity: float = 0.5
    blur: float = 0.25
    noise: float = 0.3
    flip: float = 0.1
    task_flip: float = 0.5
    task_turn: float = 0.5
    task_affine: float = 0.3
    task_invert: float = 0.3
    task_intensity: float = 0.4
    task_complement: float = 0.05
    task_edges: float = 0.06
    task_morphology: float = 0.12
    task_blur: float = 0.1

    def milder(self, share: float) -> "Augmentation":
        """Return every change at this share of its probability."""
        return Augmentation(**{name: share * probability for name, probability in asdict(self).items()})

    def __call__(self, rng: np.random.Generator, given: Examples) -> Examples:
        """Augmented examples of the same shape, every image again over 0..1."""
        images, labels = self._of_task(rng, given)
        changed = [self._of_one(rng, image, label) for image, label in zip(images, labels, strict=True)]
        return Examples(
            np.stack([spread(image) for image, _ in changed]),
            np.stack([label >= 0.5 for _, label in changed]).astype(np.float32),
        )

    def _of_one(self, rng: np.random.Generator, image: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        size = len(image)
        moved = rng.random() < self.affine, rng.random() < self.elastic, rng.random() < self.flip
        if any(moved):
            at = affine_map(
                size,
                rng.uniform(-25, 25) if moved[0] else 0.0,
                rng.uniform(0.85, 1.2) if moved[0] else 1.0,
                tuple(rng.uniform(-0.1, 0.1, 2)) if moved[0] else (0.0, 0.0),
                mirrored=moved[2],
            )
            if moved[1]:
                at = at + elastic(rng, size, rng.uniform(0.01, 0.04), rng.uniform(3, 8))
            image, label = warped(image, at), warped(label, at)
        if rng.random() < self.intensity:
            image = adjusted(image, rng.uniform(0.8, 1.2), rng.uniform(-0.1, 0.1), np.exp(rng.normal(0, 0.25)))
        if rng.random() < self.blur:
            image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.1, 1.1))
        if rng.random() < self.noise:
            image = image + rng.normal(0, rng.uniform(0, 0.05), image.shape).astype(np.float32)
        return image, label

    def _of_task(self, rng: np.random.Generator, given: Examples) -> tuple[np.ndarray, np.ndarray]:
        images, labels = given.images, given.labels
        size = images.shape[-1]
        if rng.random() < self.task_flip:
            images, labels = images[:, :, ::-1], labels[:, :, ::-1]
        if rng.random() < self.task_turn:
            turns = int(rng.integers(1, 4))
            images, labels = np.rot90(images, turns, (1, 2)), np.rot90(labels, turns, (1, 2))
        images, labels = np.ascontiguousarray(images), np.ascontiguousarray(labels)
        if rng.random() < self.task_affine:
            shift = (float(rng.uniform(-0.15, 0.15)), float(rng.uniform(-0.15, 0.15)))
            at = affine_map(size, rng.uniform(-45, 45), rng.uniform(0.7, 1.5), shift, rng.uniform(-0.2, 0.2))
            moved = np.stack([warped(label, at) for label in labels])
            if (moved.mean(axis=(1, 2)) > 0).all():
                images, labels = np.stack([warped(image, at) for image in images]), moved
        if rng.random() < self.task_invert:
            images = 1 - images
        if rng.random() < self.task_intensity:
            gain, offset, gamma = rng.uniform(0.7, 1.4), rng.uniform(-0.2, 0.2), np.exp(rng.normal(0, 0.4))
            images = np.stack([adjusted(image, gain, offset, gamma) for image in images])
        if rng.random() < self.task_blur:
            sigma = rng.uniform(0.5, 1.5)
            images = np.stack([cv2.GaussianBlur(image, (0, 0), sigma) for image in images])
        return images, self._relabelled(rng, labels)

    def _relabelled(self, rng: np.random.Generator, labels: np.ndarray) -> np.ndarray:
        chance = rng.random()
        width = int(rng.integers(1, max(2, labels.shape[-1] // 42 + 1)))
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * width + 1, 2 * width + 1))
        operations = (
            (self.task_complement, None),
            (self.task_edges, cv2.MORPH_GRADIENT),
            (self.task_morphology / 2, cv2.MORPH_DILATE),
            (self.task_morphology / 2, cv2.MORPH_ERODE),
        )
        for probability, operation in operations:
            chance -= probability
            if chance < 0:
                new = 1 - labels
                if operation is not None:
                    new = np.stack([cv2.morphologyEx(label, operation, kernel) for label in labels])
                return new if (new.mean(axis=(1, 2)) > 0).all() else labels
        return labels


def adjusted(image: np.ndarray, gain: float, offset: float, gamma: float) -> np.ndarray:
    """Change contrast, brightness and gamma of an image in 0..1, which it stays in."""
    return np.clip((image - 0.5) * gain + 0.5 + offset, 0, 1).astype(np.float32) ** np.float32(gamma)
