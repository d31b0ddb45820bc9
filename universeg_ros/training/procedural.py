"""Tasks made from nothing, without end: training runs with no data at all.

Deformed label maps turned into images follow SynthMorph (Hoffmann et al. 2022) and SynthSeg (Billot et al. 2023);
pseudo labels on real images follow the idea of ScribblePrompt (Wong et al. 2024).
"""

from collections.abc import Sequence

import cv2
import numpy as np

from .deformation import affine_map, elastic, smooth_noise, warped, warped_labels
from .tasks import Examples, RecordedTask, resized

LEAST_SHARE = 0.004
TRIES = 20


class DeformedMaps:
    """A map of regions; each example deforms it and gives every region an intensity and a texture of its own."""

    def draw(self, rng: np.random.Generator, count: int, size: int) -> Examples:
        regions = int(rng.integers(3, 13))
        base = region_map(rng, size, regions)
        wanted = _wanted(rng, base, regions)
        means, spreads = rng.random(regions), rng.random(regions) * 0.12
        grain = rng.uniform(size / 16, size / 2)
        variation, strength = rng.uniform(0.0, 0.15), rng.uniform(0.02, 0.12)
        images, labels = [], []
        for _ in range(count):
            at = affine_map(size, rng.normal(0, 10), np.exp(rng.normal(0, 0.1)), tuple(rng.normal(0, 0.05, 2)))
            deformed = warped_labels(base, at + elastic(rng, size, strength, rng.uniform(2, 6)))
            intensity = (means + rng.normal(0, variation, regions)).astype(np.float32)
            texture = smooth_noise(rng, size, grain) * spreads.astype(np.float32)[deformed]
            images.append(finished(rng, intensity[deformed] + texture))
            labels.append(np.isin(deformed, wanted))
        return Examples(np.stack(images), np.stack(labels).astype(np.float32))


class ScatteredShapes:
    """Shapes of a few kinds scattered over a background; one kind is wanted."""

    def draw(self, rng: np.random.Generator, count: int, size: int) -> Examples:
        kinds = [ShapeKind(rng) for _ in range(int(rng.integers(1, 5)))]
        background, grain = rng.random(), rng.uniform(2, size / 2)
        unevenness = rng.uniform(0, 0.3)
        fixed_places = rng.random() < 0.4
        places = rng.uniform(0.15, 0.85, (len(kinds), 6, 2))
        images, labels = [], []
        for _ in range(count):
            image = (background + unevenness * smooth_noise(rng, size, grain)).astype(np.float32)
            label = np.zeros((size, size), np.float32)
            for i in rng.permutation(len(kinds)):
                kind = kinds[i]
                for k in range(int(rng.integers(1, kind.most + 1))):
                    place = places[i, k % 6] + rng.normal(0, 0.04, 2) if fixed_places else rng.uniform(0.05, 0.95, 2)
                    shape = kind.drawn(rng, size, place)
                    level = kind.level + rng.normal(0, 0.03)
                    surface = level + kind.roughness * smooth_noise(rng, size, kind.grain)
                    image = image * (1 - shape) + shape * surface
                    label = np.maximum(label, shape) if i == 0 else label * (1 - shape)
            images.append(finished(rng, image))
            labels.append(label >= 0.5)
        return Examples(np.stack(images), np.stack(labels).astype(np.float32))


class ShapeKind:
    """One kind of shape: outline, size, filling. `drawn` gives another instance of it each time."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.family = str(rng.choice(["blob", "ellipse", "polygon", "ring", "curve"]))
        self.radius = float(np.exp(rng.uniform(np.log(0.04), np.log(0.28))))
        self.most = int(rng.integers(1, 2 if self.radius > 0.15 else 7))
        self.level, self.roughness = float(rng.random()), float(rng.uniform(0, 0.15))
        self.grain = float(rng.uniform(4, 40))
        self.harmonics = rng.normal(0, 1, (2, 4)) * 0.25 / np.arange(1, 5)
        self.corners = int(rng.integers(3, 7))
        self.elongation = float(rng.uniform(1, 2.5))
        self.thickness = float(rng.uniform(0.15, 0.5))

    def drawn(self, rng: np.random.Generator, size: int, place: np.ndarray) -> np.ndarray:
        """Return (size, size) float32 in 0..1: how much of each pixel the instance covers."""
        radius = self.radius * size * np.exp(rng.normal(0, 0.15))
        turn = rng.uniform(0, 2 * np.pi)
        canvas = np.zeros((size, size), np.uint8)
        points = self._outline(rng) * radius * np.array([self.elongation**0.5, self.elongation**-0.5])
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        fixed = np.round((points @ rotation.T + place * size) * 16).astype(np.int32)[None]
        width = max(1, round(self.thickness * radius))
        if self.family == "curve":
            cv2.polylines(canvas, fixed, False, 255, max(1, width // 2), cv2.LINE_AA, shift=4)
        elif self.family == "ring":
            cv2.polylines(canvas, fixed, True, 255, width, cv2.LINE_AA, shift=4)
        else:
            cv2.fillPoly(canvas, fixed, 255, cv2.LINE_AA, shift=4)
        return canvas.astype(np.float32) / 255

    def _outline(self, rng: np.random.Generator) -> np.ndarray:
        """(N, 2) about the origin, of radius about 1."""
        if self.family == "curve":
            steps = np.cumsum(rng.normal(0, 0.35, 24))
            path = np.cumsum(np.stack([np.cos(steps), np.sin(steps)], axis=1), axis=0) / 8
            return path - path.mean(axis=0)
        if self.family == "polygon":
            angles = np.arange(self.corners) * 2 * np.pi / self.corners
        else:
            angles = np.arange(48) * 2 * np.pi / 48
        radius = np.ones(len(angles))
        if self.family in ("blob", "ring"):
            harmonics = self.harmonics + rng.normal(0, 0.03, (2, 4))
            for n in range(4):
                radius += harmonics[0, n] * np.cos((n + 1) * angles) + harmonics[1, n] * np.sin((n + 1) * angles)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.maximum(radius, 0.3)[:, None]


class PseudoLabels:
    """A region of one real image, found by clustering; query and support are deformed copies of that image."""

    def __init__(self, tasks: Sequence[RecordedTask]) -> None:
        self.tasks = list(tasks)

    def draw(self, rng: np.random.Generator, count: int, size: int) -> Examples:
        task = self.tasks[rng.integers(len(self.tasks))]
        image = resized(task.images[rng.integers(len(task.images))].astype(np.float32) / 255, size)
        label = image_region(rng, image)
        images, labels = [], []
        for _ in range(count):
            at = affine_map(size, rng.normal(0, 20), np.exp(rng.normal(0, 0.15)), tuple(rng.normal(0, 0.08, 2)))
            at = at + elastic(rng, size, rng.uniform(0.02, 0.1), rng.uniform(2, 6))
            images.append(finished(rng, warped(image, at)))
            labels.append(warped(label, at) >= 0.5)
        return Examples(np.stack(images), np.stack(labels).astype(np.float32))


def region_map(rng: np.random.Generator, size: int, regions: int) -> np.ndarray:
    """Return (size, size) uint8 of labels below `regions`: where which of several smooth fields is the highest."""
    cells = rng.uniform(2, 9)
    fields = [smooth_noise(rng, size, cells) + 0.3 * smooth_noise(rng, size, 3 * cells) for _ in range(regions)]
    return np.argmax(fields, axis=0).astype(np.uint8)


def image_region(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Return a connected region of an image (H, W), float32 0 or 1, of similar intensity."""
    smoothed = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 3.0))
    size = len(image)
    best = np.zeros_like(image)
    for _ in range(TRIES):
        seed = smoothed[rng.integers(size), rng.integers(size)]
        near = (np.abs(smoothed - seed) < rng.uniform(0.04, 0.2)).astype(np.uint8)
        count, components = cv2.connectedComponents(near)
        region = (components == int(rng.integers(1, max(2, count)))).astype(np.float32)
        if LEAST_SHARE < region.mean() < 0.6:
            return region
        best = near.astype(np.float32) if not best.any() else best
    return best


def finished(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Add blur, uneven gain and noise, then spread over 0..1, as every image that the network sees."""
    size = len(image)
    if rng.random() < 0.6:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, max(0.4, size / 80)))
    if rng.random() < 0.5:
        image = image * (1 + rng.uniform(0, 0.4) * smooth_noise(rng, size, 2))
    if rng.random() < 0.7:
        image = image + rng.normal(0, rng.uniform(0.005, 0.08), image.shape)
    return spread(image)


def spread(image: np.ndarray) -> np.ndarray:
    """Return least to largest over 0..1, float32."""
    low, high = float(image.min()), float(image.max())
    return ((image - low) / max(high - low, 1e-6)).astype(np.float32)


def _wanted(rng: np.random.Generator, base: np.ndarray, regions: int) -> np.ndarray:
    """The labels that count as foreground: one, sometimes several, that aren't too small."""
    shares = np.bincount(base.ravel(), minlength=regions) / base.size
    large = np.flatnonzero(shares > LEAST_SHARE)
    return rng.choice(large, size=min(len(large), 1 + int(rng.random() < 0.25)), replace=False)
