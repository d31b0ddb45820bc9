"""Objects in pictures that `foundation-pose generate` has made, as compact networks learn from them.

Beside scenes that are drawn on the way: few pictures, each looked at often, by whichever renderer made them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..arrays import Intrinsics, Mask
from ..datasets.bop_instances import read_instances
from ..datasets.bop_scene import BopScene
from ..errors import InputRefused
from ..frame import Frame
from ..observation.compared_images import MARGIN, SIZE
from ..observation.crop import Crop
from ..scenes.dataset import DatasetFolder
from ..synthetic.mesh_library import MeshLibrary
from .crop_pictures import CropPicture
from .drawn_scenes import DrawnSceneSettings
from .posed_scene import KnownMesh, PosedScene

# Views in a row share a few scenes, so that each is read once for many; so much of an object is seen at least.
_VIEWS_PER_BLOCK, _SCENES_PER_BLOCK = 64, 6
_LEAST_VISIBLE = 0.4


@dataclass(frozen=True)
class PicturedScene(PosedScene):
    """An object in a picture, marked by a mask (H, W) bool."""

    frame: Frame
    mask: Mask

    def _taken(self, centre_cam: np.ndarray) -> tuple[CropPicture, Intrinsics]:
        T = self.T_true.copy()
        T[:3, 3] += centre_cam - (T[:3, :3] @ self.shown.model.centre_m + T[:3, 3])
        crop = Crop.around_pose(self.frame, self.shown.model, T, MARGIN)
        seen = Crop(self.frame, crop.box, self.mask).observe(SIZE)
        assert seen.mask is not None, "given"
        shape = (SIZE, SIZE)
        return CropPicture(seen.rgb.reshape(*shape, 3), seen.depth_m.reshape(shape), seen.mask.reshape(shape)), seen.K


@dataclass(frozen=True)
class _ReadScene:
    """One scene, and the frames and names under which its objects are seen well enough."""

    scene: BopScene
    views: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, folder: DatasetFolder, number: int, wanted: frozenset[str]) -> "_ReadScene":
        scene = BopScene(folder.scene(number))
        meshes = folder.library_meshes(number)
        instances = read_instances(folder.scene(number), scene.frame_ids)
        views = [
            (frame_id, name)
            for frame_id, seen in instances.items()
            for name, one in seen.items()
            if one.visible_fraction >= _LEAST_VISIBLE and meshes.get(name) in wanted
        ]
        return cls(scene, views)


class PicturedScenes:
    """Views by their number, of the objects in a folder that are meshes of a library."""

    def __init__(self, folder: Path, meshes: MeshLibrary, settings: DrawnSceneSettings, seed: int) -> None:
        """Look for them. Raises InputRefused where there are none."""
        self._folder, self._settings, self._seed = DatasetFolder(folder), settings, seed
        wanted = frozenset(mesh.name for mesh in meshes.meshes)
        self._numbers = [n for n in self._folder.done() if wanted & set(self._folder.library_meshes(n).values())]
        self._read = lru_cache(maxsize=2 * _SCENES_PER_BLOCK)(lambda n: _ReadScene.of(self._folder, n, wanted))
        self._mesh = lru_cache(maxsize=8 * _SCENES_PER_BLOCK)(
            lambda n, name: KnownMesh.of(self._read(n).scene.model(name))
        )
        self._frame = lru_cache(maxsize=4 * _SCENES_PER_BLOCK)(lambda n, frame_id: self._read(n).scene.frame(frame_id))
        self._numbers = [n for n in self._numbers if self._read(n).views]
        if not self._numbers:
            raise InputRefused(
                "no_pictures",
                f"{folder} has no scene with meshes of the library that is trained on: make some by "
                "foundation-pose generate --meshes DIR",
            )

    def __len__(self) -> int:
        """Return how many views there are."""
        return sum(len(self._read(number).views) for number in self._numbers)

    def __getitem__(self, number: int) -> PicturedScene:
        """Read one view."""
        rng = np.random.default_rng([self._seed, number, 2])
        block = np.random.default_rng([self._seed, number // _VIEWS_PER_BLOCK, 3])
        chosen = block.choice(self._numbers, min(_SCENES_PER_BLOCK, len(self._numbers)), replace=False)
        n = int(rng.choice(chosen))
        read = self._read(n)
        frame_id, name = read.views[int(rng.integers(len(read.views)))]
        T_true, mask = read.scene.truth(frame_id, name), read.scene.mask(frame_id, name)
        assert T_true is not None and mask is not None, "seen, by what the scene says of it"
        mesh = self._mesh(n, name)
        return PicturedScene(
            rng=rng,
            shown=mesh.renderer,
            mesh=mesh,
            T_true=T_true.astype(np.float32),
            plain=rng.random() < self._settings.plain,
            baked=self._settings.baked,
            frame=self._frame(n, frame_id),
            mask=mask != 0,
        )
