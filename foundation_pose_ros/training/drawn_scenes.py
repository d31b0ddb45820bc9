"""What networks learn from: an object, of a library or made up, among others before a camera, and crops that show it.

Made from a number alone, on the CPU, without PyTorch: the same number gives the same scene on any machine.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from scipy.spatial.transform import Rotation

from .. import se3
from ..arrays import Intrinsics, Pose
from ..camera import Camera
from ..object_model.model import ObjectModel
from ..observation.compared_images import crop_camera
from ..observation.crop_box import CropBox
from ..rendering.embree import EmbreeRenderer
from ..synthetic.made.objects import draw_object
from ..synthetic.mesh_library import MeshLibrary
from ..synthetic.surface_textures import TextureLibrary, drawn_surface
from .crop_pictures import CropPicture, Defects, picture
from .posed_scene import KnownMesh, PosedScene, centre_of

# Scenes in a row share a few meshes, so that each is read once for many.
_SCENES_PER_BLOCK, _MESHES_PER_BLOCK = 64, 12
_MOST_OTHERS = 3
_OTHERS_SIZE = (0.3, 3.0)
# So many seeds there are for made objects: none comes twice.
_MADE_OBJECTS = 1 << 40
# Where a crop's place in the whole picture matters, that is this camera's.
_CAMERA = Camera(600.0, 600.0, 319.5, 239.5, 640, 480)
# Upright, from 30 degrees above, turned by 35: three sides of a box show, and the handle of a mug.
_FACING = Rotation.from_euler("x", 120, degrees=True) * Rotation.from_euler("z", 35, degrees=True)


@dataclass(frozen=True)
class DrawnSceneSettings:
    """How scenes are drawn.

    distance_m: of the object from the camera, if it isn't nearer than so many diameters (nearest). within_rad: how far
    objects are turned at most away from upright as seen from above; without it, anyhow. own_surface: of
    meshes that have one, how many keep it. plain: share of models whose colours aren't known. baked: of models in
    whose colours is the light that they were scanned in. defects: of pictures. pictured: share of scenes that aren't
    drawn but of pictures that were made before. made: share of objects that are made up (`synthetic.made`) rather than
    read from the library.
    """

    distance_m: tuple[float, float] = (0.35, 1.3)
    nearest: float = 1.6
    within_rad: float | None = None
    own_surface: float = 0.4
    plain: float = 0.12
    baked: float = 0.5
    defects: Defects = field(default_factory=Defects)
    pictured: float = 0.0
    made: float = 0.0


@dataclass(frozen=True)
class DrawnScene(PosedScene):
    """An object among others, drawn into the crop that a network sees."""

    others: list[EmbreeRenderer]
    textures: TextureLibrary
    defects: Defects

    @property
    def camera(self) -> Camera:
        """Return the camera of the whole picture."""
        return _CAMERA

    def seen_in(self, box: CropBox, size: int, rng: np.random.Generator) -> tuple[CropPicture, Intrinsics]:
        """Draw a part of the whole picture in size x size pixels; return the camera that sees it as well."""
        K = box.intrinsics(_CAMERA, size)
        return picture(rng, self.shown, self.others, self.T_true, K, self.textures, self.defects, size), K

    def _taken(self, T_cam_obj: Pose) -> tuple[CropPicture, Intrinsics]:
        model = self.shown.model
        K = crop_camera(np.eye(3), centre_of(model, T_cam_obj), model.diameter_m)
        return picture(self.rng, self.shown, self.others, self.T_true, K, self.textures, self.defects), K


class DrawnScenes:
    """Scenes by their number, from a library of meshes and one of textures."""

    def __init__(self, meshes: MeshLibrary, textures: TextureLibrary, settings: DrawnSceneSettings, seed: int) -> None:
        self._meshes, self._textures = meshes, textures
        self._settings, self._seed = settings, seed
        self._loaded = lru_cache(maxsize=4 * _MESHES_PER_BLOCK)(self._load)

    def __getitem__(self, number: int) -> DrawnScene:
        """Make one scene."""
        rng = np.random.default_rng([self._seed, number])
        block = np.random.default_rng([self._seed, number // _SCENES_PER_BLOCK, 1])
        chosen = block.integers(len(self._meshes), size=_MESHES_PER_BLOCK)
        if self._settings.made:
            chosen = self._some_made(chosen, number // _SCENES_PER_BLOCK)
        which = int(rng.integers(_MESHES_PER_BLOCK))
        mesh = self._loaded(int(chosen[which]))
        shown = self._dressed(rng, mesh.renderer)
        others = [
            self._dressed(rng, self._loaded(int(k)).renderer)
            for k in rng.choice(chosen, int(rng.integers(1, _MOST_OTHERS + 1)))
        ]
        low, high = (share * shown.model.diameter_m for share in _OTHERS_SIZE)
        return DrawnScene(
            rng=rng,
            shown=shown,
            mesh=mesh,
            others=[other for other in others if low < other.model.diameter_m < high],
            T_true=_placed(rng, shown.model, self._settings),
            plain=rng.random() < self._settings.plain,
            baked=self._settings.baked,
            textures=self._textures,
            defects=self._settings.defects,
        )

    def _dressed(self, rng: np.random.Generator, base: EmbreeRenderer) -> EmbreeRenderer:
        surface = drawn_surface(base.model, self._textures, rng, self._settings.own_surface)
        return EmbreeRenderer(base.model.repainted(surface), 1, base.caster)

    def _some_made(self, chosen: np.ndarray, block: int) -> np.ndarray:
        """Put the numbers of made objects, below 0, in the places of some meshes of a block."""
        # A generator of their own: library meshes and scenes are those that they would be without.
        rng = np.random.default_rng([self._seed, block, 5])
        made = rng.random(len(chosen)) < self._settings.made
        return np.where(made, -1 - rng.integers(_MADE_OBJECTS, size=len(chosen)), chosen)

    def _load(self, which: int) -> KnownMesh:
        if which >= 0:
            return KnownMesh.of(self._meshes.meshes[which].model())
        mesh = draw_object(np.random.default_rng(-1 - which))
        return KnownMesh.of(ObjectModel.from_mesh(mesh, name=mesh.metadata["name"]))


def _placed(rng: np.random.Generator, model: ObjectModel, settings: DrawnSceneSettings) -> Pose:
    """Draw a pose (4, 4) before the camera."""
    R = _rotation(rng, settings.within_rad).as_matrix()
    z = max(rng.uniform(*settings.distance_m), settings.nearest * model.diameter_m)
    centre = np.array([*rng.uniform(-0.35, 0.35, 2) * z, z])
    return se3.from_rotation_translation(R[None], (centre - R @ model.centre_m)[None])[0].astype(np.float32)


def _rotation(rng: np.random.Generator, within_rad: float | None) -> Rotation:
    if within_rad is None:
        return Rotation.random(rng=rng)
    axis = rng.standard_normal(3)
    # Rotation vectors evenly in a ball.
    return Rotation.from_rotvec(within_rad * np.cbrt(rng.uniform()) * axis / np.linalg.norm(axis)) * _FACING
