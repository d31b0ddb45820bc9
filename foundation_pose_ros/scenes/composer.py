"""Who thinks of scenes."""

from collections.abc import Sequence
from typing import Protocol

from .scene_spec import SceneSpec


class Composer(Protocol):
    """Makes descriptions of scenes; a seed's scene is the same whenever it is asked for."""

    def compose(self, seeds: Sequence[int]) -> list[SceneSpec]:
        """Return one scene for each seed; raises InputRefused where that can't be done."""
        ...
