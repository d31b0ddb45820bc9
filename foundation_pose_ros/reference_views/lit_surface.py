"""A surface in the light in which views saw it: what must be put back before a model's colours resemble a picture's."""

from dataclasses import dataclass

import numpy as np

from ..appearance import CornerColours
from ..object_model import ObjectModel
from ..rendering.embree import EmbreeRenderer
from .linear_light import to_colour, to_linear
from .shading import Shading
from .surface import Surface
from .view import ReferenceView


@dataclass(frozen=True, eq=False)
class LitSurface:
    """A surface, and the light that was divided out of its colours."""

    surface: Surface
    shading: Shading

    def lit(self, rgb: np.ndarray, view: ReferenceView) -> np.ndarray:
        """Own colours (H, W, 3) in 0..1, as rendered, in the light of a view: float32, 0..255."""
        surface, camera = self.surface, view.frame.camera
        light = self.shading.light(surface.normals, view.pose[:3, :3])
        brightest = light.max()
        colours = CornerColours(light[surface.faces] / brightest)
        renderer = EmbreeRenderer(ObjectModel("light", surface.vertices, surface.faces, colours))
        rendering = renderer.render(view.pose[None], camera.K, (camera.height, camera.width), colour=True)
        assert rendering.rgb is not None
        return to_colour(to_linear(255 * rgb) * rendering.rgb[0] * brightest)
