"""What a camera saw in one square crop, on a coarse grid: the side of render-and-compare that no hypothesis changes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .. import depth
from ..arrays import Intrinsics, Points
from ..frame import Frame
from .learned_colours import ForegroundMap

# On coarser ones a round thing's surface bends by as much as depth is noisy.
_FINE_GRID = 40


@dataclass(frozen=True)
class Observation:
    """n x n samples of a frame, flattened: N = n * n.

    frame: what the samples are of.
    K: (3, 3) float32 of the virtual camera that sees the grid, px.
    size: n.
    rays: (N, 3) with z = 1, camera frame.
    depth_m: (N,), 0 = none.
    normals: (N, 3) unit, towards the camera, 0 = none.
    on_edge: (N,) bool, next to a jump in depth.
    mask: (N,) bool, or None.
    possible: (N,) bool, what may be the object's beside the mask, or None where the mask shows all of it.
    colours: gives `rgb` once somebody asks for it.
    in_image: (N,) bool, not beyond the image's border.
    foreground: the frame about the grid by how likely its pixels are the object's, None where its colours aren't known.
    """

    frame: Frame
    K: Intrinsics
    size: int
    rays: np.ndarray
    depth_m: np.ndarray
    normals: np.ndarray
    on_edge: np.ndarray
    mask: np.ndarray | None
    possible: np.ndarray | None
    colours: Callable[[], np.ndarray]
    in_image: np.ndarray
    foreground: ForegroundMap | None = None

    @cached_property
    def rgb(self) -> np.ndarray:
        """Return (N, 3) float32 in 0..1, averaged over the grid's cells."""
        return self.colours()

    @cached_property
    def noise_per_m2(self) -> float:
        """Return the standard deviation of depth at a metre, 1/m, which grows with the square of the distance.

        0 where the grid is too coarse for noise to be told from shape.
        """
        return depth.noise_per_m2(self.depth_m.reshape(self.size, self.size)) if self.size >= _FINE_GRID else 0.0

    @property
    def points(self) -> Points:
        """Return (N, 3) in the camera's frame."""
        return self.rays * self.depth_m[:, None]

    def downsampled(self, step: int) -> "Observation":
        """Return every step-th row and column of samples, as a grid of its own."""
        size = len(range(0, self.size, step))
        kept = np.arange(self.size**2).reshape(self.size, self.size)[::step, ::step].ravel()
        K = self.K.copy()
        K[:2] /= step
        samples = ("rays", "depth_m", "normals", "on_edge", "mask", "possible", "in_image")
        arrays = {name: getattr(self, name)[kept] for name in samples if getattr(self, name) is not None}
        return replace(self, K=K, size=size, colours=lambda: self.rgb[kept], **arrays)

    @cached_property
    def allowed(self) -> np.ndarray | None:
        """Return (N,) bool: where the object may be, in the mask or possibly beside it; None without a mask."""
        return self.mask if self.mask is None or self.possible is None else self.mask | self.possible

    @cached_property
    def surroundings_m(self) -> np.ndarray:
        """Depth (N,) of where the object isn't seen, its holes filled from the nearest pixel there; 0 where it may be.

        A stereo camera sees nothing beside an edge, and what it would see there is what comes next to the hole: if
        that stands in front of the object, it hides it there as well.
        """
        if self.allowed is None:
            return self.depth_m
        outside = ~self.allowed
        known = outside & (self.depth_m > 0)
        shape = (self.size, self.size)
        filled = depth.filled_from_nearest(self.depth_m.reshape(shape), known.reshape(shape)).ravel()
        return filled * outside
