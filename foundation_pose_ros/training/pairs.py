"""Pairs of network inputs: an object rendered as a guess says, and as a camera would see it where it is."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..camera import Camera
from ..learned.input_pairs import normalised
from ..learned.network_crop import crop_boxes, render_cameras
from ..networks.blocks import INPUT_SIZE
from ..networks.weights_info import NetworkInputSettings
from ..object_model.model import ObjectModel
from ..rendering.torch_renderer import TRAINED_WITH, Shading, TensorRenderer, rays
from ..synthetic.meshes import DESIGNS, make_mesh


@dataclass(frozen=True)
class Surroundings:
    """What a picture has that a rendering hasn't. Ranges are drawn from evenly, per picture.

    ambient, diffuse: of the light. wall: share of pictures with a wall of one colour behind the object, `behind` of
    its diameters away. depth_noise: of its own, standard deviation as a share of depth.
    """

    ambient: tuple[float, float] = (0.6, 0.9)
    diffuse: tuple[float, float] = (0.2, 0.5)
    wall: float = 1.0
    behind: tuple[float, float] = (0.5, 2.0)
    depth_noise: float = 0.001


def training_models(names: tuple[str, ...]) -> list[ObjectModel]:
    """Make made-up objects by name, and others from mesh files in metres; raises InputRefused for what is neither."""
    return [
        ObjectModel.from_mesh(make_mesh(name), name=name) if name in DESIGNS else ObjectModel.from_mesh(Path(name))
        for name in names
    ]


class PairRenderer:
    """Network inputs (B, 6, size, size) of one object: colour, and XYZ about the guess in radii.

    Pictures are rendered straight into the crop about the guess, through a camera that sees it as `ObservedImage`
    samples it. Inputs smaller than the networks' show the same square in fewer pixels.
    """

    def __init__(
        self, model: ObjectModel, renderer: TensorRenderer, camera: Camera, settings: NetworkInputSettings
    ) -> None:
        self.model = model
        self.settings = settings
        self.centre_obj = torch.from_numpy(model.centre_m)
        self.radius_m = model.diameter_m / 2
        self._renderer = renderer
        self._camera = camera
        self._K = torch.from_numpy(camera.K).double()

    def rendered(self, T_start: Tensor, size: int) -> Tensor:
        """Render guesses (B, 4, 4)."""
        K = _smaller(render_cameras(self._boxes(T_start), self._K), size)
        seen = self._renderer.render_tensors(T_start, K, (size, size), TRAINED_WITH)
        return self._input(seen.rgb, seen.xyz_cam, T_start)

    def observed(
        self, rng: np.random.Generator, T_true: Tensor, T_start: Tensor, size: int, surroundings: Surroundings
    ) -> Tensor:
        """Render a picture with the object at T_true (1, 4, 4), in the crops about guesses T_start (B, 4, 4)."""
        K = _smaller(_observing_cameras(self._boxes(T_start), self._camera), size)
        light = Shading(rng.uniform(*surroundings.ambient), rng.uniform(*surroundings.diffuse))
        seen = self._renderer.render_tensors(T_true.expand_as(T_start), K, (size, size), light)
        rgb, depth_m = seen.rgb, seen.depth_m[:, None]
        if rng.random() < surroundings.wall:
            wall_m = float(self._centres(T_true)[0, 2]) + 2 * self.radius_m * rng.uniform(*surroundings.behind)
            colour = torch.from_numpy(rng.uniform(0, 1, 3).astype(np.float32))[:, None, None]
            rgb = torch.where(depth_m > 0, rgb, colour)
            depth_m = torch.where(depth_m > 0, depth_m, wall_m)
        noise = torch.from_numpy(rng.standard_normal(depth_m.shape).astype(np.float32))
        xyz_cam = rays(K, (size, size)) * depth_m * (1 + surroundings.depth_noise * noise)
        return self._input(rgb, xyz_cam, T_start)

    def _centres(self, T_cam_obj: Tensor) -> Tensor:
        return T_cam_obj[:, :3, :3] @ self.centre_obj + T_cam_obj[:, :3, 3]  # (B, 3)

    def _boxes(self, T_start: Tensor) -> Tensor:
        return crop_boxes(self._centres(T_start), self._K, 2 * self.radius_m, self.settings.crop_ratio)

    def _input(self, rgb: Tensor, xyz_cam: Tensor, T_start: Tensor) -> Tensor:
        about = normalised(xyz_cam, self._centres(T_start), self.radius_m, self.settings.nearest_m)
        return torch.cat([rgb, about], dim=1)


def _observing_cameras(boxes: Tensor, camera: Camera) -> Tensor:
    """K (B, 3, 3) that sees boxes (B, 4) as `ObservedImage` samples them: half a pixel aside, not quite to scale."""
    size = torch.tensor([camera.width, camera.height], dtype=torch.float64)
    cameras = torch.from_numpy(camera.K).double().repeat(len(boxes), 1, 1)
    cameras[:, :2, 2] += 0.5
    cameras[:, :2] *= ((size - 1) / size)[:, None]
    cameras[:, :2, 2] -= boxes[:, :2]
    cameras[:, :2] *= (INPUT_SIZE / (boxes[:, 2:] - boxes[:, :2]))[..., None]
    return cameras.float()


def _smaller(K: Tensor, size: int) -> Tensor:
    """Cameras (B, 3, 3) of 160 x 160 pixels, made to see the same in size x size."""
    smaller = K.clone()
    smaller[:, :2, 2] += 0.5
    smaller[:, :2] *= size / INPUT_SIZE
    smaller[:, :2, 2] -= 0.5
    return smaller
