"""Rays through Embree in packets of 16: made, cast and turned into images in one compiled loop.

The loop holds no lock of Python's, so that threads of one process cast side by side.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from ..compiled import compiled
from .embree_library import EmbreeScene, intersect16
from .ray_hits import RayHits

# A packet is 4 x 4 pixels. Rows of its memory: origin, near, direction, time, far, mask, id, flags; then of the hit:
# normal, two barycentric coordinates, primitive, geometry, two of instances.
_SIDE = 4
_ROWS = 21
_FAR = np.float32(3e38)
_NOWHERE = np.uint32(0xFFFFFFFF)
# Packets that are worth waking another thread for, a quarter of a millisecond of work, and parts per thread: some
# packets hit nothing and cost little.
_THREAD_PACKETS = 1 << 9
_PARTS = 4


class PacketCaster:
    """Of a mesh: vertices (V, 3) float32 and faces (F, 3). Each pose moves the rays instead of the mesh."""

    def __init__(self, vertices: np.ndarray, faces: np.ndarray, threads: int) -> None:
        self._scene = EmbreeScene(vertices, faces)
        self._threads = threads

    def cast(
        self, T_cam_obj: np.ndarray, K: np.ndarray, size: tuple[int, int], normals: bool = False, faces: bool = False
    ) -> RayHits:
        """As Caster says."""
        found = RayHits.unfilled((len(T_cam_obj), *size), normals, faces)
        none = np.empty((0, 0, 0, 0), np.float32)
        given = (
            self._scene.address,
            # Copies: the loop would be compiled once more for arrays that mustn't be written to.
            np.array(T_cam_obj, np.float32, order="C"),
            np.array(np.broadcast_to(K, (len(T_cam_obj), 3, 3)), np.float32, order="C"),
            found.depth_m,
            none if found.normals_cam is None else found.normals_cam,
            np.empty((0, 0, 0), np.int32) if found.face is None else found.face,
            none if found.barycentric is None else found.barycentric,
        )
        packets = len(T_cam_obj) * _across(size[0]) * _across(size[1])
        threads = min(self._threads, packets // _THREAD_PACKETS)
        if threads < 2:
            _cast(*given, 0, packets)
        else:
            bounds = np.linspace(0, packets, _PARTS * threads + 1).astype(int)
            list(_pool(threads).map(lambda first, end: _cast(*given, first, end), bounds[:-1], bounds[1:]))
        return found


@lru_cache(maxsize=4)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "rays")


# Threads don't survive a fork: a child process makes its own.
os.register_at_fork(after_in_child=_pool.cache_clear)


def _across(pixels: int) -> int:
    return -(-pixels // _SIDE)


@compiled
def _cast(scene, T_cam_obj, K, depth_m, normals_cam, face, barycentric, first, end):  # type: ignore[no-untyped-def]
    """Packets first to end of all poses' images, in order. Empty arrays aren't filled."""
    height, width = depth_m.shape[1:]
    down, along = -(-height // _SIDE), -(-width // _SIDE)
    wants_normals, wants_faces = len(normals_cam) > 0, len(face) > 0
    # Embree reads and writes packets by vectors of 64 bytes.
    memory = np.zeros(_ROWS * 16 + 32, np.float32)
    start = (-memory.ctypes.data % 64) // 4
    packet = memory[start : start + _ROWS * 16].reshape(_ROWS, 16)
    numbers = packet.view(np.uint32)
    valid = memory[start + _ROWS * 16 : start + _ROWS * 16 + 16].view(np.int32)
    for number in range(first, end):
        image, tile = number // (down * along), number % (down * along)
        top, left = _SIDE * (tile // along), _SIDE * (tile % along)
        R, t, k = T_cam_obj[image, :3, :3], T_cam_obj[image, :3, 3], K[image]
        for lane in range(16):
            v, u = top + lane // _SIDE, left + lane % _SIDE
            x, y = (u - k[0, 2]) / k[0, 0], (v - k[1, 2]) / k[1, 1]
            valid[lane] = -1 if v < height and u < width else 0
            for axis in range(3):
                packet[axis, lane] = -(R[0, axis] * t[0] + R[1, axis] * t[1] + R[2, axis] * t[2])
                packet[4 + axis, lane] = R[0, axis] * x + R[1, axis] * y + R[2, axis]
            packet[3, lane], packet[7, lane], packet[8, lane] = 0, 0, _FAR
            numbers[9, lane], numbers[11, lane], numbers[18, lane], numbers[19, lane] = _NOWHERE, 0, _NOWHERE, _NOWHERE
        intersect16(valid.ctypes.data, scene, packet.ctypes.data, 0)
        for lane in range(16):
            if valid[lane] == 0:
                continue
            v, u = top + lane // _SIDE, left + lane % _SIDE
            far = packet[8, lane]
            hit = far < _FAR
            depth_m[image, v, u] = far if hit else 0
            if wants_normals:
                x, y, z = packet[12, lane], packet[13, lane], packet[14, lane]
                away = x * packet[4, lane] + y * packet[5, lane] + z * packet[6, lane] > 0
                scale = (-1 if away else 1) / np.sqrt(x * x + y * y + z * z) if hit else np.float32(0)
                for axis in range(3):
                    turned = R[axis, 0] * x + R[axis, 1] * y + R[axis, 2] * z
                    normals_cam[image, v, u, axis] = scale * turned if hit else 0
            if wants_faces:
                face[image, v, u] = np.int32(numbers[17, lane]) if hit else -1
                barycentric[image, v, u, 0] = packet[15, lane] if hit else 0
                barycentric[image, v, u, 1] = packet[16, lane] if hit else 0
