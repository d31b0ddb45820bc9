"""From what a network says of pieces of a surface to the rigid step that fits them all. Needs PyTorch.

A piece is where a cell of a coarse grid is surface in a rendering. Two things are said of it: by how much it has to
move and how sure that is in each direction; and how far the depth that was measured at its pixels is to be believed, as
a point-to-plane residual (Chen and Medioni 1992). The step is that of weighted least squares over both.

Everything is in a crop's frame: camera axes about its centre, in radii of the object.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from .compared_pixels import has_points

# Pixels of a cell's side.
CELL = 4
# A cell says: its motion (3), logarithms of how sure it is along three axes (3), how those lean (3), and that of how
# sure its depth is.
SAID = 10
# How sure a motion and depth are where a network says 0, per radius, and at most so many powers of e from there.
_MOTION_SURE, _DEPTH_SURE, _SURER = 1.0, 10.0, 4.0
# Depth that is off by more is of something else; surface whose neighbours are as far is a rim.
_SAME_RADII, _RIM_RADII = 0.5, 0.15
# What is known beforehand of a step, per square radius and square radian: so that nothing seen means no step.
_PRIOR = 1.0
_LEAST_ANGLE_SQUARED = 1e-6


@dataclass(frozen=True)
class SurfaceMotion:
    """What is said of N cells of B renderings.

    points (B, N, 3): middle of the surface in each cell; share (B, N): how much of it is surface. motion (B, N, 3): of
    the points. sure (B, N, 3, 3): upper triangular, residuals in standard deviations are sure @ (motion - step).
    log_sure (B, N): logarithm of its determinant. depth: what depth says beside it.
    """

    points: Tensor
    share: Tensor
    motion: Tensor
    sure: Tensor
    log_sure: Tensor
    depth: "DepthMotion"

    @classmethod
    def said_of(cls, rendered: Tensor, observed: Tensor, said: Tensor) -> "SurfaceMotion":
        """Read what a network says (B, SAID, h, w) of renderings and pictures (B, 6, CELL h, CELL w)."""
        motion, log, lean, depth = _rows(said.float()).split((3, 3, 3, 1), dim=2)
        points, share = cell_means(rendered[:, 3:], has_points(rendered))
        log = log.clamp(-_SURER, _SURER)
        (a, b, c), (d, e, f) = (log.exp() * _MOTION_SURE).unbind(2), (lean * _MOTION_SURE).unbind(2)
        none = 0 * a  # exports would give zeros a fixed size
        sure = torch.stack([a, d, e, none, b, f, none, none, c], dim=2).unflatten(2, (3, 3))
        by_depth = DepthMotion.measured(rendered, observed, depth.squeeze(2).clamp(-_SURER, _SURER))
        return cls(points, share, motion, sure, log.sum(dim=2), by_depth)

    def equations(self) -> tuple[Tensor, Tensor]:
        """Return information (B, 6, 6) and pull (B, 6) of a twist about the crop's centre: translation, rotation."""
        x, y, z = self.points.unbind(2)
        none = 0 * x
        one = none + 1
        # A point p moves by v + w x p.
        rows = [one, none, none, none, z, -y, none, one, none, -z, none, x, none, none, one, y, -x, none]
        weighed = self.sure * self.share.sqrt()[:, :, None, None]
        turned = (weighed @ torch.stack(rows, dim=2).unflatten(2, (3, 6))).flatten(1, 2)  # (B, 3 N, 6)
        residual = (weighed @ self.motion[..., None]).flatten(1, 2)  # (B, 3 N, 1)
        weight = self.depth.sure * self.depth.share.sqrt()
        turned = torch.cat([turned, self.depth.rows * weight[..., None]], dim=1)
        residual = torch.cat([residual, (self.depth.residual * weight)[..., None]], dim=1)
        across = turned.transpose(1, 2)
        return across @ turned + _PRIOR * torch.eye(6).to(turned), (across @ residual).squeeze(2)

    def unlikely(self, motion: Tensor) -> Tensor:
        """Return how unlikely motions (B, 4, 4) of the object are by what is said (B,), for each cell of surface.

        A logarithm, but for a constant: as of a Gauss curve in the middle, with tails as long as those of exp(-|x|).
        """
        there = motions(self.points, motion)
        off = (self.sure @ (self.motion - there)[..., None]).square().sum(dim=(2, 3))
        aside = self.depth.sure * (self.depth.residual - (self.depth.normals * there).sum(dim=2))
        by_cell = ((1 + off).sqrt() - self.log_sure) * self.share
        by_cell = by_cell + ((1 + aside.square()).sqrt() - self.depth.sure.log()) * self.depth.share
        return by_cell.sum(dim=1) / self.share.sum(dim=1).clamp(min=1)


@dataclass(frozen=True)
class DepthMotion:
    """Point-to-plane residuals of N cells of B renderings.

    normals (B, N, 3): means of the rendered ones. rows (B, N, 6): how far surface moves along those by a twist.
    residual (B, N): how far measured depth lies along them. sure (B, N): one over its standard deviation. share (B, N):
    how much of a cell is surface beside which depth was measured.
    """

    normals: Tensor
    rows: Tensor
    residual: Tensor
    sure: Tensor
    share: Tensor

    @classmethod
    def measured(cls, rendered: Tensor, observed: Tensor, log_sure: Tensor) -> "DepthMotion":
        """Compare renderings and pictures (B, 6, s, s) at the same pixels; log_sure (B, N): see SAID."""
        points, off = rendered[:, 3:], observed[:, 3:] - rendered[:, 3:]
        normals, smooth = _normals(points, has_points(rendered))
        here = smooth * has_points(observed) * (off[:, 2:].abs() < _SAME_RADII).to(off.dtype)
        moments = torch.linalg.cross(points, normals, dim=1)
        along = (normals * off).sum(dim=1, keepdim=True)
        means, share = cell_means(torch.cat([normals, moments, along], dim=1), here)
        return cls(means[..., :3], means[..., :6], means[..., 6], log_sure.exp() * _DEPTH_SURE, share)


def moved(points: Tensor, twist: Tensor) -> Tensor:
    """Move points (B, P, 3) by twists (B, 6) about the origin."""
    v, w = twist[:, None, :3], twist[:, 3:]
    angle = w.square().sum(dim=1).clamp(min=_LEAST_ANGLE_SQUARED).sqrt()[:, None, None]
    across = torch.linalg.cross(w[:, None].expand_as(points), points)
    twice = torch.linalg.cross(w[:, None].expand_as(points), across)
    return points + v + angle.sin() / angle * across + (1 - angle.cos()) / angle.square() * twice


def motions(points: Tensor, motion: Tensor) -> Tensor:
    """Return how far motions (B, 4, 4) move points (B, P, 3)."""
    return points @ motion[:, :3, :3].transpose(1, 2) + motion[:, None, :3, 3] - points


def cell_means(image: Tensor, where: Tensor) -> tuple[Tensor, Tensor]:
    """Return means (B, N, C) of an image (B, C, s, s) over each cell's marked pixels (B, 1, s, s).

    Also give their share (B, N) of the cell.
    """
    share = functional.avg_pool2d(where, CELL)
    means = functional.avg_pool2d(image * where, CELL) / share.clamp(min=1e-6)
    return _rows(means), share.flatten(1)


def _normals(points: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Unit normals (B, 3, s, s) of points, either way round, and where (B, 1, s, s) the surface is smooth enough."""
    to_right, to_below = ((0, 1, 0, 0), (0, 0, 0, 1))
    right = functional.pad(points[:, :, :, 1:] - points[:, :, :, :-1], to_right)
    below = functional.pad(points[:, :, 1:] - points[:, :, :-1], to_below)
    beside = functional.pad(known[:, :, :, 1:], to_right) * functional.pad(known[:, :, 1:], to_below)
    near = (torch.maximum(right.abs(), below.abs()).amax(dim=1, keepdim=True) < _RIM_RADII).to(points.dtype)
    across = torch.linalg.cross(right, below, dim=1)
    return across / across.norm(dim=1, keepdim=True).clamp(min=1e-9), known * beside * near


def _rows(image: Tensor) -> Tensor:
    """(B, C, h, w) -> (B, h w, C)."""
    return image.flatten(2).transpose(1, 2)
