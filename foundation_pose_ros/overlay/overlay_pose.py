"""What is drawn of an object, and the part of the image that it is rendered for."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..arrays import Intrinsics, Pose
from ..camera import Camera, PixelBox
from ..object_model.model import ObjectModel
from ..se3 import transform_points

PALETTE = ((64, 224, 160), (255, 176, 46), (92, 176, 255), (255, 110, 150), (190, 140, 255), (240, 236, 90))


@dataclass(frozen=True)
class OverlayPose:
    """One object to draw: T_cam_obj (4, 4) of the mesh's own frame; an empty label draws none; colour RGB 0..255.

    in_doubt: draw it so that nobody takes the pose for certain.
    """

    model: ObjectModel
    T_cam_obj: Pose
    label: str = ""
    colour: tuple[int, int, int] = PALETTE[0]
    in_doubt: bool = False


@dataclass(frozen=True)
class BoxView:
    """The box of the image around an object, and the camera K (3, 3) that sees it with `size` (h, w) pixels."""

    box: PixelBox
    K: Intrinsics
    size: tuple[int, int]

    @classmethod
    def around(cls, pose: OverlayPose, camera: Camera, margin_px: int) -> "BoxView | None":
        """Return the view of an object at the image's resolution; None where none of it is in the image."""
        T_cam_obj = np.asarray(pose.T_cam_obj, np.float32)
        box = camera.pixel_box(transform_points(T_cam_obj, pose.model.box_corners), margin_px)
        if box is None:
            return None
        K = camera.K.copy()
        K[:2, 2] -= box[:2]
        return cls(box, K, (box[3] - box[1], box[2] - box[0]))

    @property
    def pixels(self) -> int:
        """Return how many pixels it has."""
        return self.size[0] * self.size[1]

    def of_at_most(self, pixels: int) -> "BoxView":
        """Return the same view with no more pixels than that, or a few."""
        if self.pixels <= pixels:
            return self
        shrunk = np.sqrt(pixels / self.pixels)
        height, width = (max(1, round(shrunk * side)) for side in self.size)
        scale = np.array([[width / self.size[1]], [height / self.size[0]]], np.float32)  # (2, 1)
        K = self.K.copy()
        K[:2, 2] += 0.5
        K[:2] *= scale
        K[:2, 2] -= 0.5
        return BoxView(self.box, K, (height, width))

    def part(self, image: np.ndarray) -> np.ndarray:
        """Return the box's part (h, w, ...) of an image, no copy."""
        left, top, right, bottom = self.box
        return image[top:bottom, left:right]

    def magnified(self, image: np.ndarray) -> np.ndarray:
        """Return what was rendered, float32 (size) or (size, C), at the image's resolution."""
        left, top, right, bottom = self.box
        full = (right - left, bottom - top)
        return image if image.shape[1::-1] == full else cv2.resize(image, full, interpolation=cv2.INTER_LINEAR)

    def reduced(self, image: np.ndarray) -> np.ndarray:
        """Return the box's part of an image at the resolution of what is rendered, the nearest pixel of each."""
        part = self.part(image)
        same = part.shape[:2] == self.size
        return part if same else cv2.resize(part, self.size[::-1], interpolation=cv2.INTER_NEAREST)
