"""Rigid transforms as (..., 4, 4) matrices: `p_a = T_a_b @ p_b`.

Twists are (..., 6): translation first, then rotation vector in radians, the order of ROS covariances (REP-103).
"""

from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from .arrays import Pose
from .jit import compiled


def from_rotation_translation(R: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Build (..., 4, 4) float32 from R (..., 3, 3) and t (..., 3), broadcast against each other."""
    R, t = np.asarray(R), np.asarray(t)
    batch = np.broadcast_shapes(R.shape[:-2], t.shape[:-1])
    T = np.zeros((*batch, 4, 4), np.float32)
    T[..., :3, :3] = R
    T[..., :3, 3] = t
    T[..., 3, 3] = 1.0
    return T


def inverse(T: np.ndarray) -> np.ndarray:
    """Invert rigid (..., 4, 4) transforms; the rotation part must be orthonormal."""
    R_inv = np.swapaxes(T[..., :3, :3], -1, -2)
    inverted = np.zeros(T.shape, np.float32)
    inverted[..., :3, :3] = R_inv
    inverted[..., :3, 3:] = -(R_inv @ T[..., :3, 3:])
    inverted[..., 3, 3] = 1
    return inverted.astype(T.dtype)


def transform_points(T: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points (..., N, 3) by T (..., 4, 4)."""
    return points @ np.swapaxes(T[..., :3, :3], -1, -2) + T[..., None, :3, 3]


def apply_twist(T_cam_obj: np.ndarray, twist: np.ndarray, centre_obj: np.ndarray | None = None) -> np.ndarray:
    """Move objects by a twist in camera axes about the point `centre_obj` (3,) of the object (its origin by default).

    T_cam_obj (..., 4, 4), twist (..., 6) as (v in metres, w in radians): the centre moves by v, whatever w is. The
    result is orthonormal to float32.
    """
    # Copies: the loop would be compiled once more for arrays that mustn't be written to.
    T_cam_obj, twist = np.array(T_cam_obj), np.array(twist, np.float64)
    batch = T_cam_obj.shape[:-2]
    if batch != twist.shape[:-1]:  # NumPy takes longer to broadcast one pose than all the rest
        batch = np.broadcast_shapes(batch, twist.shape[:-1])
        T_cam_obj = np.array(np.broadcast_to(T_cam_obj, (*batch, 4, 4)))
        twist = np.array(np.broadcast_to(twist, (*batch, 6)))
    centre_obj = np.zeros(3) if centre_obj is None else np.array(centre_obj, np.float64)
    return moved(T_cam_obj.reshape(-1, 4, 4), twist.reshape(-1, 6), centre_obj).reshape(*batch, 4, 4)


@compiled
def moved(T_cam_obj: Any, twist: Any, centre_obj: Any) -> Any:
    """Apply twists (B, 6) to poses (B, 4, 4), as `apply_twist` does."""
    result = np.zeros((len(twist), 4, 4), np.float32)
    R = np.empty((3, 3))
    for b in range(len(twist)):
        v, w = twist[b, :3], twist[b, 3:]
        angle = np.sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2])
        # Rodrigues: R_old + sin(a) / a [w] R_old + (1 - cos(a)) / a^2 [w]^2 R_old, column by column.
        first = np.sin(angle) / angle if angle > 1e-6 else 1.0
        second = 2 * (np.sin(angle / 2) / angle) ** 2 if angle > 1e-6 else 0.5
        for column in range(3):
            x, y, z = T_cam_obj[b, 0, column], T_cam_obj[b, 1, column], T_cam_obj[b, 2, column]
            across = w[1] * z - w[2] * y, w[2] * x - w[0] * z, w[0] * y - w[1] * x
            R[0, column] = x + first * across[0] + second * (w[1] * across[2] - w[2] * across[1])
            R[1, column] = y + first * across[1] + second * (w[2] * across[0] - w[0] * across[2])
            R[2, column] = z + first * across[2] + second * (w[0] * across[1] - w[1] * across[0])
        turned = orthonormalized(R)
        for row in range(3):
            t = T_cam_obj[b, row, 3] + v[row]
            for column in range(3):
                result[b, row, column] = turned[row, column]
                t += (T_cam_obj[b, row, column] - turned[row, column]) * centre_obj[column]
            result[b, row, 3] = t
        result[b, 3, 3] = 1
    return result


@compiled
def orthonormalized(R: Any) -> Any:
    """Take one Newton step of a (3, 3) towards the nearest rotation: undoes the drift of repeated float32 products."""
    result = np.empty((3, 3))
    for row in range(3):
        for column in range(3):
            off = 0.0
            for k in range(3):
                for m in range(3):
                    off += R[row, k] * R[m, k] * R[m, column]
            result[row, column] = 1.5 * R[row, column] - 0.5 * off
    return result


def twist_between(T_from: np.ndarray, T_to: np.ndarray, centre_obj: np.ndarray | None = None) -> np.ndarray:
    """Return the twist (..., 6) with `apply_twist(T_from, twist, centre_obj) == T_to`."""
    T_from, T_to = np.asarray(T_from, np.float64), np.asarray(T_to, np.float64)
    if T_from.shape != T_to.shape:
        T_from, T_to = np.broadcast_arrays(T_from, T_to)
    centre_obj = np.zeros(3) if centre_obj is None else np.array(centre_obj, np.float64)
    pairs = np.array((T_from, T_to)).reshape(2, -1, 4, 4)
    return _twists(pairs, centre_obj).reshape(*T_from.shape[:-2], 6)


@compiled
def _twists(pairs: Any, centre_obj: Any) -> Any:
    """(B, 6) from the first to the second of pairs (2, B, 4, 4)."""
    twists = np.empty((pairs.shape[1], 6))
    R, q = np.empty((3, 3)), np.empty(4)
    for b in range(pairs.shape[1]):
        old, new, twist = pairs[0, b], pairs[1, b], twists[b]
        for row in range(3):
            twist[row] = new[row, 3] - old[row, 3]
            for column in range(3):
                twist[row] += (new[row, column] - old[row, column]) * centre_obj[column]
                R[row, column] = 0
                for k in range(3):
                    R[row, column] += new[row, k] * old[column, k]
        _fill_quaternion(R, q)
        half_sine = np.sqrt(q[0] ** 2 + q[1] ** 2 + q[2] ** 2)
        # Of the two quaternions of a rotation the one that turns less than half around.
        sign = -1.0 if q[3] < 0 else 1.0
        scale = 2 * np.arctan2(half_sine, sign * q[3]) / half_sine if half_sine > 1e-12 else 0.0
        for k in range(3):
            twist[3 + k] = sign * scale * q[k]
    return twists


@compiled
def _fill_quaternion(R: Any, q: Any) -> None:
    """Fill q (4,) with a quaternion x, y, z, w of a rotation (3, 3), of any length and sign.

    Its largest part comes first (Shepperd 1978): nothing cancels, near a half turn as near none.
    """
    largest = 3
    for k in range(3):
        if R[k, k] > max(R[0, 0] + R[1, 1] + R[2, 2], R[(k + 1) % 3, (k + 1) % 3], R[(k + 2) % 3, (k + 2) % 3]):
            largest = k
    if largest == 3:
        q[0], q[1], q[2] = R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]
        q[3] = 1 + R[0, 0] + R[1, 1] + R[2, 2]
    else:
        i, j, k = largest, (largest + 1) % 3, (largest + 2) % 3
        q[i], q[3] = 1 + R[i, i] - R[j, j] - R[k, k], R[k, j] - R[j, k]
        q[j], q[k] = R[j, i] + R[i, j], R[k, i] + R[i, k]


def best_fit(points: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return float64 transforms (..., 4, 4) that bring points (..., N, 3) closest to targets (..., N, 3).

    Least squares over rotations and translations, no mirroring (Kabsch 1976, Umeyama 1991); either may be broadcast.
    """
    points, targets = np.asarray(points, np.float64), np.asarray(targets, np.float64)
    mean_from, mean_to = points.mean(axis=-2, keepdims=True), targets.mean(axis=-2, keepdims=True)
    U, _, Vt = np.linalg.svd(np.swapaxes(targets - mean_to, -1, -2) @ (points - mean_from))
    U[..., -1] *= np.sign(np.linalg.det(U @ Vt))[..., None]
    T = np.zeros((*U.shape[:-2], 4, 4))
    T[..., :3, :3] = U @ Vt
    T[..., :3, 3] = (mean_to - mean_from @ np.swapaxes(T[..., :3, :3], -1, -2))[..., 0, :]
    T[..., 3, 3] = 1.0
    return T


def cross_matrix(v: np.ndarray) -> np.ndarray:
    """Return the matrices (..., 3, 3) with `cross_matrix(v) @ x == cross(v, x)` for v (..., 3)."""
    v = np.asarray(v)
    matrices = np.zeros((*v.shape, 3), v.dtype)
    for a, b, c in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        matrices[..., c, b], matrices[..., b, c] = v[..., a], -v[..., a]
    return matrices


def rotation_angle_rad(R_a: np.ndarray, R_b: np.ndarray) -> np.ndarray:
    """Return the geodesic angle, rad, between rotations (..., 3, 3), broadcast; exact near 0 and pi."""
    R = np.swapaxes(np.asarray(R_a, np.float64), -1, -2) @ np.asarray(R_b, np.float64)
    double_cosine = R[..., 0, 0] + R[..., 1, 1] + R[..., 2, 2] - 1.0
    x, y, z = R[..., 2, 1] - R[..., 1, 2], R[..., 0, 2] - R[..., 2, 0], R[..., 1, 0] - R[..., 0, 1]
    return np.arctan2(np.sqrt(x * x + y * y + z * z), double_cosine)


def to_quaternion_xyzw(T: Pose) -> np.ndarray:
    """Return the unit quaternion (4,) in ROS order x, y, z, w of one transform (4, 4), with w >= 0."""
    # SciPy takes a fifth of a millisecond for one rotation, and each object's message has several.
    quaternion: np.ndarray = _quaternion(np.array(T, np.float64))
    return quaternion


@compiled
def _quaternion(T: Any) -> Any:
    q = np.empty(4)
    _fill_quaternion(T, q)
    length = np.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3])
    return q / (-length if q[3] < 0 else length)


def from_quaternion_xyzw(quaternion: np.ndarray, translation_m: np.ndarray) -> Pose:
    """Make a transform (4, 4) from a quaternion x, y, z, w of any positive norm and a translation in metres."""
    return from_rotation_translation(Rotation.from_quat(quaternion).as_matrix(), np.asarray(translation_m))
