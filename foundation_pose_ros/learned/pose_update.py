"""What a step of RefineNet does to a pose."""

import torch
from torch import Tensor

# Below this angle, squared, sine and cosine are taken of it instead.
_LEAST_ANGLE_SQUARED = 1e-4


def updated(T_cam_obj: Tensor, translation: Tensor, rotation: Tensor, diameter_m: float, turn_rad: float) -> Tensor:
    """Move poses (B, 4, 4) of the centred object by RefineNet's outputs (B, 3); they stay orthonormal to float32.

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


def true_steps(
    T_start: Tensor, T_true: Tensor, centre_obj: Tensor, radius_m: float, turn_rad: float
) -> tuple[Tensor, Tensor]:
    """Return what RefineNet should say of poses (B, 4, 4): translation (B, 3) in radii, rotation (B, 3) after the tanh.

    centre_obj (3,), radius_m: of the object; turn_rad: the largest turn about each axis. The centre moves by the
    translation; the object turns by the transpose of the rotation's exponential, in the camera's axes, as the published
    networks have it.
    """
    centres = [T[:, :3, :3] @ centre_obj + T[:, :3, 3] for T in (T_start, T_true)]
    turn = T_true[:, :3, :3] @ T_start[:, :3, :3].transpose(1, 2)
    return (centres[1] - centres[0]) / radius_m, -_rotation_vectors(turn) / turn_rad


def stepped(
    T_start: Tensor, translation: Tensor, rotation: Tensor, centre_obj: Tensor, radius_m: float, turn_rad: float
) -> Tensor:
    """Move poses (B, 4, 4) by RefineNet's outputs (B, 3), rotation before the tanh."""
    centred = T_start.clone()
    centred[:, :3, 3] += T_start[:, :3, :3] @ centre_obj
    moved = updated(centred, translation, rotation, 2 * radius_m, turn_rad)
    moved[:, :3, 3] -= moved[:, :3, :3] @ centre_obj
    return moved


def _rotation_vectors(R: Tensor) -> Tensor:
    """(B, 3) of rotations (B, 3, 3) by less than half a turn."""
    sine_axis = torch.stack([R[:, 2, 1] - R[:, 1, 2], R[:, 0, 2] - R[:, 2, 0], R[:, 1, 0] - R[:, 0, 1]], dim=1) / 2
    sine = sine_axis.norm(dim=1, keepdim=True)
    cosine = (R.diagonal(dim1=1, dim2=2).sum(dim=1, keepdim=True) - 1) / 2
    return sine_axis * (torch.atan2(sine, cosine) / sine.clamp(min=1e-8))
