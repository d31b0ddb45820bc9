"""Renderers of one object in many poses."""

from .choice import RENDERERS, make_renderer, make_tensor_renderer
from .embree import EmbreeRenderer
from .renderer import Renderer, Rendering

__all__ = ["RENDERERS", "EmbreeRenderer", "Renderer", "Rendering", "make_renderer", "make_tensor_renderer"]
