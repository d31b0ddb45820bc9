"""What RefineNet and ScoreNet see of a scene: each pose rendered, and the picture, in a crop of its own.

As `learned.input_pairs` makes it of a frame, but that pictures are drawn straight into the crop, and that it may have
fewer pixels than the networks' own: the same square, seen coarsely.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..arrays import Poses
from ..camera import Camera
from ..learned.input_pairs import normalised
from ..learned.network_crop import crop_boxes, render_cameras
from ..networks.blocks import INPUT_SIZE
from ..networks.weights_info import NetworkInputSettings
from ..observation.compared_images import rays_of
from ..observation.crop_box import CropBox
from ..rendering.torch_embree import EmbreeTensorRenderer
from .posed_scene import Crops, PosedScene, centre_of


@dataclass(frozen=True)
class PublishedInputs:
    """Crops of `size` pixels a side.

    A scanner's light in a model's colours (`baked`) isn't drawn, and depth is sampled once; in use the scorer's is
    sampled twice.
    """

    settings: NetworkInputSettings
    size: int = INPUT_SIZE

    def __call__(self, scene: PosedScene, T_cam_obj: Poses) -> Crops:
        """Render poses (L, 4, 4), and take pictures of one scene in one light in the crops about them."""
        model, camera = scene.shown.model, scene.camera
        centres = np.stack([centre_of(model, T) for T in T_cam_obj]).astype(np.float32)  # (L, 3)
        K = torch.from_numpy(camera.K).double()
        boxes = crop_boxes(torch.from_numpy(centres), K, model.diameter_m, self.settings.crop_ratio)
        return Crops(
            rendered=self._rendered(scene, T_cam_obj, centres, render_cameras(boxes, K)),
            observed=self._observed(scene, centres, [_sampled(box, camera) for box in boxes.numpy()]),
            centre_cam=centres,
        )

    def _rendered(self, scene: PosedScene, T_cam_obj: Poses, centres: np.ndarray, K: Tensor) -> np.ndarray:
        known = scene.known
        renderer = EmbreeTensorRenderer(known.model, 1, caster=known.caster)
        size = (self.size, self.size)
        seen = renderer.render_tensors(torch.from_numpy(T_cam_obj.astype(np.float32)), _smaller(K, self.size), size)
        return self._joined(seen.rgb, seen.xyz_cam, centres, known.model.diameter_m)

    def _observed(self, scene: PosedScene, centres: np.ndarray, boxes: list[CropBox]) -> np.ndarray:
        seed = int(scene.rng.integers(1 << 62))
        seen = [scene.seen_in(box, self.size, np.random.default_rng(seed)) for box in boxes]
        rgb = torch.from_numpy(np.stack([one.rgb for one, _ in seen])).movedim(-1, 1)
        points = np.stack([rays_of(K, self.size) * one.depth_m[..., None] for one, K in seen])
        return self._joined(rgb, torch.from_numpy(points).movedim(-1, 1), centres, scene.shown.model.diameter_m)

    def _joined(self, rgb: Tensor, points: Tensor, centres: np.ndarray, diameter_m: float) -> np.ndarray:
        about = normalised(points, torch.from_numpy(centres), diameter_m / 2, self.settings.nearest_m)
        return torch.cat([rgb, about], dim=1).numpy()


def _sampled(box: np.ndarray, camera: Camera) -> CropBox:
    """The part of the image that the networks see of a box (4,): half a crop's pixel aside, not quite in its place."""
    left, top, right, _ = (float(border) for border in box)
    half = (right - left) / INPUT_SIZE / 2
    return CropBox(
        left * camera.width / (camera.width - 1) - half, top * camera.height / (camera.height - 1) - half, right - left
    )


def _smaller(K: Tensor, size: int) -> Tensor:
    """Cameras (B, 3, 3) of 160 x 160 pixels, made to see the same in size x size."""
    smaller = K.clone()
    smaller[:, :2, 2] += 0.5
    smaller[:, :2] *= size / INPUT_SIZE
    smaller[:, :2, 2] -= 0.5
    return smaller
