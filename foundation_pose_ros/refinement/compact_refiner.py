"""Steps that a small network proposes: where a rendering's surface is in the picture, summed up as normal equations.

Needs onnxruntime and weights, but no PyTorch.
"""

from typing import Protocol

import numpy as np

from .. import se3
from ..arrays import Pose, Poses
from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..observation.compared_images import MARGIN, compared_poses
from ..observation.crop import Crop
from ..rendering import Renderer

_LARGEST_TURN_RAD = 0.4


class StepNetwork(Protocol):
    """Gives information (B, 6, 6) and pull (B, 6) of twists, in radii and radians, for pairs (B, 6, 64, 64)."""

    def equations(self, rendered: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...


class CompactRefiner:
    """Moves poses of one object by a network's steps."""

    def __init__(self, network: StepNetwork, model: ObjectModel, renderer: Renderer) -> None:
        self._network, self._model, self._renderer = network, model, renderer

    def moved(self, frame: Frame, T_cam_obj: Poses, iterations: int) -> Poses:
        """Return poses (B, 4, 4) after so many steps, each seen anew; those that leave the image stay as they are."""
        T_cam_obj = np.array(T_cam_obj, np.float32)
        going = np.arange(len(T_cam_obj))
        for _ in range(iterations):
            pairs = {int(b): pair for b in going if (pair := self._pair(frame, T_cam_obj[b])) is not None}
            if not pairs:
                break
            going = np.array(list(pairs))
            rendered, observed = (np.concatenate(images) for images in zip(*pairs.values(), strict=True))
            information, pull = self._network.equations(rendered, observed)
            T_cam_obj[going] = se3.apply_twist(T_cam_obj[going], self._twists(information, pull), self._model.centre_m)
        return T_cam_obj

    def _pair(self, frame: Frame, T_cam_obj: Pose) -> tuple[np.ndarray, np.ndarray] | None:
        """A rendering and the picture (1, 6, 64, 64) in a crop about a pose; None where it is hardly in the image."""
        try:
            crop = Crop.around_pose(frame, self._model, T_cam_obj, MARGIN)
        except InputRefused:
            return None
        return compared_poses(crop, self._renderer, self._model, T_cam_obj[None])

    def _twists(self, information: np.ndarray, pull: np.ndarray) -> np.ndarray:
        """(B, 6) in metres and radians, none longer than half a diameter or a sane turn."""
        twist = np.linalg.solve(information.astype(np.float64), pull[..., None].astype(np.float64))[..., 0]
        reach, angle = (np.linalg.norm(part, axis=1, keepdims=True) for part in (twist[:, :3], twist[:, 3:]))
        twist *= np.minimum(1, np.minimum(_LARGEST_TURN_RAD / np.maximum(angle, 1e-9), 1 / np.maximum(reach, 1e-9)))
        twist[:, :3] *= self._model.diameter_m / 2
        return twist
