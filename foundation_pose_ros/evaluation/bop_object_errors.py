"""Errors of an object's estimates in one image against its true poses, as the official evaluation measures them."""

from dataclasses import dataclass

import numpy as np

from ..arrays import Depth, Intrinsics, Pose, Poses
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..rendering.embree import EmbreeRenderer
from .bop_errors import VSD_TAUS, mspd_px, mssd_m, outlines_overlap, spheres_overlap, symmetry_transforms, vsd

# What is farther shows nothing, and would overflow in single precision on the way.
_FARTHEST_M = 1e6
# The official renderers have the centre of pixel i at i + 0.5 of the intrinsics, where K here has it at i.
_PIXEL_CENTRE_PX = 0.5


@dataclass(frozen=True, eq=False)
class PairErrors:
    """Of each estimate (E) against each truth (T): vsd (E, T, taus) 0..1, mssd (E, T) in diameters, mspd_px (E, T)."""

    vsd: np.ndarray
    mssd: np.ndarray
    mspd_px: np.ndarray


class ObjectErrors:
    """Measures errors of one object's poses; the model is that of `models_eval`, its diameter in metres."""

    def __init__(self, model: ObjectModel, diameter_m: float) -> None:
        self._renderer = EmbreeRenderer(model)
        self._vertices = model.vertices
        self._symmetries = symmetry_transforms(model.symmetries)
        self._diameter_m = diameter_m

    def __call__(self, T_estimates: Poses, T_truths: Poses, frame: Frame) -> PairErrors:
        """Compare estimates (E, 4, 4) with truths (T, 4, 4) in a frame."""
        K = frame.camera.K
        shown = [[self._rendered_m(T, K, frame.depth_m.shape) for T in poses] for poses in (T_estimates, T_truths)]
        shape = len(T_estimates), len(T_truths)
        errors = PairErrors(np.ones((*shape, len(VSD_TAUS))), np.full(shape, np.inf), np.zeros(shape))
        for i, j in np.ndindex(shape):
            T, T_truth = T_estimates[i], T_truths[j]
            if outlines_overlap(T, T_truth, self._diameter_m):
                errors.vsd[i, j] = vsd(shown[0][i], shown[1][j], frame.depth_m, K, self._diameter_m)
            if spheres_overlap(T, T_truth, self._diameter_m):
                errors.mssd[i, j] = mssd_m(T, T_truth, self._vertices, self._symmetries) / self._diameter_m
            errors.mspd_px[i, j] = mspd_px(T, T_truth, self._vertices, K, self._symmetries)
        return errors

    def _rendered_m(self, T_cam_obj: Pose, K: Intrinsics, size: tuple[int, int]) -> Depth:
        if np.abs(T_cam_obj[:3, 3]).max() > _FARTHEST_M:
            return np.zeros(size, np.float32)
        K_centred = np.array(K)
        K_centred[:2, 2] -= _PIXEL_CENTRE_PX
        return self._renderer.render(np.asarray(T_cam_obj, np.float32)[None], K_centred, size).depth_m[0]
