"""Objects in pictures that `foundation-pose generate` has made, as compact networks learn from them.

Beside scenes that are drawn on the way: few pictures, each looked at often, by whichever renderer made them.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from ..datasets.bop_instances import read_instances
from ..datasets.bop_scene import BopScene
from ..errors import InputRefused
from ..scenes.dataset import DatasetFolder
from ..synthetic.mesh_library import MeshLibrary
from .drawn_scenes import DrawnSceneSettings
from .pictured_scene import PicturedScene
from .posed_scene import KnownMesh

# Views in a row share a few scenes, so that each is read once for many; so much of an object is seen at least.
_VIEWS_PER_BLOCK, _SCENES_PER_BLOCK = 64, 6
_LEAST_VISIBLE = 0.4


class PicturedScenes:
    """Views by their number, of the objects in a folder that are meshes of a library."""

    def __init__(self, folder: Path, meshes: MeshLibrary, settings: DrawnSceneSettings, seed: int) -> None:
        """Look for them. Raises InputRefused where there are none."""
        self._settings, self._seed = settings, seed
        dataset, wanted = DatasetFolder(folder), frozenset(mesh.name for mesh in meshes.meshes)
        seen = {number: _seen_well(dataset, number, wanted) for number in dataset.done()}
        self._views = {number: views for number, views in seen.items() if views}
        if not self._views:
            raise InputRefused(
                "no_pictures",
                f"{folder} has no scene with meshes of the library that is trained on: make some by "
                "foundation-pose generate --meshes DIR",
            )
        self._scene = lru_cache(maxsize=2 * _SCENES_PER_BLOCK)(lambda number: BopScene(dataset.scene(number)))
        self._mesh = lru_cache(maxsize=8 * _SCENES_PER_BLOCK)(
            lambda number, name: KnownMesh.of(self._scene(number).model(name))
        )
        self._frame = lru_cache(maxsize=4 * _SCENES_PER_BLOCK)(
            lambda number, frame_id: self._scene(number).frame(frame_id)
        )

    def __len__(self) -> int:
        """Return how many views there are."""
        return sum(len(views) for views in self._views.values())

    def __getitem__(self, number: int) -> PicturedScene:
        """Read one view."""
        rng = np.random.default_rng([self._seed, number, 2])
        block = np.random.default_rng([self._seed, number // _VIEWS_PER_BLOCK, 3])
        chosen = block.choice(list(self._views), min(_SCENES_PER_BLOCK, len(self._views)), replace=False)
        n = int(rng.choice(chosen))
        frame_id, name = self._views[n][int(rng.integers(len(self._views[n])))]
        scene, settings = self._scene(n), self._settings
        marked = scene.truth(frame_id, name), scene.mask(frame_id, name)
        plain = rng.random() < settings.plain
        return PicturedScene.of(rng, self._mesh(n, name), self._frame(n, frame_id), marked, plain, settings.baked)


def _seen_well(dataset: DatasetFolder, number: int, wanted: frozenset[str]) -> list[tuple[str, str]]:
    """List frames and names under which a scene's objects are seen well enough, of those that are wanted meshes."""
    scene, meshes = dataset.scene(number), dataset.library_meshes(number)
    if not wanted & set(meshes.values()):
        return []
    return [
        (frame_id, name)
        for frame_id, seen in read_instances(scene, BopScene(scene).frame_ids).items()
        for name, one in seen.items()
        if one.visible_fraction >= _LEAST_VISIBLE and meshes.get(name) in wanted
    ]
