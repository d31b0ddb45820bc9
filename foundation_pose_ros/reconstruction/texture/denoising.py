"""Pictures without the noise of their sensor: pixels that differ by no more than it are averaged."""

from collections.abc import Sequence

import cv2
import numpy as np

from ...srgb import decode_srgb

# Second differences along both axes: flat or evenly shaded surfaces give none (Immerkaer 1996), to unit variance.
_DIFFERENCES = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
# Of the differences at one brightness the quietest are noise, the others detail: this quantile of a normal variable's
# size is so many of its standard deviations.
_QUIET, _OF_SIGMA = 0.1, 0.1257
_STRIDE_PX = 3
# Levels of brightness, narrower in the dark, as noise changes there most; what fewer pixels show tells nothing.
_LEVELS = np.square(np.linspace(0, 1, 41))
_FEWEST_PIXELS, _LEAST_SIGMA = 300, 1e-4
# Averaged are pixels within a window, by how near they are and by how far they differ: three colours' differences of
# noise alone come to some 3.4 standard deviations.
_WINDOW_PX, _NEAR_PX, _ALIKE_SIGMAS = 7, 3.0, 4.0


def denoised_light(pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the linear light (H, W, 3) float32 of pictures (H, W, 3) uint8 by one sensor, its noise averaged away.

    In the dark noise outweighs what is seen there, and light that is divided out brings it up; detail that stands out
    of it stays (bilateral filter: Tomasi and Manduchi 1998, in values whose noise is everywhere 1).
    """
    linear = [decode_srgb(picture) for picture in pictures]
    light, steps = _in_noise(*_noise(linear))
    denoised = []
    for image in linear:
        even = np.interp(image, light, steps).astype(np.float32)
        even = cv2.bilateralFilter(even, _WINDOW_PX, _ALIKE_SIGMAS, _NEAR_PX)
        denoised.append(np.interp(even, steps, light).astype(np.float32))
    return denoised


def _noise(images: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Levels of linear light, ascending, and the standard deviation of noise at each."""
    every = np.s_[::_STRIDE_PX, ::_STRIDE_PX]
    light = np.concatenate([cv2.blur(image, (5, 5))[every].ravel() for image in images])
    apart = np.concatenate([np.abs(cv2.filter2D(image, -1, _DIFFERENCES))[every].ravel() for image in images])
    of_level = np.digitize(light, _LEVELS)
    count = np.bincount(of_level)
    told = np.flatnonzero(count >= min(_FEWEST_PIXELS, count.max()))
    sigma = [np.quantile(apart[of_level == level], _QUIET) / _OF_SIGMA for level in told]
    mean = [light[of_level == level].mean() for level in told]
    return np.array(mean), np.maximum(sigma, _LEAST_SIGMA)


def _in_noise(levels: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Linear light from 0 to 1, and how many standard deviations of noise each lies above black."""
    light = np.linspace(0, 1, 4096)
    per_light = 1 / np.interp(light, levels, sigma)
    steps = np.r_[0, np.cumsum((per_light[1:] + per_light[:-1]) / 2 * np.diff(light))]
    return light, steps
