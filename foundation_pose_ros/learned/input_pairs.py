"""The pairs that the networks compare: a rendering of each hypothesis, and the picture where it would be."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ..networks.blocks import INPUT_SIZE
from ..networks.weights_info import WeightsInfo
from ..object_model.model import ObjectModel
from ..rendering.torch_renderer import TensorRenderer
from .network_crop import crop_boxes, render_cameras
from .observed_image import ObservedImage

# Points farther than this many radii from the hypothesis' centre are something else.
_FARTHEST_RADII = 2.0
# Surfaces so near to each other are one.
_NEAR_RADII = 0.2


class PairMaker:
    """Makes the input of one network for one object."""

    def __init__(self, renderer: TensorRenderer, model: ObjectModel, info: WeightsInfo) -> None:
        self.diameter_m = model.diameter_m
        self.info = info
        self.renderer = renderer
        self._centre_m = torch.from_numpy(model.centre_m).to(renderer.device, torch.float32)

    def __call__(self, image: ObservedImage, T_cam_obj: Tensor, shared: bool = False) -> tuple[Tensor, Tensor]:
        """Rendered and observed, (B, 6, 160, 160) each, for poses (B, 4, 4) of the centred object.

        shared: all poses are known to have one translation, and so one picture: observed then has batch 1.
        """
        translations = T_cam_obj[:, :3, 3]
        boxes = crop_boxes(translations, image.K, self.diameter_m, self.info.settings.crop_ratio)
        rendering = self.renderer.render_tensors(
            self.uncentred(T_cam_obj), render_cameras(boxes, image.K), (INPUT_SIZE, INPUT_SIZE)
        )
        rendered = self._joined(rendering.rgb, rendering.xyz_cam, translations)
        seen = slice(0, 1) if shared else slice(None)
        return rendered, self._observed(image, boxes[seen], translations[seen])

    def in_parts(
        self, image: ObservedImage, T_cam_obj: Tensor, batch: int, shared: bool = False
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Make the pairs of `batch` poses at a time, so that never more of them take memory."""
        return (self(image, part, shared) for part in T_cam_obj.split(batch))

    def uncentred(self, T_cam_obj: Tensor) -> Tensor:
        """Return poses (B, 4, 4) of the mesh's own frame from those of the centred one."""
        own = T_cam_obj.clone()
        own[:, :3, 3] -= T_cam_obj[:, :3, :3] @ self._centre_m
        return own

    def centred(self, T_cam_obj: Tensor) -> Tensor:
        """Return poses (B, 4, 4) of the centred frame from those of the mesh's own."""
        centred = T_cam_obj.clone()
        centred[:, :3, 3] += T_cam_obj[:, :3, :3] @ self._centre_m
        return centred

    def _observed(self, image: ObservedImage, boxes: Tensor, translations: Tensor) -> Tensor:
        points = image.points(boxes) if self.info.kind == "refine" else image.points_twice_sampled(boxes)
        return self._joined(image.colours(boxes), points, translations)

    def _joined(self, rgb: Tensor, points: Tensor, translations: Tensor) -> Tensor:
        radius_m = self.diameter_m / 2
        return torch.cat([rgb, normalised(points, translations, radius_m, self.info.settings.nearest_m)], dim=1)


def normalised(points: Tensor, translations: Tensor, radius_m: float, nearest_m: float) -> Tensor:
    """Normalise points (B, 3, h, w) about translations (B, 3) to radii; 0 where there are none, and in each coordinate
    too far.

    Nearer to the camera than nearest_m there are none.
    """
    seen = points[:, 2:] >= nearest_m
    offset = (points - translations[:, :, None, None]) / radius_m
    return offset * (seen & (offset.abs() < _FARTHEST_RADII))


def agreement(rendered: Tensor, observed: Tensor) -> Tensor:
    """Return how much of each rendering (B, 6, h, w) the depth of the picture confirms, (B,), less what it contradicts.

    In pixels: confirmed where surfaces are near each other, contradicted where the camera sees through the rendering.
    What stands before the object counts neither way.
    """
    expected, seen = rendered[:, 3:], observed[:, 3:]
    both = expected.any(dim=1) & seen.any(dim=1)
    apart = (expected - seen).norm(dim=1)
    near = both & (apart < _NEAR_RADII)
    through = both & (seen[:, 2] - expected[:, 2] > _NEAR_RADII)
    return near.sum(dim=(1, 2)) - through.sum(dim=(1, 2)).float()
