"""What views say along their pixels' rays, in the field's box: where a surface is, what is empty, and colour."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from ..fusion.tsdf_fusion import extent
from ..fusion.view_depth import DepthView
from ..reference_view import ReferenceView

# Pixels that are trusted less than this show glancing faces and borders.
_LEAST_WEIGHT = 0.15


@dataclass(frozen=True)
class FieldBounds:
    """The cube in the object's frame that a field fills; diameter_m: of the object in it, corner to corner.

    reaches_m: nearest and farthest depth of the object in each of the views.
    """

    centre_m: np.ndarray
    half_m: float
    diameter_m: float
    reaches_m: tuple[tuple[float, float], ...]

    @classmethod
    def around(cls, views: Sequence[ReferenceView]) -> "FieldBounds":
        """Enclose what the views' masks agree on; raises InputRefused where that is next to nothing."""
        low_m, high_m, reaches_m = extent(views)
        return cls(
            (low_m + high_m) / 2,
            float((high_m - low_m).max()) / 2,
            float(np.linalg.norm(high_m - low_m)),
            (*reaches_m,),
        )


@dataclass(frozen=True)
class Rays:
    """Rays of all views: N on the object, M beside it. Points are `origin[view] + t * direction`, t metres of depth.

    origin (V, 3); view (N,) and direction (N, 3); depth_m (N,); fall (N,): change of the signed distance along the
    ray, in the box's unit per metre of depth; colour (N, 3) in 0..1. empty_view (M,), empty_direction (M, 3),
    free_m (M,): how far the ray is known to be free.
    """

    origin: Tensor
    view: Tensor
    direction: Tensor
    depth_m: Tensor
    fall: Tensor
    colour: Tensor
    empty_view: Tensor
    empty_direction: Tensor
    free_m: Tensor

    def to(self, device: str) -> "Rays":
        return Rays(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


def rays_of(views: Sequence[ReferenceView], box: FieldBounds, band_m: float) -> Rays:
    """Return all pixels whose rays meet the box; band_m: how far around a surface its distance is asked for."""
    parts = [_rays_of(view, index, box, band_m) for index, view in enumerate(views)]
    origin = [torch.from_numpy(((view.centre_obj - box.centre_m) / box.half_m).astype(np.float32)) for view in views]
    return Rays(torch.stack(origin), *(torch.cat(column) for column in zip(*parts, strict=True)))


def _rays_of(view: ReferenceView, index: int, box: FieldBounds, band_m: float) -> tuple[Tensor, ...]:
    """A view's share of `Rays`, in the order of its fields after the first."""
    height, width = view.mask.shape
    rays_cam = view.frame.camera.rays(np.arange(width)[None, :], np.arange(height)[:, None])  # (H, W, 3)
    direction = (rays_cam @ view.pose[:3, :3] / np.float32(box.half_m)).astype(np.float32)
    seen = DepthView.of(view, box.reaches_m[index], band_m)
    surface = seen.weight > _LEAST_WEIGHT
    fall = -seen.cosine[surface] * np.linalg.norm(direction[surface], axis=1)

    origin = torch.from_numpy(((view.centre_obj - box.centre_m) / box.half_m).astype(np.float32))
    near, far = (depth.numpy() for depth in through_box(origin, torch.from_numpy(direction)))
    beside = ~view.mask & (far > near) & (seen.free_m > near)
    columns = (
        np.full(int(surface.sum()), index),
        direction[surface],
        seen.depth_m[surface],
        fall.astype(np.float32),
        view.frame.rgb[surface].astype(np.float32) / 255,
        np.full(int(beside.sum()), index),
        direction[beside],
        seen.free_m[beside],
    )
    return tuple(torch.from_numpy(np.ascontiguousarray(column)) for column in columns)


def through_box(origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Return depths (...) at which rays from origin (..., 3) along direction (..., 3) enter and leave, from 0 on."""
    direction = torch.where(direction.abs() < 1e-9, torch.full_like(direction, 1e-9), direction)
    at_low, at_high = (-1 - origin) / direction, (1 - origin) / direction
    near = torch.minimum(at_low, at_high).amax(dim=-1).clamp(min=0)
    return near, torch.maximum(at_low, at_high).amin(dim=-1)
