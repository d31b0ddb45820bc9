"""Meshes that would take too long or too much are refused by what they say of their size: nothing of them is parsed."""

import base64
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import trimesh

from foundation_pose_ros import InputRefused
from foundation_pose_ros.object_model.kept_surfaces import read_surface

FACES = 2_000_001


def png(width: int, height: int) -> bytes:
    """Make the beginning of a picture that says it is so large, without a pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def obj(file: Path) -> None:
    file.write_bytes(b"v 0 0 0\nv 1 0 0\nv 0 1 0\n" + b"f 1 2 3\n" * FACES)


def ply(file: Path) -> None:
    file.write_text(f"ply\nformat ascii 1.0\nelement vertex 3\nelement face {FACES}\nend_header\n")


def ply_of_edges(file: Path) -> None:
    file.write_text("ply\nformat binary_little_endian 1.0\nelement edge 4000000000\nproperty int a\nend_header\n")


def stl(file: Path) -> None:
    with file.open("wb") as content:
        content.write(b" " * 80 + struct.pack("<I", FACES))
        content.truncate(84 + 50 * FACES)


def off(file: Path) -> None:
    file.write_text(f"OFF\n# by hand\n3 {FACES} 0\n")


def glb(file: Path) -> None:
    write_glb(file, {"accessors": [{"count": 4_000_000_000, "componentType": 5126, "type": "VEC3"}]})


def large(file: Path) -> None:
    with file.open("wb") as content:
        content.truncate((1 << 28) + 1)


def packed_3mf(file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3D/3dmodel.model", b" " * ((1 << 25) + 1))


def write_glb(file: Path, tree: dict[str, object], binary: bytes = b"") -> None:
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    file.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks)


@pytest.fixture
def nothing_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*_: object, **__: object) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr(trimesh, "load_scene", parse)


@pytest.mark.usefixtures("nothing_is_parsed")
@pytest.mark.parametrize(
    ("suffix", "make", "words"),
    [
        (".obj", obj, "2000001 faces"),
        (".ply", ply, "2000001 faces"),
        (".ply", ply_of_edges, "4000000000 vertices"),
        (".stl", stl, "2000001 faces"),
        (".off", off, "2000001 faces"),
        (".glb", glb, "faces: decimate"),
        (".obj", large, "256 MB"),
        (".dae", large, "more than 32"),
        (".3mf", packed_3mf, "packed"),
    ],
)
def test_too_many_faces_are_refused_before_they_are_parsed(
    tmp_path: Path, suffix: str, make: Callable[[Path], None], words: str
) -> None:
    file = tmp_path / f"bomb{suffix}"
    make(file)
    with pytest.raises(InputRefused, match=words) as refused:
        read_surface(file, "m")
    assert refused.value.reason == "mesh_too_large" and "decimate" in str(refused.value)


@pytest.mark.usefixtures("nothing_is_parsed")
@pytest.mark.parametrize("tree", ["[" * 20_000, "[]", "{", '{"accessors": [{}]}', '{"accessors": 3}'])
def test_a_description_that_is_none_is_refused_in_words(tmp_path: Path, tree: str) -> None:
    (tmp_path / "bomb.gltf").write_text(tree)
    with pytest.raises(InputRefused, match="export it as OBJ, PLY, STL or GLB"):
        read_surface(tmp_path / "bomb.gltf", "m")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [13_000, 60_000])
def test_a_texture_is_refused_by_its_header(tmp_path: Path, side: int) -> None:
    bomb = png(side, side)
    (tmp_path / "bomb.png").write_bytes(bomb)
    (tmp_path / "bomb.mtl").write_text("newmtl skin\nmap_Kd bomb.png\n")
    corners = "v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\n"
    (tmp_path / "bomb.obj").write_text(f"mtllib bomb.mtl\n{corners}usemtl skin\nf 1/1 2/2 3/3\n")
    write_glb(
        tmp_path / "bomb.glb",
        {"images": [{"bufferView": 0}], "bufferViews": [{"byteLength": len(bomb), "buffer": 0}]},
        bomb,
    )
    uri = "data:image/png;base64," + base64.b64encode(bomb).decode()
    (tmp_path / "bomb.gltf").write_text(json.dumps({"images": [{"uri": uri}]}))
    for name in ("bomb.obj", "bomb.glb", "bomb.gltf"):
        with pytest.raises(InputRefused, match="pixels: scale it down") as refused:
            read_surface(tmp_path / name, "m")
        assert refused.value.reason == "image_too_large"


def test_one_small_geometry_in_very_many_places_is_refused(tmp_path: Path) -> None:
    ball = trimesh.creation.icosphere(4)
    scene = trimesh.Scene()
    for k in range(500):
        scene.add_geometry(ball, geom_name="ball", transform=trimesh.transformations.translation_matrix([k, 0, 0]))
    scene.export(tmp_path / "many.glb")
    assert (tmp_path / "many.glb").stat().st_size < 1_000_000
    with pytest.raises(InputRefused, match="2560000 faces"):
        read_surface(tmp_path / "many.glb", "m")
