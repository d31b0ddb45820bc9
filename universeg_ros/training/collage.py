"""Collages: things thrown together on a table or in mid-air, each picture in its own light, camera and background.

Where `synthetic.scene` makes what a robot would see, this makes what a network must not be surprised by (domain
randomisation, Tobin et al. 2017): no two pictures are alike, and one takes a few hundredths of a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from foundation_pose_ros.arrays import Intrinsics, Pose, Rgb
from foundation_pose_ros.se3 import from_rotation_translation, inverse, transform_points
from foundation_pose_ros.srgb import decode_srgb

from .things import CollageThing, Things

SIDE_PX = 128
_SCALE = 2  # rays along each side of a pixel
_FINE_PX = _SCALE * SIDE_PX
_SHADOW_POINTS = 150


@dataclass(frozen=True, eq=False)
class CollagePicture:
    """rgb (128, 128, 3) uint8; depth_mm (128, 128) uint16, 0 for the distance; ids (128, 128) uint8, 1 + the thing's
    index, 0 for the rest; visible (things,) is the share of each that nothing hides."""

    rgb: Rgb
    depth_mm: np.ndarray
    ids: np.ndarray
    visible: np.ndarray


@dataclass(frozen=True, eq=False)
class CollageLight:
    """direction (3,) unit, towards the lamp, world frame; linear colours (3,) of lamp and surroundings."""

    direction: np.ndarray
    lamp: np.ndarray
    ambient: np.ndarray

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "CollageLight":
        """Return light from anywhere above."""
        direction = rng.normal(0, 1, 3)
        direction[2] = abs(direction[2]) + 0.4
        lamp, ambient = (rng.uniform(low, high) * rng.uniform(0.8, 1.1, 3) for low, high in ((0.2, 1.1), (0.25, 0.8)))
        towards = direction / np.linalg.norm(direction)
        return cls(*(value.astype(np.float32) for value in (towards, lamp, ambient)))

    def shaded(self, albedo: np.ndarray, normals: np.ndarray, towards_eye: np.ndarray, gloss: float) -> np.ndarray:
        """Return light (N, 3) from surfaces with linear albedo and unit normals (N, 3) in the world."""
        facing = np.maximum(normals @ self.direction, 0)[:, None]
        fall = facing * self.lamp + (0.6 + 0.4 * normals[:, 2:]) * self.ambient
        half = towards_eye + self.direction
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        shine = 0.5 * gloss * np.maximum((normals * half).sum(axis=1), 0)[:, None] ** (10 + 80 * gloss) * self.lamp
        return albedo * fall + shine


@dataclass(frozen=True, eq=False)
class Collage:
    """Things at their places T_world_obj (4, 4), None for one that isn't there, and what is around them.

    table: linear albedo (h, w, 3) of the plane z = 0, a repeat every tile_m metres, over half_m (2,) to both sides;
    None for things in mid-air. background: (256, 256, 3) linear. extents: how large things are on average, smallest and
    largest, as a share of the picture's side.
    """

    things: Sequence[CollageThing]
    places: Sequence[np.ndarray | None]
    light: CollageLight
    table: np.ndarray | None
    tile_m: float
    half_m: np.ndarray
    background: np.ndarray
    extents: tuple[float, float]

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, things: Sequence[CollageThing], source: Things, extents: tuple[float, float]
    ) -> "Collage":
        """Throw the things together, most of them."""
        on_table = rng.random() < 0.75
        spread_m = rng.uniform(0.4, 1.0) * np.sqrt(sum(thing.model.diameter_m**2 for thing in things))
        there = rng.random(len(things)) < 0.9
        places = [
            _place(rng, thing, spread_m, on_table) if kept else None for thing, kept in zip(things, there, strict=True)
        ]
        table = source.picture(rng) / np.float32(255 * rng.uniform(1, 3)) if on_table else None
        background = cv2.resize(_cut(rng, source.picture(rng)), (_FINE_PX, _FINE_PX), interpolation=cv2.INTER_LINEAR)
        return cls(
            things,
            places,
            CollageLight.drawn(rng),
            None if table is None else decode_srgb(table),
            float(rng.uniform(0.15, 1.2)),
            spread_m * rng.uniform(0.8, 4.0, 2),
            decode_srgb(background / np.float32(255)),
            extents,
        )

    def seen(self, rng: np.random.Generator) -> CollagePicture:
        """Return the collage from some side."""
        K, T_world_cam = self._camera(rng)
        T_cam_world = inverse(T_world_cam)
        light, depth_m = self._surroundings(K, T_world_cam)
        ids = np.zeros(depth_m.shape, np.uint8)
        areas = np.zeros(len(self.things))
        for i, (thing, place) in enumerate(zip(self.things, self.places, strict=True)):
            if place is not None:
                areas[i] = self._paint(i, thing, T_cam_world @ place, (K, T_world_cam), (light, depth_m, ids))
        shown = np.bincount(ids.ravel(), minlength=len(self.things) + 1)[1:]
        visible = np.where(areas > 0, shown / np.maximum(areas, 1), 0)
        every = np.s_[_SCALE // 2 :: _SCALE, _SCALE // 2 :: _SCALE]
        depth_mm = (1000 * depth_m[every]).clip(0, 65535).astype(np.uint16)
        return CollagePicture(_developed(rng, light), depth_mm, ids[every].copy(), visible)

    def _camera(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """K of the fine picture, T_world_cam."""
        focal_px = _FINE_PX * rng.uniform(0.9, 1.7)
        K = np.diag([focal_px * rng.uniform(0.7, 1.1), focal_px, 1.0])
        K[:2, 2] = (_FINE_PX - 1) / 2
        size_m = np.mean([thing.model.diameter_m for thing in self.things])
        distance_m = focal_px * size_m / (_FINE_PX * np.exp(rng.uniform(*np.log(self.extents))))
        there = [place for place in self.places if place is not None]
        target = there[rng.integers(len(there))][:3, 3] if there else np.zeros(3)
        target = target + rng.normal(0, 0.12 * distance_m, 3) * [1, 1, 0.2]
        elevation, azimuth = np.deg2rad(rng.uniform(15, 85)), rng.uniform(0, 2 * np.pi)
        away = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
        right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
        axes = np.stack([right, np.cross(-away, right), -away], axis=1)
        roll = Rotation.from_rotvec([0, 0, np.deg2rad(rng.normal(0, 8))]).as_matrix()
        return K, from_rotation_translation(axes @ roll, target + distance_m * away)

    def _surroundings(self, K: Intrinsics, T_world_cam: Pose) -> tuple[np.ndarray, np.ndarray]:
        """Light (256, 256, 3) and depth (256, 256) of table and background."""
        light, depth_m = self.background.copy(), np.zeros((_FINE_PX, _FINE_PX), np.float32)
        if self.table is None:
            return light, depth_m
        rays = _rays(K) @ T_world_cam[:3, :3].T.astype(np.float32)
        origin = T_world_cam[:3, 3].astype(np.float32)
        depth = -origin[2] / np.minimum(rays[..., 2], -1e-4)
        x, y = (origin[i] + depth * rays[..., i] for i in (0, 1))
        on_table = (rays[..., 2] < -1e-4) & (np.abs(x) < self.half_m[0]) & (np.abs(y) < self.half_m[1])
        height, width = self.table.shape[:2]
        columns, rows = ((v / self.tile_m % 1 * (n - 1)).astype(np.float32) for v, n in ((x, width), (y, height)))
        seen = cv2.remap(self.table, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        lit = self.light.ambient + self._sunlit(K, T_world_cam) * self.light.lamp * self.light.direction[2]
        np.copyto(light, seen * lit, where=on_table[..., None])
        np.copyto(depth_m, depth, where=on_table)
        return light, depth_m

    def _sunlit(self, K: Intrinsics, T_world_cam: Pose) -> np.ndarray:
        """(256, 256, 1): 1 where the lamp is seen from the table, less in the shadow of a thing's outline."""
        lit = np.ones((_FINE_PX, _FINE_PX), np.float32)
        T_cam_world = inverse(T_world_cam)
        for thing, place in zip(self.things, self.places, strict=True):
            if place is None:
                continue
            vertices = thing.model.vertices
            points = transform_points(place, vertices[:: max(1, len(vertices) // _SHADOW_POINTS)])
            fallen = points - np.maximum(points[:, 2:], 0) / self.light.direction[2] * self.light.direction
            seen = transform_points(T_cam_world, fallen)
            if (seen[:, 2] < 0.02).any():
                continue
            pixels = seen[:, :2] / seen[:, 2:] * np.diag(K)[:2] + K[:2, 2]
            outline = cv2.convexHull(np.clip(pixels, -2000, 2000).round().astype(np.int32))
            cv2.fillConvexPoly(lit, outline, 0.15)
        return cv2.GaussianBlur(lit, (0, 0), 3.0)[..., None]

    def _paint(
        self,
        index: int,
        thing: CollageThing,
        T_cam_obj: Pose,
        camera: tuple[np.ndarray, np.ndarray],
        onto: tuple[np.ndarray, np.ndarray, np.ndarray],
    ) -> int:
        """Draw a thing where nothing is in front of it; returns the pixels that it would take alone."""
        K, T_world_cam = camera
        light, depth_m, ids = onto
        corners = transform_points(T_cam_obj, thing.model.box_corners)
        if corners[:, 2].min() < 0.02:
            return 0
        pixels = corners[:, :2] / corners[:, 2:] * np.diag(K)[:2] + K[:2, 2]
        left, top = np.maximum(np.floor(pixels.min(axis=0)), 0).astype(int)
        right, bottom = np.minimum(np.ceil(pixels.max(axis=0)) + 1, _FINE_PX).astype(int)
        if left >= right or top >= bottom:
            return 0
        part = np.s_[top:bottom, left:right]
        K_part = K - [[0, 0, left], [0, 0, top], [0, 0, 0]]
        hits = thing.caster.cast(T_cam_obj[None], K_part, (bottom - top, right - left), normals=True, faces=True)
        hit = hits.depth_m[0] > 0
        front = hit & ((depth_m[part] == 0) | (hits.depth_m[0] < depth_m[part]))
        assert hits.normals_cam is not None
        albedo = thing.albedo(hits, float(hits.depth_m[0][hit].mean() / K[1, 1]) if hit.any() else 1.0)[0][front]
        rays = _rays(K)[part][front]
        to_world = T_world_cam[:3, :3].T.astype(np.float32)
        eye = -rays / np.linalg.norm(rays, axis=1, keepdims=True)
        shaded = self.light.shaded(albedo, hits.normals_cam[0][front] @ to_world, eye @ to_world, thing.gloss)
        light[part][front] = shaded
        depth_m[part][front] = hits.depth_m[0][front]
        ids[part][front] = index + 1
        return int(np.count_nonzero(hit))


def _place(rng: np.random.Generator, thing: CollageThing, spread_m: float, on_table: bool) -> np.ndarray:
    """T_world_obj somewhere near the origin: standing or lying anyhow, or in mid-air."""
    upright = on_table and rng.random() < 0.5
    turn = Rotation.from_euler("z", rng.uniform(0, 2 * np.pi)) if upright else Rotation.random(rng=rng)
    R = turn.as_matrix()
    lowest_m = float((thing.model.vertices @ R[2].astype(np.float32)).min())
    x, y = rng.normal(0, spread_m / 2, 2)
    z = -lowest_m if on_table else rng.normal(0, spread_m / 3)
    return from_rotation_translation(R, np.array([x, y, z]))


def _rays(K: Intrinsics) -> np.ndarray:
    """(256, 256, 3) float32 directions with z = 1."""
    x, y = ((np.arange(_FINE_PX) - K[i, 2]) / K[i, i] for i in (0, 1))
    columns, rows = np.meshgrid(x, y)
    return np.stack([columns, rows, np.ones_like(rows)], axis=-1).astype(np.float32)


def _cut(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """A part of a picture, half of its sides at least."""
    height, width = picture.shape[:2]
    h, w = (int(n * rng.uniform(0.5, 1)) for n in (height, width))
    top, left = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
    return picture[top : top + h, left : left + w]


def _developed(rng: np.random.Generator, light: np.ndarray) -> np.ndarray:
    """What a camera makes of light (256, 256, 3): (128, 128, 3) uint8, exposed, blurred and noisy as it may be."""
    light = cv2.resize(light, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.4:
        light = cv2.GaussianBlur(light, (0, 0), rng.uniform(0.3, 1.0))
    bright = max(float(np.percentile(light, 95)), 1e-3)
    srgb = np.clip(light * (rng.uniform(0.6, 1.3) / bright), 0, 1) ** np.float32(1 / 2.2)
    srgb = srgb + rng.normal(0, rng.uniform(0, 0.03), srgb.shape)
    return (255 * np.clip(srgb, 0, 1)).astype(np.uint8)
