"""Learned selection: ScoreNet says which of a set of poses looks most like the picture (Wen et al. 2024)."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ..arrays import Poses
from ..networks.inference import PreparedNetwork
from ..observation.observation import Observation
from ..selection.geometric import GeometricScorer
from ..selection.scorer import Evidence
from .input_pairs import PairMaker
from .observed_image import ImageSource, ObservedImage


class LearnedScorer:
    """ScoreNet's order, with the geometric evidence beside it: logits are no probabilities, and tell no loss."""

    def __init__(
        self, network: PreparedNetwork, pairs: PairMaker, images: ImageSource, geometric: GeometricScorer
    ) -> None:
        self._network = network
        self._pairs = pairs
        self._images = images
        self._geometric = geometric

    def logits(self, image: ObservedImage, T_cam_obj: Tensor) -> Tensor:
        """Return logits (B,) of poses (B, 4, 4) of the centred object, comparable among themselves alone."""
        return self._network.scores(self._pairs.in_parts(image, T_cam_obj, self._network.batch))

    def ranks(self, observation: Observation, T_cam_obj: Poses) -> np.ndarray:
        """Return logits (B,) of poses (B, 4, 4) of the mesh's own frame, as ranks."""
        image = self._images.of(observation.frame)
        poses = torch.from_numpy(np.asarray(T_cam_obj, np.float32)).to(image.rgb.device)
        return self.logits(image, self._pairs.centred(poses)).cpu().numpy()

    def score(self, observation: Observation, T_cam_obj: Poses) -> Evidence:
        """Weigh poses as a `Scorer` does; ranks of two calls can't be compared."""
        evidence = self._geometric.score(observation, T_cam_obj)
        return replace(evidence, rank=self.ranks(observation, T_cam_obj))
