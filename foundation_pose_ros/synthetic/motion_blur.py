"""Where every pixel's surface goes in the image, and what a shutter sees of it while it is open.

A picture at another time is looked up in the picture that there is: each pixel asks where what it shows then comes
from, by its own motion and by the fastest near by, and takes the nearer surface (as plausible reconstruction filters
do, McGuire et al. 2012). So what moves smears over what stands, and never the other way round. What comes to light
behind a moving thing is taken from beside it.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .. import se3
from ..arrays import Depth, Points, Poses
from ..camera import Camera
from ..jit import compiled_exactly, inlinable

# Beyond so many looks at one pixel, a blur is none the smoother.
_MOST_LOOKS = 32
_SHORTEST_PX = 0.2
_TILE_PX = (4, 48)
# How much a turn counts beside a way, where motions are compared.
_RADIUS_M = 0.1


@dataclass(frozen=True, eq=False)
class MotionField:
    """How what each pixel shows moves.

    velocity: (H, W, 3) float32, pixels a second right and down, metres a second away from the camera.
    depth_m: (H, W) float32 of what moves so, 0 where it is unknown, which is taken to be far.
    """

    velocity: np.ndarray
    depth_m: Depth

    @cached_property
    def order_m(self) -> Depth:
        """Return depth (H, W) by which surfaces hide each other."""
        return np.where(self.depth_m > 0, self.depth_m, np.float32(1e3)).astype(np.float32)

    def speed_px_s(self) -> np.ndarray:
        """Return (H, W) float32 pixels a second."""
        return np.sqrt(np.square(self.velocity[..., 0]) + np.square(self.velocity[..., 1]))

    def fastest_near(self, time_s: float) -> np.ndarray:
        """Return velocities (H, W, 2): at each pixel the fastest that may come to it within a time."""
        speed = self.speed_px_s()
        height, width = speed.shape
        tile = int(np.clip(np.ceil(float(speed.max()) * time_s), *_TILE_PX))
        rows, columns = -(-height // tile), -(-width // tile)
        padded = np.zeros((rows * tile, columns * tile), np.float32)
        padded[:height, :width] = speed
        tiles = padded.reshape(rows, tile, columns, tile).swapaxes(1, 2).reshape(rows, columns, -1)
        at = tiles.argmax(axis=-1)
        row = np.minimum(np.arange(rows)[:, None] * tile + at // tile, height - 1)
        column = np.minimum(np.arange(columns) * tile + at % tile, width - 1)
        of_tile, best = self.velocity[row, column, :2], tiles.max(axis=-1)
        around = np.pad(best, 1)
        shifts = [(dy, dx) for dy in range(3) for dx in range(3)]
        chosen = np.stack([around[dy : dy + rows, dx : dx + columns] for dy, dx in shifts]).argmax(axis=0)
        dy, dx = np.array(shifts)[chosen].transpose(2, 0, 1) - 1
        of_tile = of_tile[
            np.clip(np.arange(rows)[:, None] + dy, 0, rows - 1), np.clip(np.arange(columns) + dx, 0, columns - 1)
        ]
        return np.ascontiguousarray(np.repeat(np.repeat(of_tile, tile, 0), tile, 1)[:height, :width])


def twist_at(T_cam_obj: Poses, index: int, dt_s: float, centre: np.ndarray) -> np.ndarray:
    """Return the twist (6,) a second, camera axes, about a point (3,) of a body, at one of its poses (frames, 4, 4).

    Of the motions from the pose before and to the one after it is the smaller: a jump lies on one side only, and is no
    motion that a shutter sees.
    """
    first, last = max(index - 1, 0), min(index + 2, len(T_cam_obj))
    if last - first < 2:
        return np.zeros(6)
    twists = np.asarray(se3.twist_between(T_cam_obj[first : last - 1], T_cam_obj[first + 1 : last], centre)) / dt_s
    size = np.linalg.norm(twists[:, :3], axis=1) + _RADIUS_M * np.linalg.norm(twists[:, 3:], axis=1)
    return twists[int(size.argmin())]


def rigid_velocity(points_cam: Points, centre_cam: np.ndarray, twist: np.ndarray, camera: Camera) -> np.ndarray:
    """Return velocities (N, 3) float32 of points (N, 3) of a body, as a `MotionField` has them.

    twist: (6,) a second, camera axes, about centre_cam (3,). Points have depths above 0.
    """
    points, twist = np.asarray(points_cam, np.float32), np.asarray(twist, np.float32)
    moving = np.cross(twist[3:], points - np.asarray(centre_cam, np.float32)) + twist[:3]
    x, y, z = points.T
    right = np.float32(camera.fx) * (moving[:, 0] - moving[:, 2] * x / z) / z
    down = np.float32(camera.fy) * (moving[:, 1] - moving[:, 2] * y / z) / z
    return np.stack([right, down, moving[:, 2]], axis=1)


def blurred(light: np.ndarray, field: MotionField, exposure_s: float) -> np.ndarray:
    """Return light (H, W, 3) float32 as a shutter sees it that is open about the picture's time; linear light."""
    near = field.fastest_near(exposure_s / 2)
    return np.asarray(
        _blurred(np.ascontiguousarray(light, np.float32), field.velocity, near, field.order_m, np.float32(exposure_s))
    )


def moved(field: MotionField, time_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns (H, W) int: where what each pixel shows so much later is in the picture now."""
    near = field.fastest_near(abs(time_s))
    found = _moved(field.velocity, near, field.order_m, np.float32(time_s))
    return found[0], found[1]


@inlinable
def _source(row: Any, column: Any, time_s: Any, velocity: Any, near: Any, order_m: Any) -> Any:
    """Where what a pixel shows at a time is in the picture: (row, column), float32."""
    height, width = order_m.shape
    best_row, best_column, best_m = np.float32(row), np.float32(column), np.float32(-1)
    far_row, far_column, far_m = best_row, best_column, np.float32(-1)
    x_row, x_column = best_row, best_column
    for start in range(2):
        if start == 0:
            right, down = velocity[row, column, 0], velocity[row, column, 1]
        else:
            right, down = near[row, column, 0], near[row, column, 1]
        at_row, at_column = row, column
        for _ in range(3):
            x_column = min(max(np.float32(column) - time_s * right, np.float32(0)), np.float32(width - 1))
            x_row = min(max(np.float32(row) - time_s * down, np.float32(0)), np.float32(height - 1))
            at_row, at_column = int(x_row + np.float32(0.5)), int(x_column + np.float32(0.5))
            right, down = velocity[at_row, at_column, 0], velocity[at_row, at_column, 1]
            if order_m[at_row, at_column] > far_m:
                far_row, far_column, far_m = x_row, x_column, order_m[at_row, at_column]
        off_column = x_column + time_s * right - np.float32(column)
        off_row = x_row + time_s * down - np.float32(row)
        there_m = order_m[at_row, at_column] + time_s * velocity[at_row, at_column, 2]
        arrives = off_row * off_row + off_column * off_column <= np.float32(0.25)
        if arrives and (best_m < 0 or there_m < best_m):
            best_row, best_column, best_m = x_row, x_column, there_m
    if best_m < 0:
        return far_row, far_column
    return best_row, best_column


@compiled_exactly
def _blurred(light: Any, velocity: Any, near: Any, order_m: Any, exposure_s: Any) -> Any:
    height, width = order_m.shape
    result = np.empty_like(light)
    for row in range(height):
        for column in range(width):
            own = velocity[row, column, 0] ** 2 + velocity[row, column, 1] ** 2
            other = near[row, column, 0] ** 2 + near[row, column, 1] ** 2
            length_px = exposure_s * np.sqrt(max(own, other))
            if length_px < _SHORTEST_PX:
                result[row, column] = light[row, column]
                continue
            looks = min(int(length_px) + 2, _MOST_LOOKS)
            red, green, blue = np.float32(0), np.float32(0), np.float32(0)
            for look in range(looks):
                time_s = exposure_s * ((np.float32(look) + np.float32(0.5)) / np.float32(looks) - np.float32(0.5))
                y, x = _source(row, column, time_s, velocity, near, order_m)
                top, left = min(int(y), height - 2), min(int(x), width - 2)
                down, right = y - np.float32(top), x - np.float32(left)
                for r in range(2):
                    for c in range(2):
                        weight = (down if r else np.float32(1) - down) * (right if c else np.float32(1) - right)
                        red += weight * light[top + r, left + c, 0]
                        green += weight * light[top + r, left + c, 1]
                        blue += weight * light[top + r, left + c, 2]
            result[row, column, 0] = red / np.float32(looks)
            result[row, column, 1] = green / np.float32(looks)
            result[row, column, 2] = blue / np.float32(looks)
    return result


@compiled_exactly
def _moved(velocity: Any, near: Any, order_m: Any, time_s: Any) -> Any:
    height, width = order_m.shape
    found = np.empty((2, height, width), np.int64)
    for row in range(height):
        for column in range(width):
            y, x = _source(row, column, time_s, velocity, near, order_m)
            found[0, row, column], found[1, row, column] = int(y + np.float32(0.5)), int(x + np.float32(0.5))
    return found
