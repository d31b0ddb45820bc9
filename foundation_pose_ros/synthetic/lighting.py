"""Light of a scene: a window or lamp that throws soft shadows, and the sky and table that fill them.

Surfaces are matt (Lambert 1760) with a glossy coat (Blinn 1977 highlight, Schlick 1994 Fresnel reflection of the sky).
Shadows come from rays: towards the lamp's disc, and cosine-weighted over the hemisphere (ambient occlusion,
Zhukov et al. 1998).
"""

from dataclasses import dataclass

import cv2
import numpy as np
import open3d as o3d

from ..arrays import Points, Pose, Poses
from ..se3 import inverse

_PATTERN = 4  # Pixels of a 4x4 block send different rays, then share what they saw.
_PIXEL_STEP = 2  # Soft shadows need no more than every second pixel.
_SELF_HIT_M = 0.0008


@dataclass(frozen=True)
class LampSettings:
    """A light in the words of who sets it up.

    azimuth_deg: where the lamp stands, -90 on the viewer's side, 90 behind the table. elevation_deg: above the level.
    angular_radius_rad: of its disc; the larger, the softer shadows are. warmth: share of more red, less blue.
    strength, sky, bounce: of the lamp, the light from above, and that from below, 1 = white on what faces it.
    """

    azimuth_deg: float
    elevation_deg: float
    angular_radius_rad: float
    warmth: float = 0.0
    strength: float = 0.95
    sky: float = 0.36
    bounce: float = 0.16

    def light(self) -> "SceneLight":
        """Return it in the numbers of shading."""
        azimuth, elevation = np.deg2rad(self.azimuth_deg), np.deg2rad(self.elevation_deg)
        level = np.cos(elevation)
        direction = np.array([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)])
        lamp = np.array([1.0 + self.warmth, 1.0, 1.0 - 1.4 * self.warmth], np.float32)
        return SceneLight(
            direction.astype(np.float32),
            float(self.angular_radius_rad),
            lamp * np.float32(self.strength),
            np.array([0.94, 1.0, 1.07], np.float32) * np.float32(self.sky),
            np.array([1.1, 1.0, 0.86], np.float32) * np.float32(self.bounce),
        )


@dataclass(frozen=True)
class SceneLight:
    """direction (3,) unit, towards the lamp, world frame; angular_radius_rad of its disc; linear colours (3,)."""

    direction: np.ndarray
    angular_radius_rad: float
    lamp: np.ndarray
    sky: np.ndarray
    bounce: np.ndarray

    @classmethod
    def from_seed(cls, rng: np.random.Generator) -> "SceneLight":
        """Return a lamp or window from above at the side of the viewer, a little warmer or cooler than the sky."""
        return LampSettings(
            azimuth_deg=rng.uniform(-165, -15),
            elevation_deg=rng.uniform(42, 62),
            warmth=rng.uniform(-0.05, 0.09),
            strength=rng.uniform(0.85, 1.05),
            angular_radius_rad=rng.uniform(0.06, 0.14),
            sky=rng.uniform(0.30, 0.42),
            bounce=rng.uniform(0.12, 0.2),
        ).light()

    def irradiance(self, normals: np.ndarray, lamp_seen: np.ndarray, sky_seen: np.ndarray) -> np.ndarray:
        """Return light (N, 3) on surfaces with normals (N, 3) in the world, that see shares (N,) of lamp and sky."""
        facing = np.maximum(normals @ self.direction, 0) * lamp_seen
        up = sky_seen * (0.5 + 0.5 * normals[:, 2])
        shares = np.stack([facing, up, sky_seen - up], axis=1).astype(np.float32)
        return shares @ np.stack([self.lamp, self.sky, self.bounce])

    def gloss(self, normals: np.ndarray, to_eye: np.ndarray, lamp_seen: np.ndarray, sky_seen: np.ndarray) -> np.ndarray:
        """Return light (N, 3) that a fully glossy coat throws at the eye; to_eye (N, 3) unit, world frame."""
        facing = np.maximum(np.einsum("ni,ni->n", normals, to_eye), 0)
        fresnel = 0.04 + 0.96 * (1 - facing) ** 5
        mirrored_z = 2 * facing * normals[:, 2] - to_eye[:, 2]
        half = to_eye + self.direction
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        highlight = 0.55 * np.maximum(np.einsum("ni,ni->n", normals, half), 0) ** 90 * lamp_seen
        sky = np.clip(0.15 + 1.1 * mirrored_z, 0.15, 1.0) * sky_seen
        shares = np.stack([highlight, 1.6 * fresnel * sky], axis=1).astype(np.float32)
        return shares @ np.stack([self.lamp, self.sky])


class ShadowCaster:
    """Which rays bodies stop: standing ones in one ray caster, moving ones each in its own."""

    def __init__(self, threads: int = 2) -> None:
        self._threads = threads
        self._standing = _Caster(threads)
        self._moving: list[tuple[_Caster, np.ndarray]] = []

    def add_standing(self, vertices: Points, faces: np.ndarray, T_world_obj: Pose) -> None:
        """Add a body that keeps its pose T_world_obj (4, 4)."""
        self._standing.add(vertices @ T_world_obj[:3, :3].T + T_world_obj[:3, 3], faces)

    def add_moving(self, vertices: Points, faces: np.ndarray, T_world_obj: Poses) -> None:
        """Add a body with its poses T_world_obj (frames, 4, 4)."""
        caster = _Caster(self._threads)
        caster.add(vertices, faces)
        self._moving.append((caster, T_world_obj))

    @property
    def has_moving(self) -> bool:
        return bool(self._moving)

    def lit(
        self, points: Points, directions: np.ndarray, frame: int, standing: bool = True, moving: bool = True
    ) -> np.ndarray:
        """Return (N,) bool: rays from points (N, 3) along directions (N, 3), world frame, that get away."""
        rays = np.concatenate([points, directions], axis=1).astype(np.float32)
        free = ~self._standing.stops(rays) if standing else np.ones(len(rays), bool)
        for caster, T_world_obj in self._moving if moving else ():
            T_obj_world = inverse(T_world_obj[frame])
            R = T_obj_world[:3, :3]
            free &= ~caster.stops(np.concatenate([rays[:, :3] @ R.T + T_obj_world[:3, 3], rays[:, 3:] @ R.T], axis=1))
        return free


class _Caster:
    def __init__(self, threads: int) -> None:
        self._scene = o3d.t.geometry.RaycastingScene(nthreads=threads)
        self._threads, self._empty = threads, True

    def add(self, vertices: Points, faces: np.ndarray) -> None:
        self._scene.add_triangles(
            o3d.core.Tensor.from_numpy(np.ascontiguousarray(vertices, np.float32)),
            o3d.core.Tensor.from_numpy(faces.astype(np.uint32)),
        )
        self._empty = False

    def stops(self, rays: np.ndarray) -> np.ndarray:
        if self._empty or len(rays) == 0:
            return np.zeros(len(rays), bool)
        tensor = o3d.core.Tensor.from_numpy(np.ascontiguousarray(rays, np.float32))
        return self._scene.test_occlusions(tensor, nthreads=self._threads).numpy()


def table_light(light: SceneLight, shadows: ShadowCaster, points: np.ndarray, rays: int = 32) -> np.ndarray:
    """Return light (h, w, 3) on a level table at points (h, w, 3), shadows of the standing bodies included."""
    lamp_seen, sky_seen = _seen_from_table(light, shadows, points, rays, 0, standing=True)
    up = np.broadcast_to(np.array([0, 0, 1], np.float32), (lamp_seen.size, 3))
    return light.irradiance(up, lamp_seen.ravel(), sky_seen.ravel()).reshape(*points.shape)


def moving_shadow(
    light: SceneLight, shadows: ShadowCaster, points: np.ndarray, frame: int, rays: int = 12
) -> np.ndarray:
    """Return the factor (h, w) by which moving bodies darken a level table at points (h, w, 3) in a frame."""
    lamp_seen, sky_seen = _seen_from_table(light, shadows, points, rays, frame, standing=False)
    lamp, sky = light.lamp.mean() * light.direction[2], light.sky.mean()
    return ((lamp * lamp_seen + sky * sky_seen) / (lamp + sky)).astype(np.float32)


def _seen_from_table(
    light: SceneLight, shadows: ShadowCaster, points: np.ndarray, rays: int, frame: int, standing: bool
) -> tuple[np.ndarray, np.ndarray]:
    flat = points.reshape(-1, 3) + np.array([0, 0, 1e-4])
    up = np.array([0.0, 0.0, 1.0])
    seen = []
    for directions in (lamp_directions(light, rays), _unit(up + sphere(rays))):
        total = np.zeros(len(flat), np.float32)
        for direction in directions:
            along = np.broadcast_to(direction, flat.shape)
            total += shadows.lit(flat, along, frame, standing=standing, moving=not standing)
        seen.append((total / rays).reshape(points.shape[:2]))
    return seen[0], seen[1]


def body_visibility(
    light: SceneLight, shadows: ShadowCaster, points: np.ndarray, normals: np.ndarray, solid: np.ndarray, frame: int
) -> np.ndarray:
    """Return shares (h, w, 2) float32 of lamp and surroundings that surfaces see; 1 away from them.

    points, normals (h, w, 3) in the world where `solid` (h, w) is set.
    """
    size = solid.shape
    coarse = np.s_[::_PIXEL_STEP, ::_PIXEL_STEP]
    solid = solid[coarse]
    rows, columns = np.nonzero(solid)
    cell = (rows % _PATTERN) * _PATTERN + columns % _PATTERN
    normals = normals[coarse][rows, columns]
    start = points[coarse][rows, columns] + _SELF_HIT_M * normals
    order = np.random.default_rng(0).permutation(2 * _PATTERN**2).reshape(2, -1)
    lamp, ball = lamp_directions(light, 2 * _PATTERN**2), sphere(2 * _PATTERN**2)
    seen = np.zeros((len(start), 2), np.float32)
    for half in order:
        seen[:, 0] += shadows.lit(start, lamp[half][cell], frame)
        # A normal plus a point of the unit sphere is a cosine-weighted direction.
        seen[:, 1] += shadows.lit(start, normals + 0.999 * ball[half][cell], frame)
    image, weight = np.zeros((*solid.shape, 2), np.float32), np.zeros(solid.shape, np.float32)
    image[rows, columns], weight[rows, columns] = seen / len(order), 1
    near = cv2.blur(weight, (_PATTERN, _PATTERN))[..., None]
    share = np.where(near > 1e-3, cv2.blur(image, (_PATTERN, _PATTERN)) / np.maximum(near, 1e-3), 1)
    return cv2.resize(share.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR)


def lamp_directions(light: SceneLight, count: int) -> np.ndarray:
    """Return unit directions (count, 3) spread evenly over the lamp's disc (Vogel 1979 spiral)."""
    radius, angle = np.sqrt((np.arange(count) + 0.5) / count), np.arange(count) * np.pi * (3 - np.sqrt(5))
    upright = abs(light.direction[2]) > 0.99
    side = _unit(np.cross(light.direction, [1.0, 0.0, 0.0] if upright else [0.0, 0.0, 1.0]))
    disc = radius[:, None] * (np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * np.cross(light.direction, side))
    return _unit(light.direction + np.tan(light.angular_radius_rad) * disc).astype(np.float32)


def sphere(count: int) -> np.ndarray:
    """Return unit vectors (count, 3) spread evenly over the sphere (Fibonacci lattice)."""
    z = 1 - (2 * np.arange(count) + 1) / count
    angle = np.arange(count) * np.pi * (3 - np.sqrt(5))
    level = np.sqrt(1 - z**2)
    return np.stack([level * np.cos(angle), level * np.sin(angle), z], axis=1).astype(np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
