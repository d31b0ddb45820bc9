"""First poses: rotations spread over all directions, thinned by symmetry, at the place that the mask shows."""

from functools import lru_cache

import numpy as np
from scipy.spatial.transform import Rotation

from .. import se3
from ..object_model.directions import icosphere
from ..object_model.model import ObjectModel
from ..object_model.symmetry import Symmetries
from ..observation.observation import Observation
from ..rendering import Renderer

_IN_PLANE = 6
_MIN_SPACING_RAD = np.deg2rad(30.0)


@lru_cache(maxsize=1)
def rotation_grid() -> np.ndarray:
    """Spread object-to-camera rotations (252, 3, 3): 42 viewpoints of an icosphere by 6 turns about the optical axis.

    Mean distance of any rotation to the nearest is 20 degrees, the largest 35 (after Wen et al. 2024).
    """
    z = -icosphere(subdivisions=1)  # optical axes, towards the object
    up = np.where(np.abs(z[:, 2:]) > 0.999, (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    x = np.cross(z, up)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    R_cam_obj = np.stack([x, np.cross(z, x), z], axis=1)  # rows are the camera's axes in the object's frame
    turns = Rotation.from_euler("z", np.arange(_IN_PLANE)[:, None] * 2 * np.pi / _IN_PLANE).as_matrix()
    return (turns[None] @ R_cam_obj[:, None]).reshape(-1, 3, 3)


def unique_rotations(
    rotations: np.ndarray, symmetries: Symmetries, spacing_rad: float = _MIN_SPACING_RAD
) -> np.ndarray:
    """Drop rotations that a symmetry brings within `spacing_rad` of an earlier one (greedy, in order)."""
    if symmetries.order == 1:
        return rotations
    turns = symmetries.transforms(step_deg=10.0)[:, :3, :3]  # (S, 3, 3)
    kept: list[np.ndarray] = []
    equivalents = np.zeros((0, 3, 3))
    for R in rotations:
        if len(equivalents) == 0 or se3.rotation_angle_rad(equivalents, R).min() >= spacing_rad:
            kept.append(R)
            equivalents = np.concatenate([equivalents, R @ turns])
    return np.array(kept)


def spread_rotations(rotations: np.ndarray, symmetries: Symmetries, most: int) -> np.ndarray:
    """Return at most `most` of rotations (B, 3, 3) that lie far apart over symmetries, the first of them first.

    Each is the one furthest from those before it (Gonzalez 1985). Without symmetries, 60 of the grid's are 30 degrees
    from any rotation in the mean, 54 at most.
    """
    turns = symmetries.transforms(step_deg=10.0)[:, :3, :3]  # (S, 3, 3)
    away_rad, kept = np.full(len(rotations), np.inf), [0]
    while len(kept) < min(most, len(rotations)):
        equivalents = rotations[kept[-1]] @ turns
        from_last_rad = se3.rotation_angle_rad(rotations[:, None], equivalents[None]).min(axis=1)
        away_rad = np.minimum(away_rad, from_last_rad)
        kept.append(int(away_rad.argmax()))
    return rotations[kept]


def initial_poses(
    rotations: np.ndarray,
    observation: Observation,
    mask: np.ndarray,
    renderer: Renderer,
    model: ObjectModel,
) -> np.ndarray:
    """Place rotations (B, 3, 3) so that their *visible* surface lies where the masked one does: poses (B, 4, 4).

    The object's centre is first put behind the masked depth, each hypothesis is rendered there once, and moved by
    what its rendered silhouette and depth lack. mask (N,) bool: with some depth under it.
    """
    centre_obj = model.centre_m
    seen = mask & (observation.depth_m > 0)
    z_seen_m = float(np.median(observation.depth_m[seen]))
    middle_ray = _middle(observation.rays[mask])
    centre_cam = np.tile(middle_ray * (z_seen_m + 0.25 * model.diameter_m), (len(rotations), 1))  # (B, 3)
    for _ in range(2):
        T_cam_obj = se3.from_rotation_translation(rotations, centre_cam - rotations @ centre_obj)
        depth_m = renderer.render(T_cam_obj, observation.K, (observation.size,) * 2).depth_m
        depth_m = depth_m.reshape(len(rotations), -1)  # (B, N)
        depth_m *= observation.in_image
        hit = depth_m > 0
        count = np.count_nonzero(hit, axis=1)  # (B,)
        share = 1 / np.maximum(count, 1)
        rendered_ray = np.where(count[:, None] > 0, (hit @ observation.rays) * share[:, None], middle_ray)
        rendered_z = np.where(count > 0, depth_m.sum(axis=1) * share, centre_cam[:, 2])
        centre_cam = centre_cam + (middle_ray - rendered_ray) * rendered_z[:, None]
        centre_cam *= (1 + (observation.depth_m[seen].mean() - rendered_z) / centre_cam[:, 2])[:, None]
    return se3.from_rotation_translation(rotations, centre_cam - rotations @ centre_obj)


def _middle(rays: np.ndarray) -> np.ndarray:
    return rays.mean(axis=0)
