"""Rays through Embree in packets: made, cast and turned into images in one compiled loop.

The loop holds no lock of Python's, so that threads of one process cast side by side.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Intrinsics, Points, Poses
from ..jit import compiled
from .embree_api import EmbreeScene, intersect
from .renderer import RayHits

# A packet is 4 pixels wide, and as high as it has lanes for. Rows of its memory: origin, near, direction, time, far,
# mask, id, flags; then of the hit: normal, two barycentric coordinates, primitive, geometry, two of instances.
_WIDE = 4
_ROWS = 21
_FAR = np.float32(3e38)
_NOWHERE = np.uint32(0xFFFFFFFF)
# Rays that are worth waking another thread for, a quarter of a millisecond of work, and parts per thread.
_THREAD_RAYS = 1 << 13
_PARTS = 4
# Nearer than this a box isn't looked at from outside.
_NEAREST_M = np.float32(1e-4)


class _Images(NamedTuple):
    """What rays are turned into, as RayHits has them; empty arrays aren't filled."""

    depth_m: np.ndarray  # (B, h, w) float32
    normals_cam: np.ndarray  # (B, h, w, 3) float32
    face: np.ndarray  # (B, h, w) int32
    barycentric: np.ndarray  # (B, h, w, 2) float32


class PacketCaster:
    """Of a mesh: vertices (V, 3) float32 and faces (F, 3). Each pose moves the rays instead of the mesh."""

    def __init__(self, vertices: Points, faces: np.ndarray, threads: int) -> None:
        self._scene = EmbreeScene(vertices, faces)
        self._corners = np.array(
            list(product(*zip(vertices.min(axis=0), vertices.max(axis=0), strict=True))), np.float32
        )
        self._threads = threads

    def cast(
        self, T_cam_obj: Poses, K: Intrinsics, size: tuple[int, int], normals: bool = False, faces: bool = False
    ) -> RayHits:
        """Cast rays, as `Caster` says."""
        found = RayHits.missing((len(T_cam_obj), *size), normals, faces)
        none = np.empty((0, 0, 0, 0), np.float32)
        K_each = np.empty((len(T_cam_obj), 3, 3), np.float32)
        K_each[:] = K
        given = (
            self._scene.address,
            self._scene.lanes,
            self._corners,
            # A copy: the loop would be compiled once more for arrays that mustn't be written to.
            np.array(T_cam_obj, np.float32, order="C"),
            K_each,
            _Images(
                found.depth_m,
                none if found.normals_cam is None else found.normals_cam,
                np.empty((0, 0, 0), np.int32) if found.face is None else found.face,
                none if found.barycentric is None else found.barycentric,
            ),
        )
        lanes = self._scene.lanes
        packets = len(T_cam_obj) * -(-size[0] // (lanes // _WIDE)) * -(-size[1] // _WIDE)
        threads = min(self._threads, packets * lanes // _THREAD_RAYS)
        if threads < 2:
            _cast(*given, 0, packets)
            return found
        # Whoever is done with a part takes the next: some packets hit nothing and cost little.
        bounds = np.linspace(0, packets, _PARTS * threads + 1).astype(int)
        parts = list(pairwise(bounds.tolist()))
        helping = [_pool(threads - 1).submit(_cast_parts, given, parts) for _ in range(threads - 1)]
        _cast_parts(given, parts)
        for one in helping:
            one.result()
        return found


def _cast_parts(given: tuple[Any, ...], parts: list[tuple[int, int]]) -> None:
    """Cast packets from a list that several threads take from, until it is empty."""
    while parts:
        with suppress(IndexError):  # another was faster
            _cast(*given, *parts.pop())


@lru_cache(maxsize=4)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "rays")


# Threads don't survive a fork: a child process makes its own.
os.register_at_fork(after_in_child=_pool.cache_clear)


@compiled
def _cast(
    scene: int,
    lanes: int,
    corners: np.ndarray,
    T_cam_obj: np.ndarray,
    K: np.ndarray,
    images: _Images,
    first: int,
    end: int,
) -> None:
    """Cast packets first to end of all poses' images, in order, into images of rays that miss."""
    height, width = images.depth_m.shape[1:]
    high = lanes // _WIDE
    down, along = -(-height // high), -(-width // _WIDE)
    # Embree reads and writes packets by vectors of 64 bytes.
    memory = np.zeros((_ROWS + 1) * lanes + 16, np.float32)
    start = (-memory.ctypes.data % 64) // 4
    valid = memory[start : start + lanes].view(np.int32)
    packet = memory[start + lanes : start + (1 + _ROWS) * lanes].reshape(_ROWS, lanes)
    numbers = packet.view(np.uint32)
    for lane in range(lanes):
        numbers[9, lane], numbers[19, lane], numbers[20, lane] = _NOWHERE, _NOWHERE, _NOWHERE
    # A ray's direction in the object's frame: `ahead` at pixel 0, and its steps per column and row.
    ahead, per_column, per_row = np.empty(3, np.float32), np.empty(3, np.float32), np.empty(3, np.float32)
    row_of, column_of = np.empty(lanes, np.float32), np.empty(lanes, np.float32)
    current = -1
    first_row, end_row, first_column, end_column = 0, height, 0, width
    for number in range(first, end):
        image, tile = number // (down * along), number % (down * along)
        top, left = high * (tile // along), _WIDE * (tile % along)
        if image != current:
            current = image
            first_row, end_row, first_column, end_column = _window(corners, T_cam_obj[image], K[image], height, width)
            fx, fy, cx, cy = K[image, 0, 0], K[image, 1, 1], K[image, 0, 2], K[image, 1, 2]
            for axis in range(3):
                x, y, z = T_cam_obj[image, 0, axis], T_cam_obj[image, 1, axis], T_cam_obj[image, 2, axis]
                per_column[axis], per_row[axis], ahead[axis] = x / fx, y / fy, z - x * cx / fx - y * cy / fy
                origin = -(x * T_cam_obj[image, 0, 3] + y * T_cam_obj[image, 1, 3] + z * T_cam_obj[image, 2, 3])
                for lane in range(lanes):
                    packet[axis, lane] = origin
        if top >= end_row or top + high <= first_row or left >= end_column or left + _WIDE <= first_column:
            continue
        rows, columns = min(height - top, high), min(width - left, _WIDE)
        for row in range(high):
            for column in range(_WIDE):
                lane = _WIDE * row + column
                row_of[lane], column_of[lane] = top + row, left + column
                valid[lane] = -1 if row < rows and column < columns else 0
        for axis in range(3):
            from_column, from_row, at_zero = per_column[axis], per_row[axis], ahead[axis]
            for lane in range(lanes):
                packet[4 + axis, lane] = at_zero + (from_column * column_of[lane] + from_row * row_of[lane])
        for lane in range(lanes):
            packet[8, lane], numbers[18, lane] = _FAR, _NOWHERE
        intersect(valid.ctypes.data, scene, packet.ctypes.data, 0)
        _keep(packet, numbers, T_cam_obj[image], images, (image, top, left, rows, columns))


@compiled
def _window(corners: Any, T_cam_obj: Any, K: Any, height: int, width: int) -> Any:
    """Return first and end of the rows, then of the columns, that a box with these corners (8, 3) may fill."""
    low_v, high_v, low_u, high_u = np.float64(height), -1.0, np.float64(width), -1.0
    for corner in range(8):
        x, y, z = T_cam_obj[0, 3], T_cam_obj[1, 3], T_cam_obj[2, 3]
        for axis in range(3):
            x += T_cam_obj[0, axis] * corners[corner, axis]
            y += T_cam_obj[1, axis] * corners[corner, axis]
            z += T_cam_obj[2, axis] * corners[corner, axis]
        if z < _NEAREST_M:  # it reaches behind the camera
            return 0, height, 0, width
        u, v = K[0, 0] * x / z + K[0, 2], K[1, 1] * y / z + K[1, 2]
        low_v, high_v, low_u, high_u = min(low_v, v), max(high_v, v), min(low_u, u), max(high_u, u)
    # A pixel more on each side, for what rounding does.
    first_row, first_column = max(0, int(low_v) - 1), max(0, int(low_u) - 1)
    return first_row, min(height, int(high_v) + 3), first_column, min(width, int(high_u) + 3)


@compiled
def _keep(packet: Any, numbers: Any, T_cam_obj: Any, images: Any, place: Any) -> None:
    """Write what the rays of a packet have hit. place: number of the image, top, left, rows, columns."""
    image, top, left, rows, columns = place
    depth_m, normals_cam, face, barycentric = images
    wants_normals, wants_faces = len(normals_cam) > 0, len(face) > 0
    for row in range(rows):
        for column in range(columns):
            lane, v, u = _WIDE * row + column, top + row, left + column
            far = packet[8, lane]
            if not far < _FAR:
                continue
            depth_m[image, v, u] = far
            if wants_normals:
                x, y, z = packet[12, lane], packet[13, lane], packet[14, lane]
                away = x * packet[4, lane] + y * packet[5, lane] + z * packet[6, lane] > 0
                scale = (-1 if away else 1) / np.sqrt(x * x + y * y + z * z)
                for axis in range(3):
                    turned = T_cam_obj[axis, 0] * x + T_cam_obj[axis, 1] * y + T_cam_obj[axis, 2] * z
                    normals_cam[image, v, u, axis] = scale * turned
            if wants_faces:
                face[image, v, u] = np.int32(numbers[17, lane])
                barycentric[image, v, u, 0] = packet[15, lane]
                barycentric[image, v, u, 1] = packet[16, lane]
