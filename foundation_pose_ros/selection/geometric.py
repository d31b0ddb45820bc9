"""Learning-free selection: depth and outline agree, colours correlate, nothing seen contradicts."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..observation.observation import Observation
from ..rendering import Renderer, Rendering
from .colour import ColourComparison
from .depth_agreement import NEVER_SEEN_M, border, judged
from .scorer import Evidence

# This share of the crop beyond an outline, depth leaves the surface where it is so many tolerances from where that
# would be.
_REACH_SHARE, _STEP = 0.045, 3.0


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
        """As of a `Scorer`."""
        return self.judged(observation, self.rendered(renderer, observation, T_cam_obj))

    def rendered(self, renderer: Renderer, observation: Observation, T_cam_obj: np.ndarray) -> Rendering:
        """Poses (B, 4, 4) as `judged` wants them."""
        return renderer.render(T_cam_obj, observation.K, (observation.size,) * 2, colour=self._colour)

    def judged(self, observation: Observation, rendering: Rendering) -> Evidence:
        """What speaks for the poses of a rendering."""
        batch, size = len(rendering.depth_m), observation.size
        rendered_m = rendering.depth_m.reshape(batch, -1)  # (B, N)
        tolerance_m = self.tolerance_m(observation)  # (N,)
        limit_m, sigma_m = tolerance_m[None], np.empty((0, 0), np.float32)
        if rendering.sigma_m is not None:
            sigma_m = np.minimum(rendering.sigma_m.reshape(batch, -1), NEVER_SEEN_M)
            limit_m = np.hypot(tolerance_m, np.where(sigma_m < NEVER_SEEN_M, sigma_m, 0))
        agrees = np.empty_like(rendered_m)
        agreement, inliers, visible, outline = judged(
            observation.depth_m,
            observation.surroundings_m,
            observation.normals,
            observation.rays,
            observation.in_image,
            *_marked(observation.mask, size),
            tolerance_m,
            rendered_m,
            sigma_m,
            agrees,
        )
        colour = expected = np.zeros(batch)
        agrees = agrees.reshape(batch, size, size)
        if rendering.rgb is not None:
            comparison = ColourComparison(observation.rgb.reshape(size, size, 3))
            colour, expected = comparison.correlation(rendering.rgb, agrees)
        return Evidence(
            rank=agreement + self._settings.colour_weight * colour,
            agreement=agreement,
            inliers=inliers,
            visible=visible,
            outline=outline,
            colour=colour,
            colour_expected=expected,
            border=border(
                rendering.depth_m,
                observation.depth_m.reshape(size, size),
                agrees,
                (np.float32(_STEP) * limit_m).reshape(-1, size, size),
                max(1, round(_REACH_SHARE * size)),
            ),
        )

    def tolerance_m(self, observation: Observation) -> np.ndarray:
        """(N,) float32: one standard deviation of depth that still agrees."""
        settings = self._settings
        noise_m = settings.tolerance_m + settings.tolerance_per_m2 * np.square(observation.depth_m)
        return np.maximum(noise_m, np.float32(settings.tolerance_share * self._diameter_m)).astype(np.float32)


def _marked(mask: np.ndarray | None, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A mask's pixels (N,), and those surely inside and surely outside: masks are uncertain by a pixel of the grid."""
    if mask is None:
        return (np.empty(0, bool),) * 3
    image, kernel = mask.reshape(size, size).astype(np.uint8), np.ones((3, 3), np.uint8)
    core = cv2.erode(image, kernel, borderValue=0)
    return mask, core.ravel().astype(bool), ~cv2.dilate(image, kernel).ravel().astype(bool)


# Depth this near, as a share of itself and at least, is that of one surface.
_AGREES_SHARE, _AGREES_M = 0.01, 0.004


def ranked_turns(
    scorer: GeometricScorer, renderer: Renderer, observation: Observation, T_cam_obj: np.ndarray
) -> np.ndarray:
    """Rank (B,) of poses (B, 4, 4) that show nearly the same surface, higher for better.

    To the scorer's rank comes the correlation of what sets each rendering apart from their mean with what sets the
    picture apart from it: bands and plain parts that all share say nothing, however much of the surface they are.
    """
    rendering = scorer.rendered(renderer, observation, T_cam_obj)
    rank = scorer.judged(observation, rendering).rank
    if rendering.rgb is None:
        return rank
    shape = (observation.size, observation.size)
    off_m = np.abs(rendering.depth_m - observation.depth_m.reshape(shape))
    agrees = (rendering.depth_m > 0) & (off_m < np.maximum(_AGREES_SHARE * rendering.depth_m, _AGREES_M))
    comparison = ColourComparison(observation.rgb.reshape(*shape, 3))
    return rank + comparison.distinguishable(rendering.rgb, agrees.astype(np.float32))
