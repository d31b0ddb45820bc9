"""A small refiner of our own: where each piece of a rendered surface is in the picture, and how sure. Needs PyTorch.

Unlike RefineNet it doesn't say a step: that follows from what it says of the pieces (`surface_motion`). So what is
known of rigid motion needn't be learned, and each picture teaches as much as there are pieces.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .compared_pixels import CHANNELS, compared_pixels, has_points
from .convolutions import Residual, convolution
from .surface_motion import CELL, SAID, cell_means

# Channels of the grid of cells, and of one with half as many a side.
WIDTHS = (48, 96)
_SIZE = 64
# Surfaces may be off by this many radii before colours are compared.
_NEAR_RADII = 0.5
# Of each image alone: colours, points, where they are, where both are near.
_EACH = 8
# What is compared of both: so many channels, with cells up to so many away.
_SEEN, _REACH = 24, 3
# Cells without points, of which depth was lost or something far is seen, are chosen less often; those beside the image
# hardly ever.
_UNSEEN, _HARDLY = 0.3, 1e-3
# A cell's side at the object's centre, in radii: crops are 1.35 diameters wide.
_CELL_RADII = 2 * 1.35 * CELL / _SIZE
# Motion towards the camera is that of depth where so much of what is chosen has any, and less where less has.
_ENOUGH = 0.1


class CompactRefineNet(nn.Module):
    """Rendered and observed (B, 6, 64, 64) -> what is said of cells (B, SAID, 16, 16)."""

    near: Tensor

    def __init__(self, widths: tuple[int, int] = WIDTHS) -> None:
        super().__init__()
        fine, coarse = widths
        self.both = _cells(CHANNELS, fine)
        self.each = nn.Sequential(_cells(_EACH, _SEEN), Residual(_SEEN))
        self.register_buffer("near", _neighbours(_SIZE // CELL), persistent=False)
        self.mixed = nn.Sequential(convolution(fine + _SEEN + self.near.shape[1], fine, 1), Residual(fine))
        self.coarser = nn.Sequential(convolution(fine, coarse, 3, stride=2), Residual(coarse), Residual(coarse))
        self.back = convolution(coarse, fine, 1)
        self.last = Residual(fine)
        self.said = nn.Conv2d(fine, SAID, 1)
        # It begins with hardly any motion, hardly sure.
        nn.init.normal_(self.said.weight, std=1e-3)
        assert self.said.bias is not None
        nn.init.zeros_(self.said.bias)

    def forward(self, rendered: Tensor, observed: Tensor) -> Tensor:
        """Say how the surface of each cell of a rendering has to move, for `SurfaceMotion.said_of`."""
        seen = compared_pixels(rendered, observed, _NEAR_RADII)
        one = torch.cat([seen.rendered_even, rendered[:, 3:], seen.rendered_known, seen.near], dim=1)
        other = torch.cat([seen.observed_even, observed[:, 3:], seen.observed_known, seen.near], dim=1)
        each = self.each(torch.cat([one, other]))
        one, other = each[: rendered.shape[0]], each[rendered.shape[0] :]
        alike = _alike(one, other, self.near)
        matched = _matched(rendered, observed, alike, self.near)
        x = self.mixed(torch.cat([self.both(seen.all), alike.transpose(1, 2).unflatten(2, one.shape[2:]), one], dim=1))
        wide = functional.interpolate(self.back(self.coarser(x)), scale_factor=2.0, mode="nearest")
        said = self.said(self.last(x + wide))
        return torch.cat([said[:, :3] + matched, said[:, 3:]], dim=1)


def _cells(channels_in: int, channels: int) -> nn.Sequential:
    """One step from pixels to cells, each of which sees half of its neighbours as well."""
    convolved = nn.Conv2d(channels_in, channels, 2 * CELL, CELL, padding=CELL // 2, bias=False)
    return nn.Sequential(convolved, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


def _neighbours(size: int) -> Tensor:
    """Where each cell's neighbours are (size^2, (2 _REACH + 1)^2), row by row in a grid that is padded by _REACH."""
    wide = size + 2 * _REACH
    at, aside = torch.arange(size), torch.arange(2 * _REACH + 1)
    cell, step = (one[:, None] * wide + one for one in (at, aside))
    return cell.flatten()[:, None] + step.flatten()


def _alike(one: Tensor, other: Tensor, near: Tensor) -> Tensor:
    """How alike cells (B, C, h, w) are to the other image's around the same place: (B, h w, (2 _REACH + 1)^2)."""
    padded = functional.pad(other, [_REACH] * 4).flatten(2)
    alike = (one.flatten(2).transpose(1, 2) * one.shape[1] ** -0.5) @ padded  # (B, h w, padded)
    return alike.gather(2, near[None].expand(one.shape[0], -1, -1))


def _matched(rendered: Tensor, observed: Tensor, alike: Tensor, near: Tensor) -> Tensor:
    """How far cells' points would move (B, 3, h, w) to those of the cells that they are alike to, by a soft choice.

    Across the picture by as many cells, where a cell has no points.
    """
    cells = rendered.shape[3] // CELL
    (here, is_here), (there, is_there) = (cell_means(x[:, 3:], has_points(x)) for x in (rendered, observed))
    with_share = torch.cat([there, is_there[..., None], torch.ones_like(is_there)[..., None]], dim=2)
    padded = functional.pad(with_share.transpose(1, 2).unflatten(2, (cells, cells)), [_REACH] * 4)
    around = padded.flatten(2)[:, :, near]  # (B, 5, h w, neighbours)
    share, inside = around[:, 3], around[:, 4]
    weight = share + _UNSEEN * (inside - share) + _HARDLY
    chosen = torch.softmax(alike + weight.log(), dim=2)
    by_depth = chosen * share
    off = around[:, :3] - here.transpose(1, 2)[..., None]
    across = share[:, None] * off[:, :2] + (1 - share[:, None]) * _aside().to(off)[:, None]
    found = torch.cat(
        [
            (chosen[:, None] * across).sum(dim=3),
            ((by_depth * off[:, 2]).sum(dim=2) / by_depth.sum(dim=2).clamp(min=_ENOUGH))[:, None],
        ],
        dim=1,
    )  # (B, 3, h w)
    return (found * (is_here > 0).to(found.dtype)[:, None]).unflatten(2, (cells, cells))


def _aside() -> Tensor:
    """How far aside each of a cell's neighbours is at the object's centre (2, neighbours), x and y in radii."""
    steps = torch.arange(-_REACH, _REACH + 1) * _CELL_RADII
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()])
