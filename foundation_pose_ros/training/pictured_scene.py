"""An object in a picture that was taken or made before."""

from dataclasses import dataclass

import numpy as np

from ..arrays import Intrinsics, Mask, Pose
from ..camera import Camera
from ..frame import Frame
from ..observation.compared_images import MARGIN, SIZE
from ..observation.crop import Crop
from ..observation.crop_box import CropBox
from .crop_pictures import CropPicture
from .posed_scene import KnownMesh, PosedScene


@dataclass(frozen=True)
class PicturedScene(PosedScene):
    """An object in a picture, marked by a mask (H, W) bool."""

    frame: Frame
    mask: Mask

    @classmethod
    def of(
        cls,
        rng: np.random.Generator,
        mesh: KnownMesh,
        frame: Frame,
        marked: tuple[Pose | None, Mask | None],
        plain: bool,
        baked: float,
    ) -> "PicturedScene":
        """Take an object as a sequence has it; marked: its true pose (4, 4) and mask (H, W), which are known there."""
        T_true, mask = marked
        assert T_true is not None and mask is not None, "looked for before"
        return cls(rng, mesh.renderer, mesh, T_true.astype(np.float32), plain, baked, frame, mask != 0)

    @property
    def camera(self) -> Camera:
        """Return the camera of the whole picture."""
        return self.frame.camera

    def seen_in(self, box: CropBox, size: int, rng: np.random.Generator) -> tuple[CropPicture, Intrinsics]:
        """Cut a part out in size x size pixels, of which nothing is drawn; return the camera that sees it as well."""
        seen = Crop(self.frame, box, self.mask).observe(size)
        assert seen.mask is not None, "given"
        shape = (size, size)
        return CropPicture(seen.rgb.reshape(*shape, 3), seen.depth_m.reshape(shape), seen.mask.reshape(shape)), seen.K

    def _taken(self, T_cam_obj: Pose) -> tuple[CropPicture, Intrinsics]:
        box = CropBox.around_pose(self.frame, self.shown.model, T_cam_obj, MARGIN)
        return self.seen_in(box, SIZE, self.rng)
