"""Renderers that are kept from one picture to the next."""

from collections.abc import Sequence

from ..object_model.model import ObjectModel
from ..rendering.embree import EmbreeRenderer


class OverlayRenderers:
    """Renderers of the models in the last picture: the next one mostly shows the same."""

    def __init__(self, threads: int = 2) -> None:
        self._threads = threads
        self._renderers: dict[int, EmbreeRenderer] = {}

    def keep(self, models: Sequence[ObjectModel]) -> None:
        """Forget all other models; they, and what is made of them, may go."""
        wanted = {id(model) for model in models}
        self._renderers = {key: renderer for key, renderer in self._renderers.items() if key in wanted}

    def __getitem__(self, model: ObjectModel) -> EmbreeRenderer:
        """Return the model's renderer, made where there is none yet."""
        # A renderer holds its model, so no other model has its id.
        if id(model) not in self._renderers:
            self._renderers[id(model)] = EmbreeRenderer(model, self._threads)
        return self._renderers[id(model)]
