"""Renderers of one object in many poses."""

from .embree import EmbreeRenderer
from .factory import RENDERERS, make_renderer, make_tensor_renderer
from .renderer import Renderer, Rendering

__all__ = ["RENDERERS", "EmbreeRenderer", "Renderer", "Rendering", "make_renderer", "make_tensor_renderer"]
