"""How good a reconstructed model is: against the views it was made from, and against views that it never saw."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..object_model.model import ObjectModel
from ..rendering.embree import EmbreeRenderer
from .reference_view import ReferenceView
from .texture.illumination import LitSurface

_SIDES = {"+x": (1, 0, 0), "-x": (-1, 0, 0), "+y": (0, 1, 0), "-y": (0, -1, 0), "+z": (0, 0, 1), "-z": (0, 0, -1)}
# Faces that look within 45 degrees of an axis make a side; it was never seen where most of their area wasn't.
_SIDE_COSINE, _UNSEEN_SHARE = 0.7, 0.6


@dataclass(frozen=True)
class ViewFit:
    """One view against the model's rendering at the view's pose.

    used: the model was made from it. depth_mm: median distance of depths along the rays. outline: intersection over
    union of mask and rendering. psnr_db: of colours where both show the object, in the light that was found in the used
    views and after one gain per channel, which exposure and white balance leave open.
    """

    name: str
    used: bool
    depth_mm: float
    outline: float
    psnr_db: float


@dataclass(frozen=True)
class ReconstructionReport:
    """fits per view; seen_share of the surface's area, and the sides (axes of the object's frame) that no view saw.

    sigma_mm: median of the seen surface's. notes: what was found out about the views. time_s of each step.
    """

    fits: tuple[ViewFit, ...]
    seen_share: float
    unseen_sides: tuple[str, ...]
    sigma_mm: float
    diameter_m: float
    faces: int
    watertight: bool
    notes: tuple[str, ...]
    time_s: dict[str, float]

    def mean(self, what: str, used: bool) -> float:
        """Return mean of a ViewFit's number over used or over held-out views; NaN where there are none."""
        values = [getattr(fit, what) for fit in self.fits if fit.used == used]
        return float(np.mean(values)) if values else float("nan")

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "fits": [asdict(fit) for fit in self.fits]}

    def lines(self) -> list[str]:
        """Return what a person wants to know, a line each."""
        used, held_out = (sum(fit.used == which for fit in self.fits) for which in (True, False))
        lines = [
            f"{used} views: depth {self.mean('depth_mm', True):.2f} mm, outline {self.mean('outline', True):.3f}, "
            f"colour {self.mean('psnr_db', True):.1f} dB"
        ]
        if held_out:
            lines.append(
                f"{held_out} held-out views: depth {self.mean('depth_mm', False):.2f} mm, "
                f"outline {self.mean('outline', False):.3f}, colour {self.mean('psnr_db', False):.1f} dB"
            )
        lines.append(
            f"{self.faces} faces, {1000 * self.diameter_m:.0f} mm across, {100 * self.seen_share:.0f} % of the surface "
            f"seen, known to {self.sigma_mm:.2f} mm"
        )
        if self.unseen_sides:
            lines.append(f"never seen from {', '.join(self.unseen_sides)} of the object's frame: take views from there")
        return [*lines, *self.notes]


def view_fit(renderer: EmbreeRenderer, view: ReferenceView, used: bool, lit: LitSurface) -> ViewFit:
    """Return a view against the rendering of the renderer's model in its views' light."""
    camera = view.frame.camera
    rendering = renderer.render(view.pose[None], camera.K, (camera.height, camera.width), colour=True)
    hit = rendering.depth_m[0] > 0
    both = hit & view.seen
    off_m = np.abs(rendering.depth_m[0] - view.frame.depth_m)[both]
    outline = (hit & view.mask).sum() / max(int((hit | view.mask).sum()), 1)
    psnr_db = 0.0
    if rendering.rgb is not None and both.any():
        shown = lit.lit(rendering.rgb[0], view)[hit & view.mask]
        seen = view.frame.rgb[hit & view.mask].astype(np.float32)
        gain = seen.sum(axis=0) / np.maximum(shown.sum(axis=0), 1)
        psnr_db = 10 * np.log10(255**2 / max(float(np.mean((shown * gain - seen) ** 2)), 1e-3))
    return ViewFit(
        view.name,
        used,
        1000 * float(np.median(off_m)) if len(off_m) else float("inf"),
        float(outline),
        float(psnr_db),
    )


def coverage(model: ObjectModel) -> tuple[float, tuple[str, ...]]:
    """Return share of the area that was seen, and names of the sides that weren't."""
    if model.face_sigma_m is None:
        return 1.0, ()
    area, normals = model.face_areas_m2, model.face_normals
    unseen = np.isinf(model.face_sigma_m)
    sides = []
    for name, axis in _SIDES.items():
        facing = area * (normals @ axis > _SIDE_COSINE)
        if (facing * unseen).sum() > _UNSEEN_SHARE * facing.sum():
            sides.append(name)
    return model.seen_share, tuple(sides)


def fits_of(
    model: ObjectModel, used: Sequence[ReferenceView], held_out: Sequence[ReferenceView], lit: LitSurface
) -> tuple[ViewFit, ...]:
    """Judge all these views."""
    renderer = EmbreeRenderer(model)
    fits = [view_fit(renderer, view, True, lit) for view in used]
    return tuple(fits + [view_fit(renderer, view, False, lit) for view in held_out])
