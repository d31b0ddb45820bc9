"""What a step of RefineNet does to a pose."""

import torch
from torch import Tensor

# Below this angle, squared, sine and cosine are taken of it instead.
_LEAST_ANGLE_SQUARED = 1e-4


def updated(T_cam_obj: Tensor, translation: Tensor, rotation: Tensor, diameter_m: float, turn_rad: float) -> Tensor:
    """Poses (B, 4, 4) of the centred object, moved by RefineNet's outputs (B, 3), orthonormal to float32.

    The object's centre moves by `translation` radii; it turns about the camera's axes, through its centre, by at most
    turn_rad about each, against the sense of `rotation` (as the published networks were trained).
    """
    moved = T_cam_obj.clone()
    moved[:, :3, 3] += translation * (diameter_m / 2)
    turned = _exp(-torch.tanh(rotation) * turn_rad) @ T_cam_obj[:, :3, :3]
    # One Newton step towards the nearest rotation: products of a long track would drift off.
    moved[:, :3, :3] = 1.5 * turned - 0.5 * turned @ turned.transpose(1, 2) @ turned
    return moved


def _exp(w: Tensor) -> Tensor:
    """Rotations (B, 3, 3) of rotation vectors (B, 3), after Rodrigues."""
    angle = w.square().sum(dim=1).clamp(min=_LEAST_ANGLE_SQUARED).sqrt()[:, None, None]
    x, y, z = w.unbind(dim=1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=1).reshape(-1, 3, 3)
    identity = torch.eye(3, dtype=w.dtype, device=w.device)
    return identity + angle.sin() / angle * cross + (1 - angle.cos()) / angle.square() * (cross @ cross)
