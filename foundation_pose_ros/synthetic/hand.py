"""A sleeve and hand that reach in front of an object and withdraw: the occluder of every table-top recording."""

import numpy as np
import trimesh

from ..arrays import Poses
from ..object_model.model import ObjectModel
from ..se3 import from_rotation_translation

_SKIN, _SLEEVE = (206, 150, 122, 255), (62, 74, 104, 255)


def hand_model(rng: np.random.Generator) -> ObjectModel:
    """Return a hand about its palm: fingers along -x, forearm and sleeve along +x, palm facing -y, metres."""
    skin = (*(int(value) for value in np.array(_SKIN[:3]) * rng.uniform(0.45, 1.08)), 255)
    palm = trimesh.creation.icosphere(subdivisions=3)
    palm.apply_scale([0.05, 0.016, 0.042])
    parts = [(palm, skin)]
    for k, (length, spread) in enumerate(((0.062, -9), (0.074, -3), (0.07, 4), (0.054, 11))):
        base = np.array([-0.036, 0.0, -0.030 + 0.020 * k])
        middle = base + length * 0.6 * _direction(spread, 14)
        parts += [
            (_capsule(base, middle, 0.0092), skin),
            (_capsule(middle, middle + length * 0.5 * _direction(spread, 48), 0.0085), skin),
        ]
    thumb = np.array([-0.036, -0.028, 0.056])
    parts.append((_capsule(np.array([0.012, -0.004, 0.03]), thumb, 0.0115), skin))
    parts.append((_capsule(thumb, thumb + np.array([-0.026, -0.012, 0.004]), 0.0105), skin))
    parts.append((_capsule(np.array([0.02, 0.0, 0.0]), np.array([0.13, 0.008, 0.0]), 0.027), skin))
    parts.append((_capsule(np.array([0.12, 0.008, 0.0]), np.array([0.62, 0.05, 0.03]), 0.043), _SLEEVE))
    for part, colour in parts:
        part.visual = trimesh.visual.ColorVisuals(
            part, vertex_colors=np.tile(np.array(colour, np.uint8), (len(part.vertices), 1))
        )
    hand = trimesh.util.concatenate([part for part, _ in parts])
    assert isinstance(hand, trimesh.Trimesh)
    return ObjectModel.from_mesh(hand, name="hand")


def hand_path(
    frames: int,
    rate_hz: float,
    target_m: np.ndarray,
    eye_m: np.ndarray,
    rng: np.random.Generator,
    period_s: float = 2.4,
) -> Poses:
    """Return T_world_hand (frames, 4, 4): out of the picture, before the target seen from eye_m, and back."""
    towards = (eye_m - target_m) * [1, 1, 0]
    towards /= np.linalg.norm(towards)
    right = np.cross([0.0, 0.0, 1.0], towards)
    up = np.cross(towards, right)
    time_s = np.arange(frames) / rate_hz
    near = 0.5 - 0.5 * np.cos(2 * np.pi * time_s / period_s)
    reach = 0.03 + 0.45 * (1 - near) ** 1.5
    bob = 0.015 * np.sin(2 * np.pi * time_s / (period_s * 0.7) + rng.uniform(0, 6))
    place = target_m + reach[:, None] * right + 0.12 * towards + (0.035 + bob)[:, None] * up
    tilt = np.deg2rad(18)
    outwards = np.cos(tilt) * right + np.sin(tilt) * up
    R = np.stack([outwards, towards, np.cross(outwards, towards)], axis=1)
    return from_rotation_translation(R, place)


def _direction(spread_deg: float, curl_deg: float) -> np.ndarray:
    spread, curl = np.deg2rad(spread_deg), np.deg2rad(curl_deg)
    return np.array([-np.cos(curl) * np.cos(spread), -np.sin(curl), np.cos(curl) * np.sin(spread)])


def _capsule(start: np.ndarray, end: np.ndarray, radius_m: float) -> trimesh.Trimesh:
    along = end - start
    capsule = trimesh.creation.capsule(height=float(np.linalg.norm(along)), radius=radius_m, count=[20, 20])
    T = trimesh.geometry.align_vectors([0, 0, 1], along / np.linalg.norm(along))
    # trimesh has put the origin at an end or in the middle, by version.
    T[:3, 3] = (start + end) / 2 - T[:3, :3] @ capsule.bounds.mean(axis=0)
    capsule.apply_transform(T)
    return capsule
