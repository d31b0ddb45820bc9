"""A mesh is read once; what was kept of it is the same, and is forgotten when the mesh or its texture changes."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh

from foundation_pose_ros.object_model import kept_surfaces, mesh_file
from foundation_pose_ros.object_model.appearance import CornerColours, Texture
from foundation_pose_ros.object_model.cache_folder import VARIABLE
from foundation_pose_ros.object_model.kept_surfaces import read_surface
from foundation_pose_ros.object_model.surface import Surface

SQUARE = "v 0 0 0\nv 0.1 0 0\nv 0.1 0.1 0\nv 0 0.1 0.02\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "surfaces"


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were parsed."""
    parsed: list[Path] = []
    read = mesh_file.read_mesh
    monkeypatch.setattr(mesh_file, "read_mesh", lambda path, beside: parsed.append(path) or read(path, beside))
    return parsed


def textured(folder: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8)
    cv2.imwrite(str(folder / "skin.png"), pixels)
    (folder / "square.mtl").write_text("newmtl skin\nmap_Kd skin.png\n")
    (folder / "square.obj").write_text(f"mtllib square.mtl\n{SQUARE}usemtl skin\nf 1/1 2/2 3/3\nf 1/1 3/3 4/4\n")
    return folder / "square.obj"


def coloured(folder: Path) -> Path:
    ball = trimesh.creation.icosphere(1, radius=50.0)
    ball.visual.vertex_colors = np.random.default_rng(0).integers(0, 255, (len(ball.vertices), 4), np.uint8)
    ball.export(folder / "ball.ply")
    return folder / "ball.ply"


def bare(folder: Path) -> Path:
    trimesh.creation.box((0.1, 0.2, 0.3)).export(folder / "box.stl")
    return folder / "box.stl"


def assert_same(one: Surface, other: Surface) -> None:
    assert np.array_equal(one.vertices, other.vertices) and np.array_equal(one.faces, other.faces)
    assert one.vertices.dtype == other.vertices.dtype and one.faces.dtype == other.faces.dtype
    assert one.unit_m == other.unit_m and type(one.appearance) is type(other.appearance)
    if isinstance(one.appearance, Texture) and isinstance(other.appearance, Texture):
        assert one.appearance.texel_m == other.appearance.texel_m
        assert np.array_equal(one.appearance.corner_uv, other.appearance.corner_uv)
        for level, again in zip(one.appearance.levels, other.appearance.levels, strict=True):
            assert np.array_equal(level, again)
    if isinstance(one.appearance, CornerColours) and isinstance(other.appearance, CornerColours):
        assert np.array_equal(one.appearance.corner_rgb, other.appearance.corner_rgb)


@pytest.mark.parametrize(
    ("make", "unit", "looks"),
    [(textured, "m", Texture), (coloured, "mm", CornerColours), (bare, "auto", type(None))],
)
def test_what_was_kept_is_what_was_read(make, unit, looks, folder, readings, tmp_path):
    file = make(tmp_path)
    read, kept = read_surface(file, unit), read_surface(file, unit)
    assert len(readings) == 1 and isinstance(read.appearance, looks)
    assert_same(read, kept)


def test_a_texture_that_changes_or_comes_later_is_read(folder, readings, tmp_path):
    file = textured(tmp_path)
    skin = (tmp_path / "skin.png").read_bytes()
    (tmp_path / "skin.png").unlink()
    assert read_surface(file, "m").appearance is None
    (tmp_path / "skin.png").write_bytes(skin)
    first = read_surface(file, "m").appearance
    cv2.imwrite(str(tmp_path / "skin.png"), 255 - cv2.imread(str(tmp_path / "skin.png")))
    second = read_surface(file, "m").appearance
    assert isinstance(first, Texture) and isinstance(second, Texture) and len(readings) == 3
    assert np.array_equal(first.levels[0], 255 - second.levels[0])


def test_another_unit_and_another_mesh_are_others(folder, readings, tmp_path):
    file = bare(tmp_path)
    metres, inches = read_surface(file, "m"), read_surface(file, "in")
    assert inches.vertices == pytest.approx(metres.vertices * 0.0254)
    trimesh.creation.box((0.2, 0.2, 0.3)).export(file)
    assert np.ptp(read_surface(file, "m").vertices[:, 0]) == pytest.approx(0.2)
    assert len(readings) == 3


def test_a_broken_file_is_read_anew(folder, readings, tmp_path):
    file = bare(tmp_path)
    first = read_surface(file, "m")
    (kept,) = folder.iterdir()
    for content in (b"", b"PK\x03\x04 and no more", kept.read_bytes()[:-300]):
        kept.write_bytes(content)
        assert_same(first, read_surface(file, "m"))
    assert len(readings) == 4


def test_nothing_is_kept_where_that_can_t_be(tmp_path, readings, monkeypatch):
    (tmp_path / "file").write_text("")
    for place in ("", str(tmp_path / "file")):
        monkeypatch.setenv(VARIABLE, place)
        read_surface(bare(tmp_path), "m")
    assert len(readings) == 2


def test_the_folder_doesn_t_grow_without_end(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_surfaces, "_MOST_BYTES", 6000)
    for index in range(5):
        trimesh.creation.box((0.1, 0.2, 0.3 + index / 100)).export(tmp_path / "box.stl")
        before = set(folder.iterdir()) if folder.is_dir() else set()
        read_surface(tmp_path / "box.stl", "m")
        (new,) = set(folder.iterdir()) - before
        os.utime(new, ns=(index, index))
        assert sum(file.stat().st_size for file in folder.iterdir()) <= 6000
    assert new.is_file()


PROGRAM = """
import sys
from foundation_pose_ros import ObjectModel, PoseEstimator
PoseEstimator([ObjectModel.from_mesh(sys.argv[1])])
print("trimesh" in sys.modules)
"""


@pytest.mark.slow
def test_a_kept_mesh_needs_no_mesh_library(folder, tmp_path):
    """Importing it takes a quarter of a second registration's time."""
    command = [sys.executable, "-c", PROGRAM, str(bare(tmp_path))]
    answers = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() for _ in range(2)]
    assert answers == ["True", "False"]
