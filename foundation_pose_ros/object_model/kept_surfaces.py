"""Meshes that were read once, kept on disk: reading one, and the library that does, take a second and more."""

import hashlib
import json
import os
import zipfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..atomic_file import replacing
from ..errors import InputRefused
from ..file_hash import file_sha256
from .appearance import Appearance, CornerColours, Texture
from .cache_folder import cache_folder
from .mesh_size import check_mesh_size
from .surface import Surface

# Larger ones are read each time; beyond so many bytes in all, those go that weren't used for longest.
_LARGEST_BYTES, _MOST_BYTES = 1 << 26, 1 << 29


def read_surface(path: Path, unit: str) -> Surface:
    """Return the surface that a mesh file holds, from an earlier reading where neither it nor what it names changed.

    unit: what one unit of the file is, or auto. Raises InputRefused, saying the fix.
    """
    if not path.is_file():
        raise InputRefused("mesh_missing", f"mesh file {path} does not exist: check the path")
    check_mesh_size(path)
    kept = _kept_file(path, unit)
    surface = None if kept is None else _kept(kept, path.parent)
    if surface is not None:
        return surface
    # trimesh and what it imports take longer than all else that a registration imports.
    from .mesh_file import read_mesh, surface_of
    from .named_files import NamedFiles

    beside = NamedFiles(path)
    surface = surface_of(read_mesh(path, beside), unit, str(path))
    if kept is not None and not beside.missing:
        with suppress(OSError):  # a full disk, or a folder of somebody else's
            _keep(kept, surface, {os.path.relpath(file, path.parent): file_sha256(file) for file in beside.read})
    return surface


def _kept_file(path: Path, unit: str) -> Path | None:
    folder = cache_folder()
    if folder is None:
        return None
    name = hashlib.sha256(_code() + f"{unit} {path.suffix.lower()} {file_sha256(path)}".encode()).hexdigest()
    return folder / "surfaces" / f"{name}.npz"


def _kept(file: Path, folder: Path) -> Surface | None:
    """Return what was kept; None where there is nothing, or files beside the mesh have changed."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            beside = json.loads(str(arrays["beside"]))
            if any(file_sha256(folder / name) != digest for name, digest in beside.items()):
                return None
            surface = Surface(
                vertices=arrays["vertices"],
                faces=arrays["faces"],
                appearance=_appearance(arrays),
                sigma_m=arrays.get("sigma_m"),
                unit_m=float(arrays["unit_m"]),
            )
        os.utime(file)
    except (OSError, ValueError, KeyError, AttributeError, EOFError, zipfile.BadZipFile):
        return None
    return surface


def _appearance(arrays: "np.lib.npyio.NpzFile") -> Appearance | None:
    if "corner_rgb" in arrays:
        return CornerColours(arrays["corner_rgb"])
    if "corner_uv" in arrays:
        image = cv2.imdecode(arrays["image_png"], cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError("no image")
        return Texture(image, arrays["corner_uv"], arrays["vertices"][arrays["faces"]])
    return None


def _keep(file: Path, surface: Surface, beside: dict[str, str]) -> None:
    arrays: dict[str, Any] = {
        "beside": np.array(json.dumps(beside)),
        "vertices": surface.vertices,
        "faces": surface.faces,
        "unit_m": np.array(surface.unit_m),
    }
    if surface.sigma_m is not None:
        arrays["sigma_m"] = surface.sigma_m
    if isinstance(surface.appearance, CornerColours):
        arrays["corner_rgb"] = surface.appearance.corner_rgb
    elif isinstance(surface.appearance, Texture):
        arrays["corner_uv"] = surface.appearance.corner_uv
        # Read back in the order in which they are written, whatever the library calls the channels.
        arrays["image_png"] = cv2.imencode(".png", surface.appearance.levels[0], [cv2.IMWRITE_PNG_COMPRESSION, 1])[1]
    if sum(array.nbytes for array in arrays.values()) > _LARGEST_BYTES:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as unfinished:
        np.savez(unfinished, **arrays)
    _make_room(file.parent)


def _make_room(folder: Path) -> None:
    """Remove what wasn't used for longest, until the rest may stay."""
    found = [(file.stat().st_mtime_ns, file.stat().st_size, file) for file in folder.glob("*.npz")]
    size = sum(entry[1] for entry in found)
    for _, bytes_, file in sorted(found):
        if size <= _MOST_BYTES:
            break
        file.unlink(missing_ok=True)
        size -= bytes_


@cache
def _code() -> bytes:
    """The very code that reads meshes: what another version kept isn't looked at."""
    here = Path(__file__).parent
    names = ("kept_surfaces.py", "mesh_file.py", "mesh_visual.py", "named_files.py", "appearance.py", "surface.py")
    return b"".join((here / name).read_bytes() for name in names)
