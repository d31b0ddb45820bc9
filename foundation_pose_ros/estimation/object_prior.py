"""Size and colours of a model: what things in a frame are compared with before any pose is known."""

import numpy as np

from ..object_model.model import ObjectModel
from .support_planes import least_width_m

# Steps per channel of the histogram of colours, and how many points of the model's surface it is made from.
_COLOUR_STEPS, _COLOUR_POINTS = 6, 2000
# Chromaticities outside this range count as at its end.
_LEAST, _MOST = 0.1, 0.65
# A colour that both have not, or hardly, says nothing.
_RARE = 0.01
# How far light shifts colours: shares of a bin's neighbours that count as its own.
_BLUR = np.array([0.2, 0.6, 0.2])


class SizeColourPrior:
    """Size and colours of a model, to compare things with."""

    def __init__(self, model: ObjectModel) -> None:
        self.diameter_m = model.diameter_m
        self.table_m = least_width_m(model)  # across, of what it may stand on
        self.typical_area_m2 = 0.25 * float(model.face_areas_m2.sum())  # mean silhouette of a convex body (Cauchy)
        self._histogram: np.ndarray | None = None
        if model.appearance is not None:
            _, faces, uv = model.surface_samples(_COLOUR_POINTS)
            self._histogram = _shares(model.appearance.sample(faces, uv, footprint_m=0.003))

    @property
    def has_colour(self) -> bool:
        """Tell whether colours say anything of what may be the object."""
        return self._histogram is not None

    def likeness(self, area_m2: float, rgb: np.ndarray) -> float:
        """Return 0..1: how alike a thing of this area with these colours (N, 3) in 0..1 is."""
        size = float(np.exp(-0.5 * np.square(np.log(max(area_m2, 1e-9) / self.typical_area_m2) / 0.8)))
        if self._histogram is None:
            return size
        # Bhattacharyya's coefficient (1943).
        return size * float(np.sqrt(self._histogram * _shares(rgb)).sum())

    def colour_odds(self, rgb: np.ndarray, among: np.ndarray) -> np.ndarray:
        """Return 0..1 for colours (..., 3) in 0..1: how much likelier they are the object's than those of a scene.

        among (N, 3): colours of the scene. Without colours of the model 0.5. After Swain and Ballard (1991).
        """
        if self._histogram is None:
            return np.full(rgb.shape[:-1], 0.5, np.float32)
        own, scene = _blurred(self._histogram), _blurred(_shares(among))
        odds = (own + 0.5 * _RARE) / (own + scene + _RARE)
        return odds[_bins(rgb)].astype(np.float32)


def _bins(rgb: np.ndarray) -> np.ndarray:
    """Return the bin (...) of chromaticity, which light's strength doesn't change, of colours (..., 3)."""
    total = np.maximum(rgb.sum(axis=-1), 1e-3)
    scale = _COLOUR_STEPS / (_MOST - _LEAST)
    red, green = (((rgb[..., k] / total - _LEAST) * scale).astype(int).clip(0, _COLOUR_STEPS - 1) for k in (0, 1))
    return np.asarray(red * _COLOUR_STEPS + green)


def _shares(rgb: np.ndarray) -> np.ndarray:
    """Return the share (n * n,) of colours (N, 3) in 0..1 in each bin."""
    return np.bincount(_bins(rgb).ravel(), minlength=_COLOUR_STEPS**2) / max(len(rgb), 1)


def _blurred(shares: np.ndarray) -> np.ndarray:
    image = np.pad(shares.reshape(_COLOUR_STEPS, _COLOUR_STEPS), 1, mode="edge")
    rows = sum(w * image[:, k : k + _COLOUR_STEPS] for k, w in enumerate(_BLUR))
    return np.asarray(sum(w * rows[k : k + _COLOUR_STEPS] for k, w in enumerate(_BLUR))).ravel()
