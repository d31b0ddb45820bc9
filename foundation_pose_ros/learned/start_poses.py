"""The poses from which RefineNet is started: turned every way, at the place that the mask shows."""

from functools import lru_cache

import numpy as np
import torch
import trimesh
from torch import Tensor

from .. import se3
from ..arrays import Mask
from ..errors import InputRefused
from ..object_model.symmetry import Symmetries
from .observed_image import ObservedImage

_IN_PLANE_DEG = 60
# With a hair more than 30 degrees: turns of 60 and of 90 lie just that far apart, and rounding would choose.
_APART_RAD = np.deg2rad(30.0) + 1e-6
_SYMMETRY_STEP_DEG = 5.0
_NEAREST_M = 0.001
_FEWEST_PIXELS = 4


@lru_cache(maxsize=1)
def published_rotations() -> np.ndarray:
    """Return rotations (252, 3, 3) in the published order: 42 views of an icosphere by 6 in-plane turns."""
    z = -np.asarray(trimesh.creation.icosphere(subdivisions=1).vertices)  # optical axes, towards the object
    x = np.cross((0.0, 0.0, 1.0), z)
    x[np.linalg.norm(x, axis=1) == 0] = (1.0, 0.0, 0.0)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    R_obj_cam = np.stack([x, np.cross(z, x), z], axis=2)  # (42, 3, 3)
    angles = np.deg2rad(np.arange(0, 360, _IN_PLANE_DEG))
    turns = np.zeros((len(angles), 3, 3))
    turns[:, 0, 0] = turns[:, 1, 1] = np.cos(angles)
    turns[:, 1, 0], turns[:, 0, 1] = np.sin(angles), -np.sin(angles)
    turns[:, 2, 2] = 1
    return np.swapaxes(R_obj_cam[:, None] @ turns, 2, 3).reshape(-1, 3, 3)


def unique_rotations(rotations: np.ndarray, symmetries: Symmetries, apart_rad: float = _APART_RAD) -> np.ndarray:
    """Keep rotations (R, 3, 3) that no symmetry turns to within apart_rad of an earlier one that is kept."""
    turns = symmetries.transforms(_SYMMETRY_STEP_DEG)[:, :3, :3]  # (S, 3, 3)
    kept = rotations[:1]
    for R in rotations[1:]:
        angles = se3.rotation_angle_rad(kept[:, None], R @ turns)  # (K, S)
        if angles.min() >= apart_rad:
            kept = np.concatenate([kept, R[None]])
    return kept


def masked_translation(image: ObservedImage, mask: Mask) -> Tensor:
    """Return where a mask (H, W) bool shows the object: (3,) on the image's device, the ray through the middle of its
    box.

    As far away as the median of the depth under it. Raises InputRefused where it has fewer than four pixels of depth.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    under = image.depth_m[torch.from_numpy(mask).to(image.depth_m.device)]
    under = under[under >= _NEAREST_M]
    if len(under) < _FEWEST_PIXELS:
        raise InputRefused(
            "no_depth_under_mask",
            "hardly any depth under the mask: mark the whole object, or move the camera to where depth is measured",
        )
    middle = torch.tensor([columns[0] + columns[-1], rows[0] + rows[-1], 2], dtype=torch.float64) / 2
    ray = torch.linalg.solve(image.K, middle.to(image.K))
    ordered = under.sort().values
    count = len(ordered)
    median_m = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2  # torch's own is the lower one of the two
    return (ray * median_m).float()


def start_poses(rotations: np.ndarray, translation: Tensor) -> Tensor:
    """Return poses (B, 4, 4) float32 of the centred object at rotations (B, 3, 3), all at one translation (3,)."""
    poses = torch.eye(4, device=translation.device).repeat(len(rotations), 1, 1)
    poses[:, :3, :3] = torch.from_numpy(rotations).to(poses)
    poses[:, :3, 3] = translation
    return poses
