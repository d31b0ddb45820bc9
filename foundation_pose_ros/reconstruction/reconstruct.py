"""From reference views to an object model: checked, chosen, fused, painted, and compared with the views."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
import trimesh

from ..errors import InputRefused
from ..object_model.model import ObjectModel
from ..object_model.symmetry import Symmetries
from .fusion.tsdf_fusion import FusionSettings, fuse
from .reference_view import ReferenceView
from .report import ReconstructionReport, coverage, fits_of
from .surface import ReconstructedSurface
from .texture.illumination import LitSurface
from .texture.texture_atlas import PaintSettings, painted
from .texture.view_colours import ViewColours
from .view_checks import checked
from .view_poses.pose_graph import with_estimated_poses
from .view_selection import choose

STEPS = ("check", "fuse", "paint", "compare")
# Spare views only judge; so many are enough.
_MOST_HELD_OUT = 8


@dataclass(frozen=True)
class ReconstructionSettings:
    """views: at most so many are used, spread over the viewing sphere; fusion and paint: see there."""

    views: int = 16
    fusion: FusionSettings = field(default_factory=FusionSettings)
    paint: PaintSettings = field(default_factory=PaintSettings)


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """model as estimation takes it, mesh as files keep it (the model's frame is that of the views' poses), and how
    good they are; used views, and held-out ones that judged; lit: the light that was divided out of the colours."""

    model: ObjectModel
    mesh: trimesh.Trimesh
    report: ReconstructionReport
    used: tuple[ReferenceView, ...]
    held_out: tuple[ReferenceView, ...]
    lit: LitSurface


def reconstruct(
    views: Sequence[ReferenceView],
    name: str = "object",
    settings: ReconstructionSettings = ReconstructionSettings(),
    symmetries: Symmetries | None = None,
    make_surface: Callable[[Sequence[ReferenceView]], ReconstructedSurface] | None = None,
    on_step: Callable[[str], None] = lambda step: None,
) -> Reconstruction:
    """Return a model of the object that views show.

    Where no view has a pose they are estimated, and the views must be in the order in which they were taken.
    make_surface: how, where it isn't by fusion in a volume. on_step: called with each of STEPS before it begins. Raises
    InputRefused for views that can't be used, as `with_estimated_poses`, `checks.checked` and `fusion.fuse` do.
    """
    if settings.views < 3:
        raise InputRefused(
            "too_few_views", f"at most {settings.views} views make no model: allow at least 4, better 16"
        )
    clock = _Clock(on_step)
    clock.begin("check")
    if views and all(view.T_cam_obj is None for view in views):
        views = with_estimated_poses(views)
    fit = checked(views)
    used = choose(fit.views, settings.views)
    held_out = choose([view for view in fit.views if view not in used], _MOST_HELD_OUT)
    clock.begin("fuse")
    surface = fuse(used, settings.fusion) if make_surface is None else make_surface(used)
    clock.begin("paint")
    bare = ObjectModel(name, surface.vertices, surface.faces)
    colours = ViewColours.of(used, surface, settings.paint.keep_light)
    mesh = painted(surface, colours, settings.paint)
    lit = LitSurface(surface, colours.shading)
    model = ObjectModel.from_mesh(mesh, name, symmetries=symmetries)
    clock.begin("compare")
    seen_share, unseen_sides = coverage(model)
    fits = fits_of(model, used, held_out, lit)
    report = ReconstructionReport(
        fits,
        seen_share,
        unseen_sides,
        1000 * float(np.median(surface.sigma_m[surface.seen])) if surface.seen.any() else float("inf"),
        model.diameter_m,
        len(model.faces),
        bool(bare.mesh.is_watertight),
        fit.notes,
        clock.ended(),
    )
    return Reconstruction(model, mesh, report, used, held_out, lit)


class _Clock:
    """Seconds that each step took."""

    def __init__(self, on_step: Callable[[str], None]) -> None:
        self._on_step = on_step
        self._times: dict[str, float] = {}
        self._step, self._since = "", perf_counter()

    def begin(self, step: str) -> None:
        self._close()
        self._step = step
        self._on_step(step)

    def ended(self) -> dict[str, float]:
        self._close()
        return self._times

    def _close(self) -> None:
        now = perf_counter()
        if self._step:
            self._times[self._step] = round(now - self._since, 3)
        self._since = now
