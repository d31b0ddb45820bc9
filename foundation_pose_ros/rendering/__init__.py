"""Renderers of one object in many poses."""

from typing import TYPE_CHECKING

from ..runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from .embree import EmbreeRenderer
    from .factory import RENDERERS, make_renderer, make_tensor_renderer
    from .renderer import Renderer, Rendering
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "RENDERERS": ".factory",
            "EmbreeRenderer": ".embree",
            "Renderer": ".renderer",
            "Rendering": ".renderer",
            "make_renderer": ".factory",
            "make_tensor_renderer": ".factory",
        },
    )

__all__ = ["RENDERERS", "EmbreeRenderer", "Renderer", "Rendering", "make_renderer", "make_tensor_renderer"]
