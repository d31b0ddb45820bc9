"""What compact networks are given: a rendering and a picture pixel by pixel, and how both differ. Needs PyTorch."""

from dataclasses import dataclass

import torch
from torch import Tensor

# Of `ComparedPixels.all`.
CHANNELS = 24
# Points are kept in radii; depths that differ by so much differ in full.
_NEAR_RADII, _APART_RADII = 0.15, 0.5
# Where fewer pixels have depth near that of a rendering, light and contrast are those of all that it covers.
_FEW = 16


@dataclass(frozen=True)
class ComparedPixels:
    """Rendered beside observed, (B, c, s, s) each.

    rendered_even, observed_even (c = 3): colours with light and contrast taken off. rendered_known, observed_known (1):
    1 where there are points. near (1): and where both are about as far. all (CHANNELS): these, colours as they are, the
    product of both, points, and how far those of the picture are off.
    """

    rendered_even: Tensor
    observed_even: Tensor
    rendered_known: Tensor
    observed_known: Tensor
    near: Tensor
    all: Tensor


def compared_pixels(rendered: Tensor, observed: Tensor, near_radii: float = _NEAR_RADII) -> ComparedPixels:
    """Compare rendered with observed, (B, 6, s, s) each: colours, and points in radii.

    near_radii: colours are compared where depths differ by less.
    """
    r_rgb, r_xyz, o_rgb, o_xyz = rendered[:, :3], rendered[:, 3:], observed[:, :3], observed[:, 3:]
    r_known, o_known = has_points(rendered), has_points(observed)
    off = (o_xyz - r_xyz) * r_known * o_known
    near = r_known * o_known * (off[:, 2:].abs() < near_radii).to(rendered.dtype)
    alike = torch.where(near.sum(dim=(2, 3), keepdim=True) < _FEW, r_known, near)
    r_even, o_even = _evened(r_rgb, alike) * r_known, _evened(o_rgb, alike)
    together = torch.cat(
        [
            r_rgb - 0.5 * r_known,
            o_rgb - 0.5,
            r_even,
            o_even,
            r_even * o_even * near,
            r_xyz,
            off.clamp(-_APART_RADII, _APART_RADII) * (1 / _NEAR_RADII),
            r_known,
            o_known,
            near,
        ],
        dim=1,
    )
    return ComparedPixels(r_even, o_even, r_known, o_known, near, together)


def has_points(image: Tensor) -> Tensor:
    """Return (B, 1, s, s): 1 where images (B, 6, s, s) have points."""
    return (image[:, 3:].abs().sum(dim=1, keepdim=True) > 0).to(image.dtype)


def _evened(rgb: Tensor, where: Tensor) -> Tensor:
    """Colours (B, 3, s, s) less their mean, over their contrast, both of the pixels (B, 1, s, s) that are marked."""
    count = where.sum(dim=(2, 3), keepdim=True) + 1
    mean = (rgb * where).sum(dim=(2, 3), keepdim=True) / count
    spread = ((rgb - mean).square() * where).sum(dim=(1, 2, 3), keepdim=True) / (3 * count)
    return ((rgb - mean) / (spread + 2.5e-3).sqrt()).clamp(-3, 3)
