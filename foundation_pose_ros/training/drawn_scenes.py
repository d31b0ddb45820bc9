"""What compact networks learn from: an object of a library among others before a camera, and crops that show it.

Made from a number alone, on the CPU, without PyTorch: the same number gives the same scene on any machine.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from scipy.spatial.transform import Rotation

from .. import se3
from ..arrays import Points, Pose, Poses
from ..object_model.model import ObjectModel
from ..observation.compared_images import SIZE, compared, compared_rendering, crop_camera, rays_of
from ..rendering import Rendering
from ..rendering.embree import EmbreeRenderer
from ..synthetic.mesh_library import MeshLibrary
from ..synthetic.surface_textures import TextureLibrary, drawn_surface
from .crop_pictures import Defects, picture
from .wrong_poses import principal_axes

# Scenes in a row share a few meshes, so that each is read once for many.
_SCENES_PER_BLOCK, _MESHES_PER_BLOCK = 64, 12
_MOST_OTHERS = 3
_OTHERS_SIZE = (0.3, 3.0)
_MODEL_POINTS = 128


@dataclass(frozen=True)
class DrawnSceneSettings:
    """How scenes are drawn.

    distance_m: of the object from the camera, if it isn't nearer than so many diameters (nearest). own_surface: of
    meshes that have one, how many keep it. plain: share of models whose colours aren't known. baked: of models in
    whose colours is the light that they were scanned in. defects: of pictures.
    """

    distance_m: tuple[float, float] = (0.35, 1.3)
    nearest: float = 1.6
    own_surface: float = 0.4
    plain: float = 0.12
    baked: float = 0.5
    defects: Defects = field(default_factory=Defects)


@dataclass(frozen=True)
class KnownMesh:
    """A mesh that was read: its principal axes (3, 3) and points (P, 3) of its surface beside it."""

    renderer: EmbreeRenderer
    axes: np.ndarray
    points: Points


@dataclass(frozen=True)
class Crops:
    """rendered (L, 6, SIZE, SIZE) of poses and observed (6, SIZE, SIZE), in one crop about centre_cam (3,)."""

    rendered: np.ndarray
    observed: np.ndarray
    centre_cam: np.ndarray


@dataclass(frozen=True)
class DrawnScene:
    """One object as it is, what its mesh was, and others around it.

    rng: to draw on from. plain: the model's colours aren't known.
    """

    rng: np.random.Generator
    shown: EmbreeRenderer
    mesh: KnownMesh
    others: list[EmbreeRenderer]
    T_true: Pose
    plain: bool
    settings: DrawnSceneSettings
    textures: TextureLibrary

    def crops(self, T_cam_obj: Poses) -> Crops:
        """Take a picture, and render poses (L, 4, 4) beside it, in a crop about one of them."""
        rng, model = self.rng, self.shown.model
        # Whichever registration likes best is in the middle of the crop.
        first = T_cam_obj[int(rng.integers(len(T_cam_obj)))]
        centre_cam = first[:3, :3] @ model.centre_m + first[:3, 3]
        K = crop_camera(np.eye(3), centre_cam, model.diameter_m)
        seen = picture(rng, self.shown, self.others, self.T_true, K, self.textures, self.settings.defects)
        known = self.shown if not self.plain else EmbreeRenderer(model.repainted(None), 1, self.shown.caster)
        rendering = known.render(T_cam_obj, K, (SIZE, SIZE), normals=True, colour=True)
        if known.model.has_colour and rng.random() < self.settings.baked:
            rendering = _in_scan_light(rng, rendering, T_cam_obj)
        return Crops(
            rendered=compared_rendering(rendering, K, centre_cam, model.diameter_m),
            observed=compared(seen.rgb[None], seen.depth_m[None], rays_of(K), centre_cam, model.diameter_m)[0],
            centre_cam=centre_cam,
        )


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
            settings=self._settings,
            textures=self._textures,
        )

    def _dressed(self, rng: np.random.Generator, base: EmbreeRenderer) -> EmbreeRenderer:
        surface = drawn_surface(base.model, self._textures, rng, self._settings.own_surface)
        return EmbreeRenderer(base.model.repainted(surface), 1, base.caster)

    def _load(self, which: int) -> KnownMesh:
        model = self._meshes.meshes[which].model()
        return KnownMesh(EmbreeRenderer(model, threads=1), principal_axes(model), model.surface_points(_MODEL_POINTS))


def _placed(rng: np.random.Generator, model: ObjectModel, settings: DrawnSceneSettings) -> Pose:
    """Draw a pose (4, 4) before the camera, any rotation."""
    R = Rotation.random(rng=rng).as_matrix()
    z = max(rng.uniform(*settings.distance_m), settings.nearest * model.diameter_m)
    centre = np.array([*rng.uniform(-0.35, 0.35, 2) * z, z])
    return se3.from_rotation_translation(R[None], (centre - R @ model.centre_m)[None])[0].astype(np.float32)


def _in_scan_light(rng: np.random.Generator, rendering: Rendering, T_cam_obj: Poses) -> Rendering:
    """Renderings of poses (B, 4, 4) of a model whose scanner took a lamp's light for colour, fixed to the object."""
    assert rendering.rgb is not None and rendering.normals_cam is not None
    lamp_obj = rng.standard_normal(3)
    lamp_cam = T_cam_obj[:, :3, :3] @ (lamp_obj / np.linalg.norm(lamp_obj)).astype(np.float32)  # (B, 3)
    facing = np.einsum("bvuc,bc->bvu", rendering.normals_cam, lamp_cam)[..., None]
    tint = rng.uniform(-0.1, 0.1, 3).astype(np.float32)
    # Colours are encoded, as files have them: half the contrast of light.
    gain = 1 + np.float32(rng.uniform(0, 0.3)) * facing * (1 + tint)
    return replace(rendering, rgb=np.clip(rendering.rgb * gain, 0, 1))
