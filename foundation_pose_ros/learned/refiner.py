"""Learned refinement: RefineNet says how a rendering must move to look like the picture (Wen et al. 2024)."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..arrays import Poses
from ..networks.inference import PreparedNetwork
from ..observation.keyframe import PointMatches
from ..observation.observation import Observation
from ..refinement.geometric import GeometricRefiner
from ..refinement.refiner import Refinement
from .input_pairs import PairMaker, agreement
from .observed_image import ImageSource, ObservedImage
from .pose_update import updated


@dataclass(frozen=True)
class LearnedSettings:
    """polish: point-to-plane steps after the network's, 0 for none."""

    polish: int = 3


class LearnedRefiner:
    """RefineNet's steps, and the geometric normal equations for what it can't say: how sure a pose is."""

    def __init__(
        self,
        network: PreparedNetwork,
        pairs: PairMaker,
        images: ImageSource,
        geometric: GeometricRefiner,
        settings: LearnedSettings | None = None,
    ) -> None:
        self.pairs = pairs
        self.images = images
        self.geometric = geometric
        self.settings = settings or LearnedSettings()
        self._network = network

    @torch.no_grad()
    def moved(
        self,
        image: ObservedImage,
        T_cam_obj: Tensor,
        iterations: int,
        shared: bool = False,
        entering: tuple[int, ...] | None = None,
    ) -> Tensor:
        """Move poses (B, 4, 4) of the centred object by `iterations` steps; all stays on the device.

        shared: they start from one translation, so that the picture before the first step is encoded once. entering:
        how many go into each step, those whose depth agrees best; None: all, as published.
        """
        for iteration in range(iterations):
            if entering is not None and iteration:
                T_cam_obj = self._pruned(image, T_cam_obj, entering[iteration])
            T_cam_obj = self._step(image, T_cam_obj, shared and not iteration)
        return T_cam_obj

    def refine(
        self,
        observation: Observation,
        T_cam_obj: Poses,
        iterations: int,
        error_m: tuple[float, float],
        matches: PointMatches | None = None,
    ) -> Refinement:
        """Move poses as a `Refiner` does; matches aren't needed: the network sees colours."""
        image = self.images.of(observation.frame)
        centred = self.pairs.centred(torch.from_numpy(np.asarray(T_cam_obj, np.float32)).to(image.rgb.device))
        for _ in range(iterations):
            centred = self._step(image, centred)
        moved = self.pairs.uncentred(centred).cpu().numpy()
        return self.polish(observation, moved, error_m)

    def polish(self, observation: Observation, T_cam_obj: Poses, error_m: tuple[float, float]) -> Refinement:
        """Move poses (B, 4, 4) of the mesh's frame by `settings.polish` point-to-plane steps: how sure they are."""
        last_m = (error_m[1], error_m[1])
        if self.settings.polish:
            return self.geometric.refine(observation, T_cam_obj, self.settings.polish, last_m)
        known = self.geometric.refine(observation, T_cam_obj, 1, last_m)
        return replace(known, T_cam_obj=T_cam_obj)

    @torch.no_grad()
    def _step(self, image: ObservedImage, T_cam_obj: Tensor, shared: bool = False) -> Tensor:
        batch, turn_rad = self._network.batch, self._network.info.settings.turn_rad
        outputs = [self._network.steps(*pair) for pair in self.pairs.in_parts(image, T_cam_obj, batch, shared)]
        translation, rotation = (torch.cat(parts) for parts in zip(*outputs, strict=True))
        return updated(T_cam_obj, translation, rotation, self.pairs.diameter_m, turn_rad)

    def _pruned(self, image: ObservedImage, T_cam_obj: Tensor, count: int) -> Tensor:
        """Keep the `count` poses whose rendering agrees best with the depth there."""
        if count >= len(T_cam_obj):
            return T_cam_obj
        parts = self.pairs.in_parts(image, T_cam_obj, self._network.batch)
        return T_cam_obj[torch.cat([agreement(*pair) for pair in parts]).topk(count).indices]
