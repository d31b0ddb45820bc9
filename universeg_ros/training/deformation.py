"""Smooth random fields, and the warps of images and label maps that they make."""

import cv2
import numpy as np


def smooth_noise(rng: np.random.Generator, size: int, cells: float) -> np.ndarray:
    """Return (size, size) float32 of about -1..1 that changes over size / cells pixels."""
    count = max(2, round(cells) + 1)
    coarse = rng.standard_normal((count, count), np.float32)
    noise = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    return noise / max(1e-6, float(np.abs(noise).max()))


def affine_map(
    size: int, degrees: float, scale: float, shift: tuple[float, float], shear: float = 0.0, mirrored: bool = False
) -> np.ndarray:
    """Return (2, size, size) float32 pixel coordinates (x, y) to sample at: rotation and scale about the centre.

    shift: in parts of the size.
    """
    angle = np.deg2rad(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = rotation @ np.array([[-1.0 if mirrored else 1.0, shear], [0.0, 1.0]]) / scale
    centre = (size - 1) / 2
    ys, xs = np.mgrid[:size, :size].astype(np.float32)
    offsets = np.stack([xs - centre - shift[0] * size, ys - centre - shift[1] * size])
    return (np.tensordot(matrix.astype(np.float32), offsets, axes=1) + np.float32(centre)).astype(np.float32)


def elastic(rng: np.random.Generator, size: int, strength: float, cells: float) -> np.ndarray:
    """Return (2, size, size) float32 displacement of at most strength * size pixels."""
    return np.stack([smooth_noise(rng, size, cells) for _ in range(2)]) * np.float32(strength * size)


def warped(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return values (H, W) sampled at pixel coordinates (2, H, W), bilinear; mirrored beyond the border."""
    return cv2.remap(values, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def warped_labels(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return a map of labels (H, W), sampled at the nearest pixel."""
    return cv2.remap(values, at[0], at[1], cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101)
