"""What a field is asked to fit: depth near surfaces, emptiness before and beside them, slope one, and colour."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .field import ObjectField
from .rays import Rays, through_box
from .settings import FieldSettings

# Free space is held to a part of the truncation alone: beside a slanted face, even points that are far along the ray
# are near the surface.
_FREE_SHARE = 0.5
# Behind a surface depth tells nothing for sure; half as far in as out in front, thin walls keep two sides.
_BEHIND_SHARE = 0.5
# How quickly colour's weight falls with distance from the surface: so many per truncation.
_SHARPNESS = 10.0
_HUBER = 0.1


@dataclass(frozen=True)
class Losses:
    """Each a scalar: near surfaces, in free space, on rays that miss the object, slope (Eikonal), and colour."""

    surface: Tensor
    free: Tensor
    empty: Tensor
    eikonal: Tensor
    colour: Tensor

    def total(self, settings: FieldSettings) -> Tensor:
        return (
            settings.surface_weight * self.surface
            + settings.free_weight * self.free
            + settings.empty_weight * self.empty
            + settings.eikonal_weight * self.eikonal
            + settings.colour_weight * self.colour
        )


class FieldLosses:
    """The losses of Wen et al. (2023, 2024) over random rays.

    Unlike theirs, depth is turned into distance by the cosine that the surface is seen at, so that a slanted face isn't
    asked to be farther away than it is. twists (V, 6), where given, move the views: translation in the box's unit, then
    rotation in radians, both in the object's axes.
    """

    def __init__(self, rays: Rays, truncation_m: float, settings: FieldSettings) -> None:
        self._rays, self._truncation_m, self._settings = rays, truncation_m, settings

    def __call__(
        self, field: ObjectField, picked: Tensor, empty: Tensor, twists: Tensor | None, generator: torch.Generator
    ) -> Losses:
        """picked, empty: indices of rays on the object and beside it."""
        surface, colour, points = self._near(field, picked, twists, generator)
        return Losses(
            surface,
            self._free(field, picked, twists, generator),
            self._empty(field, empty, twists, generator),
            self._eikonal(field, points, generator),
            colour,
        )

    def fit(self, field: ObjectField, picked: Tensor, twists: Tensor | None, generator: torch.Generator) -> float:
        """Tell how far off the field is near surfaces along some rays, in truncations: what early stopping looks at."""
        with torch.no_grad():
            return float(self._near(field, picked, twists, generator)[0])

    def _near(
        self, field: ObjectField, picked: Tensor, twists: Tensor | None, generator: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Losses of distance and colour within the truncation, and the points (N, 3) looked at."""
        rays, settings = self._rays, self._settings
        strata = torch.arange(settings.near, device=picked.device)
        place = (strata + _random((len(picked), settings.near), generator, picked.device)) / settings.near
        offset_m = (place * (1 + _BEHIND_SHARE) - 1) * self._truncation_m  # (R, n), behind is positive
        t = rays.depth_m[picked, None] + offset_m
        points = self._points(rays.view[picked], rays.direction[picked], t, twists)
        distance, features = field(points.view(-1, 3))
        distance = distance.view(t.shape)
        unit = self._truncation_m / field.half_m
        wanted = offset_m * rays.fall[picked, None]
        surface = torch.nn.functional.huber_loss(distance / unit, wanted / unit, delta=_HUBER) / _HUBER

        near = _SHARPNESS * distance.detach() / unit
        weight = torch.sigmoid(near) * torch.sigmoid(-near)
        weight = weight / (weight.sum(dim=1, keepdim=True) + 1e-6)
        towards = torch.nn.functional.normalize(rays.direction[picked], dim=1)
        seen = field.colour(features, towards.repeat_interleave(settings.near, dim=0)).view(*t.shape, 3)
        colour = ((weight[..., None] * seen).sum(dim=1) - rays.colour[picked]).abs().mean()
        return surface, colour, points.detach().view(-1, 3)

    def _free(self, field: ObjectField, picked: Tensor, twists: Tensor | None, generator: torch.Generator) -> Tensor:
        """Between camera and surface nothing is."""
        rays = self._rays
        end = rays.depth_m[picked] - self._truncation_m
        return self._positive(field, rays.view[picked], rays.direction[picked], end, twists, generator)

    def _empty(self, field: ObjectField, picked: Tensor, twists: Tensor | None, generator: torch.Generator) -> Tensor:
        """Beside the object's outline nothing of it is, as far as the ray goes."""
        rays = self._rays
        return self._positive(
            field, rays.empty_view[picked], rays.empty_direction[picked], rays.free_m[picked], twists, generator
        )

    def _positive(
        self,
        field: ObjectField,
        view: Tensor,
        direction: Tensor,
        end_m: Tensor,
        twists: Tensor | None,
        generator: torch.Generator,
    ) -> Tensor:
        near, far = through_box(self._rays.origin[view], direction)
        far = torch.minimum(far, end_m)
        place = _random((len(view), self._settings.free), generator, view.device)
        t = near[:, None] + (far - near).clamp(min=0)[:, None] * place
        distance = field.distance(self._points(view, direction, t, twists).view(-1, 3)).view(t.shape)
        unit = self._truncation_m / field.half_m
        return (torch.relu(_FREE_SHARE - distance / unit) * (far > near)[:, None]).mean()

    def _eikonal(self, field: ObjectField, points: Tensor, generator: torch.Generator) -> Tensor:
        """A distance grows by one per unit of way."""
        count = max(1, int(self._settings.smooth * len(points)))
        some = torch.randint(len(points), (count,), generator=generator).to(points.device)
        slope = field.gradient(points[some], field.cell).norm(dim=1)
        return ((slope - 1) ** 2).mean()

    def _points(self, view: Tensor, direction: Tensor, t: Tensor, twists: Tensor | None) -> Tensor:
        """Points (R, n, 3) at depths t (R, n)."""
        points = self._rays.origin[view, None] + t[..., None] * direction[:, None]
        if twists is None:
            return points
        moved = twists[view, None]
        return points + moved[..., :3] + torch.linalg.cross(moved[..., 3:].expand_as(points), points)


def _random(shape: tuple[int, int], generator: torch.Generator, device: torch.device) -> Tensor:
    # Drawn on the CPU, so that a seed means the same everywhere.
    return torch.rand(shape, generator=generator).to(device)
