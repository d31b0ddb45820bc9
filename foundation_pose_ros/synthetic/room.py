"""What bodies stand on and before: flat, textured panels of table, floor and wall."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..arrays import Pose
from ..srgb import decode_srgb

TABLE_X_M, TABLE_Y_M, FLOOR_Z_M, WALL_Y_M = (-1.15, 1.15), (-0.75, 0.6), -0.74, 0.95


@dataclass(frozen=True, eq=False)
class Panel:
    """A rectangle in the world: origin at its texture's first corner, unit axes (3,) along columns and rows.

    light (h, w, 3) float32 is what its texture sends back, linear, light and shadow included; texel_m the side of one.
    """

    origin_m: np.ndarray
    along_columns: np.ndarray
    along_rows: np.ndarray
    light: np.ndarray
    texel_m: float

    def points(self, step: int) -> np.ndarray:
        """Return world points (h, w, 3) at every `step`-th texel."""
        rows, columns = (np.arange(0, n, step) * self.texel_m for n in self.light.shape[:2])
        return self.origin_m + columns[None, :, None] * self.along_columns + rows[:, None, None] * self.along_rows

    def seen(self, T_cam_world: Pose, rays_cam: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return depth (H, W) along z = 1 rays, 0 without a hit; texture columns, rows (H, W); normal_cam (3,)."""
        R, t = T_cam_world[:3, :3], T_cam_world[:3, 3]
        origin, column_axis, row_axis = R @ self.origin_m + t, R @ self.along_columns, R @ self.along_rows
        normal = np.cross(column_axis, row_axis)
        normal = -normal if normal @ origin > 0 else normal
        slope = rays_cam @ normal.astype(np.float32)
        depth_m = np.float32(normal @ origin) / np.where(slope < -1e-6, slope, -1e-6)
        columns = (
            depth_m * (rays_cam @ column_axis.astype(np.float32)) - np.float32(origin @ column_axis)
        ) / self.texel_m
        rows = (depth_m * (rays_cam @ row_axis.astype(np.float32)) - np.float32(origin @ row_axis)) / self.texel_m
        height, width = self.light.shape[:2]
        inside = (
            (slope < -1e-6)
            & (depth_m > 0)
            & (columns >= 0)
            & (columns <= width - 1)
            & (rows >= 0)
            & (rows <= height - 1)
        )
        return np.where(inside, depth_m, np.float32(0)), columns, rows, normal


def look_up(image: np.ndarray, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Sample an image bilinearly at texture coordinates (H, W)."""
    return cv2.remap(
        image, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def make_room(rng: np.random.Generator, surface: str | None = None) -> dict[str, Panel]:
    """Make table (top at z = 0), floor and wall with their own colours, not yet lit; far ones first.

    surface: "wood", "stone" or "cloth"; None lets the seed choose.
    """
    x, y, z = np.eye(3)
    surface = surface or str(rng.choice(list(_SURFACES)))
    table = _SURFACES[surface](*_size(TABLE_X_M, TABLE_Y_M, 0.001), rng)
    tint = np.array([[0.80, 0.82, 0.82], [0.86, 0.82, 0.76], [0.62, 0.70, 0.74], [0.74, 0.76, 0.68]])[rng.integers(4)]
    wall = _plaster(500, 700, tint, rng)
    floor = _plaster(500, 700, np.array([0.42, 0.38, 0.35]), rng)
    return {
        "floor": Panel(np.array([-3.5, -1.5, FLOOR_Z_M]), x, y, floor, 0.01),
        "wall": Panel(np.array([-3.5, WALL_Y_M, FLOOR_Z_M + 4.9]), x, -z, wall, 0.01),
        "table": Panel(np.array([TABLE_X_M[0], TABLE_Y_M[0], 0.0]), x, y, table, 0.001),
    }


def _size(columns_m: tuple[float, float], rows_m: tuple[float, float], texel_m: float) -> tuple[int, int]:
    return round((rows_m[1] - rows_m[0]) / texel_m), round((columns_m[1] - columns_m[0]) / texel_m)


def _cloud(height: int, width: int, cells: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Smooth noise (height, width) of unit variance, with so many cells along rows and columns."""
    coarse = rng.normal(0, 1, (int(np.ceil(cells[0])) + 3, int(np.ceil(cells[1])) + 3)).astype(np.float32)
    noise = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return noise / max(float(noise.std()), 1e-6)


def _wood(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Planks along the columns, each with its own tone, year rings and pores."""
    tones = np.array([[0.60, 0.42, 0.26], [0.70, 0.53, 0.35], [0.44, 0.29, 0.18], [0.76, 0.63, 0.46]])
    tone = tones[rng.integers(len(tones))]
    wood = np.empty((height, width, 3), np.float32)
    top = 0
    while top < height:
        bottom = min(top + int(rng.uniform(0.11, 0.15) * 1000), height)
        rows = bottom - top
        across = np.linspace(0, rows / 130, rows, dtype=np.float32)[:, None]
        rings = (
            across * rng.uniform(5, 8)
            + 0.9 * _cloud(rows, width, (1.5, width / 420), rng)
            + 0.05 * _cloud(rows, width, (9, width / 60), rng)
        )
        grain = 0.055 * np.sin(2 * np.pi * rings) + 0.025 * np.sin(2 * np.pi * rings * 2.7 + 1)
        pores = np.minimum(_cloud(rows, width, (rows / 2.2, width / 36), rng) + 1.2, 0) * 0.05
        flame = 0.05 * _cloud(rows, width, (2, width / 300), rng)
        value = 1 + rng.normal(0, 0.055) + grain + pores + flame
        hue = np.array([1.0, 1.0 + rng.normal(0, 0.012), 1.0 + rng.normal(0, 0.03)])
        wood[top:bottom] = value[..., None] * tone * hue
        wood[top : top + 2] *= 0.62
        top = bottom
    return decode_srgb(np.clip(wood, 0, 1))


def _stone(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A light worktop with speckles."""
    base = np.array([[0.80, 0.79, 0.77], [0.56, 0.58, 0.60], [0.86, 0.83, 0.78]])[rng.integers(3)]
    value = 1 + 0.02 * _cloud(height, width, (6, 9), rng)
    for cells, share, shade in ((height / 3, 1.9, -0.16), (height / 5, 2.1, 0.10), (height / 9, 2.3, -0.22)):
        speckle = _cloud(height, width, (cells, cells * width / height), rng) > share
        value = value + shade * cv2.GaussianBlur(speckle.astype(np.float32), (0, 0), 0.9)
    return decode_srgb(np.clip(value[..., None] * base, 0, 1))


def _cloth(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A woven tablecloth with a check."""
    colour = np.array([[0.70, 0.20, 0.20], [0.20, 0.34, 0.58], [0.28, 0.48, 0.36]])[rng.integers(3)]
    pitch = 50
    bars = [0.5 * ((np.arange(n) // pitch) % 2).astype(np.float32) for n in (height, width)]
    share = (bars[0][:, None] + bars[1][None])[..., None]
    weave = 1 + 0.03 * np.sin(np.arange(height) * 1.9)[:, None] * np.sin(np.arange(width) * 1.9)[None]
    folds = 1 + 0.02 * _cloud(height, width, (5, 8), rng)
    cloth = (np.array([0.90, 0.89, 0.86]) * (1 - share) + colour * share) * (weave * folds)[..., None]
    return decode_srgb(np.clip(cloth, 0, 1))


def _plaster(height: int, width: int, tint: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    value = 1 + 0.012 * _cloud(height, width, (height / 3, width / 3), rng) + 0.02 * _cloud(height, width, (8, 12), rng)
    return decode_srgb(np.clip(value[..., None] * tint, 0, 1))


_SURFACES = {"wood": _wood, "stone": _stone, "cloth": _cloth}
SURFACES = tuple(_SURFACES)
