"""Fusion in a volume or a neural field: whichever foretells views better that neither has seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputRefused
from ..object_model.model import ObjectModel
from ..rendering.embree import EmbreeRenderer
from .fusion.tsdf_fusion import fuse
from .reference_view import ReferenceView
from .surface import ReconstructedSurface

SurfaceMaker = Callable[[Sequence[ReferenceView]], ReconstructedSurface]

# One view of so many is kept out.
_HELD_OUT = 4
_FEWEST_VIEWS = 4
# A pixel is off by no more than this share of the object: one that misses it counts as much.
_MOST_OFF = 0.05


@dataclass(frozen=True, eq=False)
class Choice:
    """The better surface, made from all views; error_mm by method's name, on the views kept out; which one it was."""

    surface: ReconstructedSurface
    chosen: str
    error_mm: dict[str, float]


def field_from(views: Sequence[ReferenceView]) -> ReconstructedSurface:
    """Make the surface of a neural field trained on posed views, in the small setting; InputRefused without torch."""
    from .neural_field import field_surface, train_field

    return field_surface(train_field(views))


def better_surface(views: Sequence[ReferenceView], makers: dict[str, SurfaceMaker] | None = None) -> Choice:
    """Make a surface in each way from three quarters of the views, judge it on the rest, and make the best from all.

    makers: by name; fusion and neural field where not given. Raises InputRefused where views are too few to keep any
    out, and what the makers raise.
    """
    makers = makers or {"fusion": fuse, "field": field_from}
    if len(views) < _FEWEST_VIEWS:
        raise InputRefused(
            "too_few_views", f"{len(views)} views: {_FEWEST_VIEWS} are needed to keep one out as the judge"
        )
    kept_out = views[_HELD_OUT // 2 :: _HELD_OUT]
    rest = [view for view in views if not any(view is other for other in kept_out)]
    error_mm = {name: held_out_error_mm(make(rest), kept_out) for name, make in makers.items()}
    chosen = min(error_mm, key=lambda name: error_mm[name])
    return Choice(makers[chosen](views), chosen, error_mm)


def held_out_error_mm(surface: ReconstructedSurface, views: Sequence[ReferenceView]) -> float:
    """Measure how far a surface is off in views, per pixel of mask or rendering, cut at a share of the size."""
    model = ObjectModel("object", surface.vertices, surface.faces)
    renderer = EmbreeRenderer(model)
    cap_m = _MOST_OFF * model.diameter_m
    off_m = []
    for view in views:
        camera = view.frame.camera
        depth_m = renderer.render(view.pose[None], camera.K, (camera.height, camera.width)).depth_m[0]
        hit = depth_m > 0
        # Where depth is missing inside the mask nothing can be said.
        judged = (hit | view.mask) & (~view.mask | view.seen)
        off = np.where(hit & view.mask, np.abs(depth_m - view.frame.depth_m), cap_m)
        off_m.append(np.minimum(off, cap_m)[judged])
    return 1000 * float(np.concatenate(off_m).mean())
