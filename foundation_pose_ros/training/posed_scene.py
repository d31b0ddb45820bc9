"""One object before a camera, as networks learn from it: a picture in a crop, and renderings of poses in it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Intrinsics, Points, Pose, Poses
from ..camera import Camera
from ..object_model.model import ObjectModel
from ..observation.compared_images import SIZE, compared, compared_rendering, rays_of
from ..observation.crop_box import CropBox
from ..rendering import Rendering
from ..rendering.embree import EmbreeRenderer
from .crop_pictures import CropPicture
from .wrong_poses import principal_axes

_MODEL_POINTS = 128


@dataclass(frozen=True)
class KnownMesh:
    """A mesh that was read: its principal axes (3, 3) and points (P, 3) of its surface beside it."""

    renderer: EmbreeRenderer
    axes: np.ndarray
    points: Points

    @classmethod
    def of(cls, model: ObjectModel) -> "KnownMesh":
        """Take a model's mesh."""
        return cls(EmbreeRenderer(model, threads=1), principal_axes(model), model.surface_points(_MODEL_POINTS))


@dataclass(frozen=True)
class Crops:
    """rendered (L, 6, s, s) of poses, and the picture beside them.

    Of one crop for all, observed (6, s, s) about centre_cam (3,); or of one for each pose, observed (L, 6, s, s) about
    centre_cam (L, 3).
    """

    rendered: np.ndarray
    observed: np.ndarray
    centre_cam: np.ndarray


@dataclass(frozen=True)
class SeenCrop:
    """A picture of an object in a crop about centre_cam (3,), which a camera K (3, 3) sees.

    known: the object as its model has it. baked: of models in whose colours a scanner's light is, how many.
    """

    picture: CropPicture
    K: Intrinsics
    centre_cam: np.ndarray
    known: EmbreeRenderer
    rng: np.random.Generator
    baked: float

    def crops(self, T_cam_obj: Poses) -> Crops:
        """Render poses (L, 4, 4) beside the picture."""
        model, seen = self.known.model, self.picture
        rendering = self.known.render(T_cam_obj, self.K, (SIZE, SIZE), normals=True, colour=True)
        if model.has_colour and self.rng.random() < self.baked:
            rendering = _in_scan_light(self.rng, rendering, T_cam_obj)
        rays = rays_of(self.K)
        return Crops(
            rendered=compared_rendering(rendering, self.K, self.centre_cam, model.diameter_m),
            observed=compared(seen.rgb[None], seen.depth_m[None], rays, self.centre_cam, model.diameter_m)[0],
            centre_cam=self.centre_cam,
        )


@dataclass(frozen=True)
class PosedScene(ABC):
    """One object as it is before a camera, and what its mesh was.

    rng: to draw on from. shown: the object. mesh: what was read. plain: the model's colours aren't known. baked: of
    models in whose colours is the light that they were scanned in, how many.
    """

    rng: np.random.Generator
    shown: EmbreeRenderer
    mesh: KnownMesh
    T_true: Pose
    plain: bool
    baked: float

    def crops(self, T_cam_obj: Poses) -> Crops:
        """Take a picture, and render poses (L, 4, 4) beside it, in a crop about one of them."""
        # Whichever registration likes best is in the middle of the crop.
        return self.seen_about(T_cam_obj[int(self.rng.integers(len(T_cam_obj)))]).crops(T_cam_obj)

    def seen_about(self, T_cam_obj: Pose) -> SeenCrop:
        """Take a picture in a crop about the object at a pose (4, 4)."""
        seen, K = self._taken(T_cam_obj)
        return SeenCrop(seen, K, centre_of(self.shown.model, T_cam_obj), self.known, self.rng, self.baked)

    @property
    def known(self) -> EmbreeRenderer:
        """Return the object as its model has it."""
        shown = self.shown
        return EmbreeRenderer(shown.model.repainted(None), 1, shown.caster) if self.plain else shown

    @property
    @abstractmethod
    def camera(self) -> Camera:
        """Return the camera of the whole picture."""

    @abstractmethod
    def seen_in(self, box: CropBox, size: int, rng: np.random.Generator) -> tuple[CropPicture, Intrinsics]:
        """Return a part of the whole picture in size x size pixels, and the camera that sees it.

        rng: what is drawn of the picture is drawn from it: parts from one seed show one scene in one light, each with
        noise of its own.
        """

    @abstractmethod
    def _taken(self, T_cam_obj: Pose) -> tuple[CropPicture, Intrinsics]:
        """Return the picture of a crop about a pose (4, 4), and the camera that sees it."""


# Of a scene's poses (L, 4, 4), the crops that a network sees.
CropsOf = Callable[[PosedScene, Poses], Crops]


def centre_of(model: ObjectModel, T_cam_obj: Pose) -> np.ndarray:
    """Return where the middle (3,) of a model is at a pose (4, 4)."""
    return np.asarray(T_cam_obj[:3, :3] @ model.centre_m + T_cam_obj[:3, 3])


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
