"""Smooth, seeded, hand-held motion of a camera around a table, and of an object in a hand."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, RotationSpline

from ..arrays import Poses
from ..se3 import from_rotation_translation, rotation_angle_rad


@dataclass(frozen=True)
class Motion:
    """How a path runs: its limits of speed, both kept at once, and the trembling of the hand on top.

    speed_m_s and turn_deg_s are reached by whichever comes first along the path. tremor_m and tremor_deg are standard
    deviations about the smooth path, at up to some 4 Hz; 0 keeps to the limits exactly.
    """

    speed_m_s: float = 0.15
    turn_deg_s: float = 25.0
    tremor_m: float = 0.0004
    tremor_deg: float = 0.05


def camera_path(
    frames: int,
    rate_hz: float,
    target_m: np.ndarray,
    rng: np.random.Generator,
    motion: Motion = Motion(),
    distance_m: tuple[float, float] = (0.55, 0.85),
    azimuth_deg: tuple[float, float] = (-125.0, -55.0),
    elevation_deg: tuple[float, float] = (24.0, 52.0),
) -> Poses:
    """Return poses T_world_cam (frames, 4, 4) of a camera that wanders before a target and looks near it.

    World: z up; azimuth is that of the camera seen from the target, -90 degrees on the side of -y. Key poses are drawn
    inside the ranges and joined by splines of position and rotation, then timed so that `motion`'s limits hold.
    """
    count = _key_count(frames, rate_hz, motion)
    azimuth = np.deg2rad(_wander(count, azimuth_deg, rng))
    elevation = np.deg2rad(_wander(count, elevation_deg, rng))
    distance = _wander(count, distance_m, rng)
    level = distance * np.cos(elevation)
    eye = target_m + np.stack([level * np.cos(azimuth), level * np.sin(azimuth), distance * np.sin(elevation)], axis=1)
    aim = target_m + rng.normal(0, 0.02, (count, 3))
    roll = np.deg2rad(_wander(count, (-6.0, 6.0), rng))
    keys = look_at(eye, aim) @ _rolled(roll)
    return _timed(keys, frames, rate_hz, motion, rng)


def object_path(
    frames: int,
    rate_hz: float,
    start: np.ndarray,
    rng: np.random.Generator,
    motion: Motion = Motion(),
) -> Poses:
    """Return T_world_obj (frames, 4, 4) of an object lifted off the table from T_world_obj `start` and turned about."""
    count = _key_count(frames, rate_hz, motion)
    lift = np.array([0.0, 0.0, 0.12])
    away = rng.uniform([-0.10, -0.12, -0.03], [0.10, 0.06, 0.06], (count, 3)) + lift
    away[0] = 0
    away[1] = lift * 0.8
    turn = Rotation.from_rotvec(np.cumsum(rng.normal(0, 0.45, (count, 3)), axis=0) * (np.arange(count) > 1)[:, None])
    keys = from_rotation_translation(turn.as_matrix() @ start[:3, :3], start[:3, 3] + away)
    still = Motion(motion.speed_m_s, motion.turn_deg_s, 0.0, 0.0)
    return _timed(keys, frames, rate_hz, still, rng)


def look_at(eye_m: np.ndarray, target_m: np.ndarray) -> np.ndarray:
    """Return T_world_cam (..., 4, 4) at eye_m (..., 3) that look at a target with the world's z up, OpenCV axes."""
    forward = np.asarray(target_m, float) - eye_m
    forward /= np.linalg.norm(forward, axis=-1, keepdims=True)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right, axis=-1, keepdims=True)
    return from_rotation_translation(np.stack([right, np.cross(forward, right), forward], axis=-1), eye_m)


def stamps_ns(frames: int, rate_hz: float, start_ns: int = 1_000_000_000) -> list[int]:
    """Return time of each frame at a steady rate."""
    return [start_ns + round(i * 1e9 / rate_hz) for i in range(frames)]


def _key_count(frames: int, rate_hz: float, motion: Motion) -> int:
    # Key poses stand some 0.15 m or 15 degrees apart: enough of them for the whole recording at full speed.
    duration_s = frames / rate_hz
    return int(np.ceil(duration_s * max(motion.speed_m_s / 0.1, motion.turn_deg_s / 10.0))) + 5


def _wander(count: int, limits: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Values (count,) that drift inside limits, reflected at the ends."""
    low, high = limits
    if high <= low:
        return np.full(count, low)
    steps = np.cumsum(np.concatenate([[rng.uniform(0.25, 0.75)], rng.normal(0, 0.28, count - 1)]))
    return low + (high - low) * np.abs((steps + 1) % 2 - 1)


def _rolled(angle_rad: np.ndarray) -> np.ndarray:
    return from_rotation_translation(Rotation.from_rotvec(angle_rad[:, None] * [0, 0, 1]).as_matrix(), np.zeros(3))


def _timed(keys: np.ndarray, frames: int, rate_hz: float, motion: Motion, rng: np.random.Generator) -> Poses:
    """Run along a spline through key poses (K, 4, 4) as fast as the limits allow, starting and ending softly."""
    at = np.arange(len(keys), dtype=float)
    position, rotation = CubicSpline(at, keys[:, :3, 3]), RotationSpline(at, Rotation.from_matrix(keys[:, :3, :3]))
    s = np.linspace(0, at[-1], 200 * len(keys))
    R, t = rotation(s).as_matrix(), position(s)
    metres = np.linalg.norm(np.diff(t, axis=0), axis=1)
    radians = rotation_angle_rad(R[:-1], R[1:])
    pace_m, pace_rad = max(motion.speed_m_s, 1e-9), np.deg2rad(max(motion.turn_deg_s, 1e-9))
    seconds = np.concatenate([[0], np.cumsum(np.maximum(metres / pace_m, radians / pace_rad))])
    time_s = np.arange(frames) / rate_hz
    # The first half second accelerates from rest, as someone who starts to move does.
    ramp_s = 0.5
    travelled_s = np.where(time_s < ramp_s, time_s**2 / (2 * ramp_s), time_s - ramp_s / 2)
    along = np.interp(travelled_s, seconds, s)
    T = from_rotation_translation(rotation(along).as_matrix(), position(along))
    if motion.tremor_m > 0 or motion.tremor_deg > 0:
        T = T @ _tremor(time_s, motion, rng)
    return T


def _tremor(time_s: np.ndarray, motion: Motion, rng: np.random.Generator) -> Poses:
    """Small motions (N, 4, 4) in the moving frame, band-limited by a spline with 8 knots a second."""
    knots = np.arange(0, time_s[-1] + 1.0, 1 / 8)
    shake = CubicSpline(knots, rng.normal(0, 1, (len(knots), 6)))(time_s)
    turn = Rotation.from_rotvec(np.deg2rad(motion.tremor_deg) * shake[:, 3:])
    return from_rotation_translation(turn.as_matrix(), motion.tremor_m * shake[:, :3])
