"""Renderers of one object in many poses."""

from .embree import EmbreeRenderer
from .renderer import Renderer, Rendering

__all__ = ["EmbreeRenderer", "Renderer", "Rendering"]
