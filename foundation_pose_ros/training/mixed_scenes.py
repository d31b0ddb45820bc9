"""Which scenes a run learns from: drawn on the way, and some of pictures that were made before."""

from pathlib import Path
from typing import Protocol

import numpy as np

from ..errors import InputRefused
from ..synthetic.mesh_library import MeshLibrary
from ..synthetic.surface_textures import TextureLibrary
from .drawn_scenes import DrawnScenes, DrawnSceneSettings
from .posed_scene import PosedScene


class Scenes(Protocol):
    """Scenes by their number: the same number gives the same scene."""

    def __getitem__(self, number: int) -> PosedScene: ...


class MixedScenes:
    """Of two kinds of scenes, a share of the second."""

    def __init__(self, first: Scenes, second: Scenes, share: float, seed: int) -> None:
        self._first, self._second, self._share, self._seed = first, second, share, seed

    def __getitem__(self, number: int) -> PosedScene:
        """Make the scene of a number, by whichever kind that draws."""
        second = np.random.default_rng([self._seed, number, 4]).random() < self._share
        return (self._second if second else self._first)[number]


def scenes_of(
    meshes: MeshLibrary, textures: TextureLibrary, settings: DrawnSceneSettings, seed: int, pictures: str = ""
) -> Scenes:
    """Return the scenes that settings ask for. pictures: folder of those that were made before.

    Raises InputRefused where pictures are asked for and none are there.
    """
    drawn = DrawnScenes(meshes, textures, settings, seed)
    if not settings.pictured:
        return drawn
    if not pictures:
        raise InputRefused(
            "bad_settings", f"pictured is {settings.pictured:g}: name the folder of pictures, or leave 0"
        )
    # Descriptions of scenes need pydantic, which drawn scenes don't.
    from .pictured_scenes import PicturedScenes

    return MixedScenes(drawn, PicturedScenes(Path(pictures), meshes, settings, seed), settings.pictured, seed)
