"""Mesh files refused by what they say of their size, before they are parsed: headers, and lines counted."""

import base64
import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import InputRefused, shortened
from ..input_limits.image_size import checked_pixels
from ..input_limits.limits import LIMITS

# Those that carry texture come first, for whoever finds an object in several.
MESH_SUFFIXES = (".obj", ".glb", ".gltf", ".ply", ".dae", ".stl", ".off", ".3mf")
_HEADER_BYTES = 1 << 16
# Of a glTF: each face's corners have an index and up to four attributes.
_NUMBERS_PER_FACE = 15


def check_named_file(path: Path) -> None:
    """Raise InputRefused for a material, texture or buffer, named by a mesh file, that is too large."""
    _check_bytes(path, LIMITS.gltf_bytes if path.suffix.lower() == ".mtl" else LIMITS.mesh_bytes)
    checked_pixels(path, f"texture {path}")


def check_mesh_size(path: Path) -> None:
    """Raise InputRefused (`mesh_too_large`, ...), saying the fix, for a file that would take too long or too much."""
    suffix = path.suffix.lower()
    if suffix not in MESH_SUFFIXES:
        raise _unreadable(path, "unknown format")
    _check_bytes(path, LIMITS.mesh_xml_bytes if suffix in (".dae", ".3mf") else LIMITS.mesh_bytes)
    checks = {".obj": _check_obj, ".ply": _check_ply, ".stl": _check_stl, ".off": _check_off, ".3mf": _check_3mf}
    check = checks.get(suffix, _check_gltf if suffix in (".glb", ".gltf") else None)
    if check is not None:
        check(path)


def check_counts(path: Path, vertices: int, faces: int, parts: int = 0) -> None:
    """Raise InputRefused for more vertices, faces or parts than a mesh may have."""
    for count, most, what in (
        (faces, LIMITS.mesh_faces, "faces"),
        (vertices, LIMITS.mesh_vertices, "vertices"),
        (parts, LIMITS.mesh_parts, "parts"),
    ):
        if count > most:
            raise InputRefused(
                "mesh_too_large",
                f"{path} has {count} {what}: decimate or join it to {most} or fewer (20000 faces are plenty)",
            )


def _check_bytes(path: Path, most: int) -> None:
    size = path.stat().st_size
    if size > most:
        raise InputRefused(
            "mesh_too_large",
            f"{path} has {size >> 20} MB, more than {most >> 20}: decimate the mesh (20000 faces are plenty), "
            "scale its textures down",
        )


def _counted(path: Path, words: Sequence[bytes]) -> list[int]:
    """Count words of one length, in one pass of constant memory."""
    counts, tail = [0] * len(words), b"\n"  # the first line begins as all others
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            block = tail + block
            counts = [count + block.count(word) for count, word in zip(counts, words, strict=True)]
            tail = block[len(block) - len(words[0]) + 1 :]
    return counts


def _check_obj(path: Path) -> None:
    # Lines end in \n, \r\n or \r; usemtl begins a part.
    words = [end + key for key in (b"f", b"v", b"u") for end in (b"\n", b"\r")]
    f, f_mac, v, v_mac, u, u_mac = _counted(path, words)
    # Positions, normals and texture coordinates begin with v.
    check_counts(path, (v + v_mac) // 3, f + f_mac, u + u_mac)


def _check_ply(path: Path) -> None:
    header = _header(path).partition(b"end_header")
    if not header[1]:
        raise _unreadable(path, "no header of a PLY")
    for name, count in re.findall(rb"element\s+(\w+)\s+(\d+)", header[0]):
        # What else there is, such as edges, is read like vertices.
        check_counts(path, 0 if name == b"face" else int(count), int(count) if name == b"face" else 0)


def _check_stl(path: Path) -> None:
    header, size = _header(path)[:84], path.stat().st_size
    faces = int.from_bytes(header[80:84], "little")
    if size != 84 + 50 * faces:  # not binary
        (faces,) = _counted(path, [b"endfacet"])
    check_counts(path, 0, faces)


def _check_off(path: Path) -> None:
    header = re.sub(rb"#[^\r\n]*", b"", _header(path))
    counts = re.search(rb"OFF\s+(\d+)\s+(\d+)", header)
    if counts is None:
        raise _unreadable(path, "no header of an OFF file")
    check_counts(path, int(counts[1]), int(counts[2]))


def _check_3mf(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (OSError, zipfile.BadZipFile) as error:
        raise _unreadable(path, error) from None
    if size > LIMITS.mesh_xml_bytes:
        raise InputRefused(
            "mesh_too_large", f"{path} holds {size >> 20} MB, packed: decimate the mesh, or export it as GLB"
        )


def _check_gltf(path: Path) -> None:
    try:
        tree, binary_at = _gltf_tree(path)
        lists: dict[str, list[dict[str, Any]]] = {
            key: list(tree.get(key, ())) for key in ("accessors", "bufferViews", "images", "meshes", "nodes")
        }
        numbers = sum(abs(int(accessor["count"])) for accessor in lists["accessors"])
        parts = max(len(lists["meshes"]), len(lists["nodes"]), len(lists["images"]))
        for index, image in enumerate(lists["images"]):
            content = _embedded(path, image, lists["bufferViews"], binary_at)
            if content is not None:
                checked_pixels(content, f"texture {index} of {path}")
    except InputRefused:
        raise
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise _unreadable(path, repr(error)) from None
    check_counts(path, 0, -(-numbers // _NUMBERS_PER_FACE), parts)


def _gltf_tree(path: Path) -> tuple[dict[str, Any], int]:
    """Return the JSON of a glTF or GLB, and where a GLB's binary data begin."""
    if path.suffix.lower() == ".gltf":
        _check_bytes(path, LIMITS.gltf_bytes)
        text, binary_at = path.read_bytes(), 0
    else:
        with path.open("rb") as file:
            header = file.read(20)
            length = int.from_bytes(header[12:16], "little")
            if header[:4] != b"glTF" or header[16:20] != b"JSON":
                raise ValueError("its header is none of a GLB")
            if length > LIMITS.gltf_bytes:
                raise InputRefused(
                    "mesh_too_large", f"{path} describes itself in {length >> 20} MB: export it with fewer parts"
                )
            text, binary_at = file.read(length), 20 + length + 8
    tree = json.loads(text)
    if not isinstance(tree, dict):
        raise ValueError("it holds no tree")
    return tree, binary_at


def _embedded(path: Path, image: dict[str, Any], views: list[dict[str, Any]], binary_at: int) -> bytes | None:
    """Return the beginning of an image that a GLB holds, or that stands in its JSON; None of one in another file."""
    if "bufferView" in image:
        view = views[int(image["bufferView"])]
        with path.open("rb") as file:
            file.seek(binary_at + int(view.get("byteOffset", 0)))
            return file.read(int(view["byteLength"]))
    kind, comma, data = str(image.get("uri")).partition("base64,")
    return base64.b64decode(data) if comma and kind.startswith("data:") else None


def _unreadable(path: Path, why: object) -> InputRefused:
    return InputRefused(
        "mesh_unreadable", f"mesh file {path} can't be read ({shortened(why)}): export it as OBJ, PLY, STL or GLB"
    )


def _header(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEADER_BYTES)
