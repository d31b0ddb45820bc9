"""Steps of a small network and of depth together: what both say of a pose is summed up as normal equations.

The network says where a rendering's surface is in the picture. Needs onnxruntime and weights, but no PyTorch.
"""

from typing import Protocol

import numpy as np

from .. import se3
from ..arrays import Pose, Poses
from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..observation.compared_images import MARGIN, SIZE, compared_poses
from ..observation.crop import Crop
from ..rendering import Renderer
from .gauss_newton import NormalEquations
from .geometric import GeometricRefiner

_LARGEST_TURN_RAD = 0.4
# How far surfaces may be off in the first and last step, in diameters.
_OFF = (0.12, 0.02)
# The network is surer of itself than it is right: depth counts so many times more than by the spread of its residuals,
# which is taken to be this at least, m. From 3 to 30 times more made no difference that could be told.
_DEPTH_COUNTS, _LEAST_SPREAD_M = 10.0, 0.0015


class StepNetwork(Protocol):
    """Gives information (B, 6, 6) and pull (B, 6) of twists, in radii and radians, for pairs (B, 6, 64, 64)."""

    def equations(self, rendered: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...


class CompactRefiner:
    """Moves poses of one object by what a network and depth say together."""

    def __init__(self, network: StepNetwork, model: ObjectModel, renderer: Renderer) -> None:
        self._network, self._model, self._renderer = network, model, renderer
        self._geometric = GeometricRefiner(model, renderer)
        radius_m = model.diameter_m / 2
        self._units = np.array([radius_m, radius_m, radius_m, 1.0, 1.0, 1.0])  # a twist in radii to one in metres

    def moved(self, frame: Frame, T_cam_obj: Poses, iterations: int) -> Poses:
        """Return poses (B, 4, 4) after so many steps, each seen anew; those that leave the image stay as they are."""
        T_cam_obj = np.array(T_cam_obj, np.float32)
        going = np.arange(len(T_cam_obj))
        for off in np.geomspace(*_OFF, iterations):
            in_view = {int(b): crop for b in going if (crop := self._crop(frame, T_cam_obj[b])) is not None}
            if not in_view:
                break
            going, crops = np.array(list(in_view)), list(in_view.values())
            poses = T_cam_obj[going]
            equations = self._said(crops, poses) + self._measured(crops, poses, off)
            T_cam_obj[going] = se3.apply_twist(poses, self._twists(equations), self._model.centre_m)
        return T_cam_obj

    def _crop(self, frame: Frame, T_cam_obj: Pose) -> Crop | None:
        """What is seen about a pose; None where it is hardly in the image."""
        try:
            return Crop.around_pose(frame, self._model, T_cam_obj, MARGIN)
        except InputRefused:
            return None

    def _said(self, crops: list[Crop], T_cam_obj: Poses) -> NormalEquations:
        """What the network says of each pose in its crop, in radii and radians about the object's centre."""
        pairs = [
            compared_poses(crop, self._renderer, self._model, pose[None])
            for crop, pose in zip(crops, T_cam_obj, strict=True)
        ]
        rendered, observed = (np.concatenate(images) for images in zip(*pairs, strict=True))
        information, pull = self._network.equations(rendered, observed)
        return NormalEquations(information.astype(np.float64), pull.astype(np.float64))

    def _measured(self, crops: list[Crop], T_cam_obj: Poses, off: float) -> NormalEquations:
        """What depth says likewise, surfaces being off by this share of the diameter at most."""
        information, gradient = np.empty((len(crops), 6, 6)), np.empty((len(crops), 6))
        for b, crop in enumerate(crops):
            depth = self._geometric.depth_equations(
                crop.observe(SIZE), T_cam_obj[b][None], off * self._model.diameter_m
            )
            counts = _DEPTH_COUNTS / max(float(depth.variance_m2[0]), _LEAST_SPREAD_M**2)
            information[b] = counts * self._units[:, None] * depth.information[0] * self._units
            gradient[b] = counts * self._units * depth.gradient[0]
        return NormalEquations(information, gradient)

    def _twists(self, equations: NormalEquations) -> np.ndarray:
        """(B, 6) in metres and radians, none longer than half a diameter or a sane turn."""
        twist = np.linalg.solve(equations.information, equations.gradient[..., None])[..., 0]
        reach, angle = (np.linalg.norm(part, axis=1, keepdims=True) for part in (twist[:, :3], twist[:, 3:]))
        twist *= np.minimum(1, np.minimum(_LARGEST_TURN_RAD / np.maximum(angle, 1e-9), 1 / np.maximum(reach, 1e-9)))
        return twist * self._units
