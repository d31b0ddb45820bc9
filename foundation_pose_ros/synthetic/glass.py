"""Glass in pictures: what it lets through, and what depth cameras make of it."""

import numpy as np

from ..arrays import Depth
from ..object_model.model import ObjectModel
from ..srgb import decode_srgb
from .sensor import smooth_noise

# Of light that goes through, both walls take so much; and so much more what is not clear of its colour.
_LET_THROUGH, _STAINED = 0.88, 0.6
# Depth cameras see what is behind in some patches of this size, and nothing in the others.
_PATCH_PX = 6.0


def let_through(albedo: np.ndarray) -> np.ndarray:
    """Return the share (..., 3) of light that goes through glass of a linear colour (..., 3)."""
    return np.asarray(_LET_THROUGH * (1 - _STAINED + _STAINED * albedo), np.float32)


def mean_let_through(model: ObjectModel) -> np.ndarray:
    """Return the share (3,) of light that goes through a body of glass in its mean colour."""
    if model.appearance is None:
        return let_through(np.ones(3))
    faces = np.arange(len(model.faces))
    rgb = model.appearance.sample(faces, np.full((len(faces), 2), 1 / 3), model.diameter_m / 10)
    return let_through(decode_srgb(rgb).mean(axis=0))


def seen_through(depth_m: Depth, behind_m: Depth, rng: np.random.Generator) -> Depth:
    """Return depth (H, W) as light that a depth camera needs comes back: where there is glass, from behind, or not.

    behind_m (H, W): what is behind glass, depth_m elsewhere.
    """
    glass = depth_m != behind_m
    if not glass.any():
        return depth_m
    comes_back = smooth_noise(depth_m.shape, _PATCH_PX, rng) > 0
    return np.where(glass, np.where(comes_back, behind_m, np.float32(0)), depth_m)
