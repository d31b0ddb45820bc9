"""Learning-free selection: depth and outline agree, colours correlate, nothing seen contradicts."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..arrays import Poses
from ..object_model.model import ObjectModel
from ..observation.observation import Observation
from ..rendering import Renderer, Rendering
from .colour import ColourComparison
from .contest import support, telling, votes
from .depth_agreement import (
    NEVER_SEEN_M,
    MaskPixels,
    ObservedPixels,
    agreement,
    border,
    masked_agreement,
    steepness,
    tolerance,
)
from .region import region_agreement
from .scorer import Evidence

# This share of the crop beyond an outline, depth leaves the surface where it is so many tolerances from where that
# would be.
_REACH_SHARE, _STEP = 0.045, 3.0
# An outline that colours don't tell of is as good as one of which they say as much for as against.
_UNKNOWN_REGION = 0.5
# Depth agrees within so many standard deviations of the noise that is seen in it, where that is more than was expected.
# Poses that are compared differ by less than one pixel's noise, and many pixels tell them apart.
_NOISE_AGREEING, _NOISE_COMPARED, _MOST_NOISE_SHARE = 2.0, 1.0, 0.08
# Depth this near, as a share of itself and at least, is that of one surface.
_SAME_SURFACE_SHARE, _SAME_SURFACE_M = 0.01, 0.004


@dataclass(frozen=True)
class SelectionSettings:
    """What agrees, and what colours say beside it.

    A depth agrees within the largest of the three tolerances, or twice the noise that is seen in it, which counts up to
    a share of the diameter.

    tolerance_share: of the diameter.
    tolerance_m: floor of the sensor's noise, m.
    tolerance_per_m2: noise that grows with the square of the distance, 1/m.
    colour_weight: of the correlation of colours beside the agreement in depth, 0..1.
    visible_weight: of the visible share beside both where no mask says what is hidden, 0..1: of two poses that agree
        equally well, the one that has to assume less in front of it is the likelier.
    region_weight: of how well the outline separates learned colours, beside them, 0..1.
    """

    tolerance_share: float = 0.015
    tolerance_m: float = 0.002
    tolerance_per_m2: float = 0.002
    colour_weight: float = 0.5
    visible_weight: float = 0.2
    region_weight: float = 0.3


class GeometricScorer:
    """Depth agreement over the union of mask and rendering; what hides the object counts neither for nor against.

    Nor does what the model never saw of itself; where it knows its surface less well, depth may differ more.
    """

    def __init__(self, model: ObjectModel, renderer: Renderer, settings: SelectionSettings | None = None) -> None:
        """Bind the comparison to an object and to what renders it."""
        self._renderer = renderer
        self._diameter_m = model.diameter_m
        self._colour = model.has_colour
        self._settings = settings or SelectionSettings()

    def score(self, observation: Observation, T_cam_obj: Poses) -> Evidence:
        """Weigh what speaks for poses as a `Scorer` does."""
        return self.score_with_depth(observation, T_cam_obj)[0]

    def score_with_depth(self, observation: Observation, T_cam_obj: Poses) -> tuple[Evidence, np.ndarray]:
        """Weigh poses (B, 4, 4), and return the depth (B, n, n) of the object at them as well."""
        rendering = self._rendered(observation, T_cam_obj)
        return self._compared(observation, rendering), rendering.depth_m

    def score_apart(self, observation: Observation, T_cam_obj: Poses) -> Evidence:
        """Weigh poses (B, 4, 4) that show nearly the same surface by what sets them apart as well.

        To their rank comes what sets each rendering apart from their mean beside what sets the picture apart from it:
        bands and plain parts that all share say nothing, however much of the surface they are.
        """
        rendering = self._rendered(observation, T_cam_obj)
        evidence = self._compared(observation, rendering)
        if rendering.rgb is None:
            return evidence
        shape = (observation.size, observation.size)
        off_m = np.abs(rendering.depth_m - observation.depth_m.reshape(shape))
        near_m = np.maximum(_SAME_SURFACE_SHARE * rendering.depth_m, _SAME_SURFACE_M)
        same = ((rendering.depth_m > 0) & (off_m < near_m)).astype(np.float32)
        return replace(evidence, rank=evidence.rank + self._colours(observation).distinguishable(rendering.rgb, same))

    def contest(self, observation: Observation, T_cam_obj: Poses, looseness: float = 1.0) -> np.ndarray:
        """Return (B - 1,): by how much more speaks for the first of poses (B, 4, 4) than for each, where they differ.

        Votes of depth in -1..1, and of colours that set the renderings apart, all compared at once: what many have in
        common is best told from what sets one apart. looseness: factor of depth's tolerance.
        """
        votes_of, rendering, agrees = self._voted(observation, T_cam_obj, looseness)
        if rendering.rgb is None:
            return votes_of
        apart = self._colours(observation).distinguishable(rendering.rgb, agrees)
        return votes_of + apart[0] - apart[1:]

    def duels(self, observation: Observation, T_cam_obj: Poses) -> np.ndarray:
        """Return (B - 1,): what a contest of the first of poses (B, 4, 4) with each by itself says.

        Over all pixels that both explain, whatever else is compared: how sure the first is beside that one.
        """
        votes_of, rendering, agrees = self._voted(observation, T_cam_obj, 1.0)
        if rendering.rgb is None:
            return votes_of
        return votes_of + self._colours(observation).preferred(rendering.rgb, agrees)

    def _voted(
        self, observation: Observation, T_cam_obj: Poses, looseness: float
    ) -> tuple[np.ndarray, Rendering, np.ndarray]:
        """Return votes of depth (B - 1,) for the first pose, the renderings, and where depth agrees with them."""
        rendering = self._rendered(observation, T_cam_obj)
        pixels, sigma_m = self._pixels(observation, _NOISE_COMPARED), rendering.sigma_m
        tolerance_m = looseness * pixels.tolerance_m
        rendered_m = rendering.depth_m.reshape(len(T_cam_obj), -1)
        if sigma_m is not None:
            sigma_m = sigma_m.reshape(rendered_m.shape)
            tolerance_m = np.hypot(tolerance_m, np.minimum(sigma_m, NEVER_SEEN_M))
        supports = support(pixels, observation.mask, observation.allowed, rendered_m, tolerance_m)
        if sigma_m is not None:
            supports = np.where((rendered_m > 0) & (sigma_m >= NEVER_SEEN_M), 0.0, supports)
        agrees = np.maximum(supports, 0).astype(np.float32).reshape(-1, observation.size, observation.size)
        return votes(supports, telling(pixels, rendered_m, tolerance_m)), rendering, agrees

    def _colours(self, observation: Observation) -> ColourComparison:
        return ColourComparison(observation.rgb.reshape(observation.size, observation.size, 3))

    def _rendered(self, observation: Observation, T_cam_obj: Poses) -> Rendering:
        return self._renderer.render(T_cam_obj, observation.K, (observation.size,) * 2, colour=self._colour)

    def _compared(self, observation: Observation, rendering: Rendering) -> Evidence:
        batch, size = len(rendering.depth_m), observation.size
        rendered_m = rendering.depth_m.reshape(batch, -1)  # (B, N)
        pixels = self._pixels(observation, _NOISE_AGREEING)
        limit_m, sigma_m = pixels.tolerance_m[None], np.empty((0, 0), np.float32)
        if rendering.sigma_m is not None:
            sigma_m = np.minimum(rendering.sigma_m.reshape(batch, -1), NEVER_SEEN_M)
            limit_m = np.hypot(pixels.tolerance_m, np.where(sigma_m < NEVER_SEEN_M, sigma_m, 0))
        agrees = np.empty_like(rendered_m)
        outline, unmasked = np.ones(batch), observation.mask is None
        if observation.mask is None:
            agreed, inliers, visible = agreement(pixels, rendered_m, sigma_m, agrees)
        else:
            mask = _mask_pixels(observation, observation.mask)
            agreed, inliers, visible, outline = masked_agreement(pixels, mask, rendered_m, sigma_m, agrees)
        colour = expected = np.zeros(batch)
        agrees = agrees.reshape(batch, size, size)
        if rendering.rgb is not None:
            colour, expected = self._colours(observation).correlation(rendering.rgb, agrees)
        region, foreground = region_agreement(observation, rendered_m), observation.foreground
        settings = self._settings
        return Evidence(
            rank=agreed
            + settings.colour_weight * colour
            + unmasked * settings.visible_weight * visible
            + settings.region_weight * np.where(np.isnan(region), _UNKNOWN_REGION, region),
            agreement=agreed,
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
            region=region,
            region_expected=np.full(batch, np.nan if foreground is None else foreground.agreement),
        )

    def _pixels(self, observation: Observation, noise_factor: float) -> ObservedPixels:
        settings, depth_m = self._settings, observation.depth_m
        least_m = settings.tolerance_share * self._diameter_m
        noisy_per_m2 = noise_factor * observation.noise_per_m2
        return ObservedPixels(
            depth_m,
            tolerance(
                depth_m,
                (settings.tolerance_m, settings.tolerance_per_m2),
                (noisy_per_m2, _MOST_NOISE_SHARE * self._diameter_m),
                least_m,
            ),
            steepness(observation.normals, observation.rays),
            observation.in_image,
        )


def _mask_pixels(observation: Observation, inside: np.ndarray) -> MaskPixels:
    """Mark pixels surely inside and surely outside: masks are uncertain by a pixel of the grid."""
    shape, kernel = (observation.size, observation.size), np.ones((3, 3), np.uint8)
    allowed = inside if observation.allowed is None else observation.allowed
    core = cv2.erode(inside.reshape(shape).astype(np.uint8), kernel, borderValue=0).ravel().astype(bool)
    reached = cv2.dilate(allowed.reshape(shape).astype(np.uint8), kernel).ravel().astype(bool)
    return MaskPixels(inside, allowed & ~inside, core, ~reached, observation.surroundings_m)
