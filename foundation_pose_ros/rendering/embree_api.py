"""Embree itself, by its C interface: a scene of one mesh, and the function that casts a packet of rays at it.

The library is the one in the wheel `embreex`, or the system's. Compiled code calls `intersect` by its symbol's name,
which is made known to the compiler here.
"""

import ctypes
import importlib.util
from ctypes import c_char_p, c_int, c_size_t, c_uint, c_void_p
from ctypes.util import find_library
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import binding
from numba import types

from ..arrays import Points

_TRIANGLES, _INDICES, _POSITIONS = 0, 0, 1
# A property of Embree's device: whether it casts 16 rays at a time.
_CASTS_16 = 34
_UINT3, _FLOAT3 = 0x5003, 0x9003
_SYMBOL = "foundation_perception_intersect"

# Addresses of: valid (L,) int32, the scene, rays and hits (21, L), arguments or 0, of L lanes. The arrays lie at
# multiples of 64.
intersect: Any = types.ExternalFunction(_SYMBOL, types.void(types.uintp, types.uintp, types.uintp, types.uintp))


class EmbreeScene:
    """One mesh, of vertices (V, 3) float32 and faces (F, 3) uint32, ready to be hit.

    address: of the scene, for Embree. lanes: rays in a packet. Raises OSError where there is no Embree.
    """

    def __init__(self, vertices: Points, faces: np.ndarray) -> None:
        self._embree, device = _library_and_device()
        self.lanes = _lanes(self._embree, device)
        self.address = self._embree.rtcNewScene(device)
        geometry = self._embree.rtcNewGeometry(device, _TRIANGLES)
        self._copy(geometry, _POSITIONS, _FLOAT3, np.ascontiguousarray(vertices, np.float32))
        self._copy(geometry, _INDICES, _UINT3, np.ascontiguousarray(faces, np.uint32))
        self._embree.rtcCommitGeometry(geometry)
        self._embree.rtcAttachGeometry(self.address, geometry)
        self._embree.rtcReleaseGeometry(geometry)
        self._embree.rtcCommitScene(self.address)

    def __del__(self) -> None:
        if hasattr(self, "address"):
            self._embree.rtcReleaseScene(self.address)

    def _copy(self, geometry: int, kind: int, form: int, rows: np.ndarray) -> None:
        # Embree owns the buffer, with the padding that it reads beyond the end.
        to = self._embree.rtcSetNewGeometryBuffer(geometry, kind, 0, form, rows.strides[0], len(rows))
        ctypes.memmove(to, rows.ctypes.data, rows.nbytes)


@lru_cache(maxsize=1)
def available() -> bool:
    """Tell whether an Embree is here that casts packets of rays."""
    try:
        _library_and_device()
    except (OSError, AttributeError):
        return False
    return True


@lru_cache(maxsize=1)
def _library_and_device() -> tuple[Any, int]:
    embree = ctypes.CDLL(_path())
    address, number = c_void_p, c_uint
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "rtcNewDevice": (address, [c_char_p]),
        "rtcGetDeviceProperty": (ctypes.c_ssize_t, [address, c_int]),
        "rtcNewScene": (address, [address]),
        "rtcNewGeometry": (address, [address, c_int]),
        "rtcSetNewGeometryBuffer": (address, [address, c_int, number, c_int, c_size_t, c_size_t]),
        "rtcCommitGeometry": (None, [address]),
        "rtcAttachGeometry": (number, [address, address]),
        "rtcReleaseGeometry": (None, [address]),
        "rtcCommitScene": (None, [address]),
        "rtcReleaseScene": (None, [address]),
    }
    for name, (result, arguments) in signatures.items():
        getattr(embree, name).restype = result
        getattr(embree, name).argtypes = arguments
    device = embree.rtcNewDevice(b"threads=1,set_affinity=0")
    if not device:
        raise OSError("Embree has no device")
    intersect = getattr(embree, f"rtcIntersect{_lanes(embree, device)}")
    binding.add_symbol(_SYMBOL, ctypes.cast(intersect, c_void_p).value)
    return embree, device


def _lanes(embree: Any, device: int) -> int:
    """Return how many rays this processor casts at a time.

    Without AVX-512 packets of 16 are cast ray by ray, which takes a third longer than packets of 8.
    """
    return 16 if embree.rtcGetDeviceProperty(device, _CASTS_16) else 8


def _path() -> str:
    wheel = importlib.util.find_spec("embreex")
    if wheel is not None and wheel.origin is not None:
        beside = Path(wheel.origin).parent.with_name("embreex.libs")
        for found in sorted(beside.glob("*embree4*")):
            return str(found)
    found_in_system = find_library("embree4")
    if found_in_system is None:
        raise OSError("no Embree here: pip install embreex")
    return found_in_system
