"""Learning-free selection: depth and outline agree, colours correlate, nothing seen contradicts."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..observation import Observation
from ..rendering import Renderer
from .colour import ColourComparison
from .scorer import Evidence

# This share of the crop beyond an outline, depth leaves the surface where it is so many tolerances from where that
# would be.
_REACH_SHARE, _STEP = 0.045, 3.0
# Fewer pairs of pixels than this say little of an outline.
_FEWEST_BORDER = 8.0
# Share of what a pose should explain that counts at least, where the model has never seen its own surface.
_LEAST_KNOWN = 0.5


@dataclass(frozen=True)
class SelectionSettings:
    """tolerance_share, tolerance_m, tolerance_per_m2: a depth agrees within the share of the diameter or within what
    the sensor's noise explains (a floor, and a part that grows with the square of the distance), whichever is larger.
    colour_weight: of the correlation of colours beside the agreement in depth.
    """

    tolerance_share: float = 0.015
    tolerance_m: float = 0.002
    tolerance_per_m2: float = 0.002
    colour_weight: float = 0.5


class GeometricScorer:
    """Depth agreement over the union of mask and rendering; what hides the object counts neither for nor against.

    Nor does what the model never saw of itself; where it knows its surface less well, depth may differ more.
    """

    def __init__(self, diameter_m: float, colour: bool, settings: SelectionSettings | None = None) -> None:
        self._diameter_m = diameter_m
        self._colour = colour
        self._settings = settings or SelectionSettings()

    def score(self, renderer: Renderer, observation: Observation, T_cam_obj: np.ndarray) -> Evidence:
        batch, size = len(T_cam_obj), observation.size
        rendering = renderer.render(T_cam_obj, observation.K, (size, size), colour=self._colour)
        rendered_m = rendering.depth_m.reshape(batch, -1)  # (B, N)
        hit = rendered_m > 0
        seen = observation.depth_m > 0  # (N,)
        behind_m = observation.depth_m - rendered_m  # observed behind rendered where positive
        tolerance_m = self.tolerance_m(observation)
        unknown = np.zeros_like(hit)
        if rendering.sigma_m is not None:
            sigma_m = rendering.sigma_m.reshape(batch, -1)
            unknown = np.isinf(sigma_m)
            tolerance_m = np.hypot(tolerance_m, np.where(unknown, 0, sigma_m))  # (B, N)
        # Along the surface's normal: at a glancing angle a small shift is a large step in depth.
        off_m = behind_m * _steepness(observation)
        agrees = np.exp(np.square(off_m / tolerance_m) * np.float32(-0.5)) * (hit & seen & ~unknown)  # (B, N)
        covers_m = rendered_m - np.maximum(4 * tolerance_m, 0.01)  # what is nearer than this hides the object

        if observation.mask is None:
            # What lies beyond the image's border is as hidden as what something stands before.
            hidden = hit & ((seen & (observation.depth_m < covers_m)) | ~observation.in_image)
            asked = (hit & seen & ~hidden).astype(np.float32)
            outline = np.ones(batch)
        else:
            mask = observation.mask
            core, surroundings = _core_and_surroundings(mask, size)
            hidden = hit & ~mask & ((observation.surroundings_m < covers_m) | ~observation.in_image | unknown)
            agrees = agrees * mask
            # Without depth only the outline speaks, half as loud; next to the mask's border nothing speaks against.
            loudness = np.where(seen, np.float32(1), np.float32(0.5))
            asked = ((core & ~(hit & ~seen)) | (hit & surroundings & ~hidden)) * loudness
            asked = np.maximum(asked, agrees)
            both = (hit & mask).sum(axis=1)
            either = ((hit & ~hidden) | mask).sum(axis=1)
            outline = both / np.maximum(either, 1)
        # A pose that shows the side that the model never saw must not rest on a sliver of the rest.
        total = np.maximum((asked * ~unknown).sum(axis=1), _LEAST_KNOWN * asked.sum(axis=1))
        surface = np.maximum((hit & seen & ~hidden & ~unknown).sum(axis=1), 1)
        agreement = agrees.sum(axis=1) / np.maximum(total, 1)
        colour = expected = np.zeros(batch)
        if rendering.rgb is not None:
            comparison = ColourComparison(observation.rgb.reshape(size, size, 3))
            colour, expected = comparison.correlation(rendering.rgb, agrees.reshape(batch, size, size))
        return Evidence(
            rank=agreement + self._settings.colour_weight * colour,
            agreement=agreement,
            inliers=agrees.sum(axis=1) / surface,
            visible=1 - hidden.sum(axis=1) / np.maximum(hit.sum(axis=1), 1),
            outline=outline,
            colour=colour,
            colour_expected=expected,
            border=_border(rendering.depth_m, observation, agrees, tolerance_m),
        )

    def tolerance_m(self, observation: Observation) -> np.ndarray:
        """(N,) float32: one standard deviation of depth that still agrees."""
        settings = self._settings
        noise_m = settings.tolerance_m + settings.tolerance_per_m2 * np.square(observation.depth_m)
        return np.maximum(noise_m, np.float32(settings.tolerance_share * self._diameter_m)).astype(np.float32)


def _steepness(observation: Observation) -> np.ndarray:
    """(N,) cosine between ray and observed normal, 1 where no normal is known."""
    cosine = np.abs(np.einsum("ni,ni->n", observation.normals, observation.rays))
    return np.where(cosine > 0, np.clip(cosine, 0.2, 1.0), 1.0).astype(np.float32)


def _border(
    rendered_m: np.ndarray, observation: Observation, agrees: np.ndarray, tolerance_m: np.ndarray
) -> np.ndarray:
    """(B,): beside what share of the outline of rendered_m (B, n, n) the observed depth leaves the surface.

    Where the object ends, what is seen a few pixels further on doesn't lie where its surface would go on to, even
    where it touches a neighbour. Where a pose lies in a table top whose depth agrees with it, it does.
    """
    batch, size, _ = rendered_m.shape
    reach = max(1, round(_REACH_SHARE * size))
    observed_m = np.broadcast_to(observation.depth_m.reshape(size, size), rendered_m.shape)
    limit_m = np.broadcast_to((_STEP * tolerance_m).reshape(-1, size, size), rendered_m.shape)
    agrees = agrees.reshape(rendered_m.shape)
    away, total = np.full(batch, _FEWEST_BORDER / 2), np.full(batch, _FEWEST_BORDER)
    for axis in (1, 2):
        for step in (1, -1):
            # Outwards along the last axis: from inside the outline, past its last pixel, to what is beyond.
            rendered, observed, limit, trust = (
                np.moveaxis(image, axis, 2)[..., ::step] for image in (rendered_m, observed_m, limit_m, agrees)
            )
            inside, last, beyond = (np.s_[..., k : size - 2 * reach + k] for k in (0, reach, 2 * reach))
            after = np.s_[..., reach + 1 : size - reach + 1]
            ends = (rendered[inside] > 0) & (rendered[last] > 0) & (rendered[after] == 0) & (rendered[beyond] == 0)
            weight = trust[inside] * (ends & (observed[beyond] > 0))
            expected = 2 * rendered[last] - rendered[inside]
            away += (weight * (np.abs(observed[beyond] - expected) > limit[inside])).sum(axis=(1, 2))
            total += weight.sum(axis=(1, 2))
    return away / total


def _core_and_surroundings(mask: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (N,) surely inside and surely outside: masks are uncertain by a pixel of the grid."""
    image, kernel = mask.reshape(size, size).astype(np.uint8), np.ones((3, 3), np.uint8)
    core = cv2.erode(image, kernel, borderValue=0)
    return core.ravel().astype(bool), ~cv2.dilate(image, kernel).ravel().astype(bool)
