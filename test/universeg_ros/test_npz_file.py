"""Arrays in `.npz` files: bombs are refused by what their members say, and nothing is unpacked."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from foundation_pose_ros import InputRefused
from universeg_ros.evaluation.tasks import read_task
from universeg_ros.npz_file import read_npz
from universeg_ros.support import support_files
from universeg_ros.training.tasks import read_tasks


@pytest.fixture
def nothing_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object, **__: object) -> None:
        raise AssertionError("it was unpacked")

    monkeypatch.setattr(np, "load", load)


def header(shape: tuple[int, ...]) -> bytes:
    words = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(words).to_bytes(2, "little") + words.encode()


def packed(file: Path, zeros: int, shape: tuple[int, ...]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("images.npy", "w") as member:
        member.write(header(shape))
        for _ in range(zeros >> 20):
            member.write(bytes(1 << 20))
    return file


@pytest.mark.usefixtures("nothing_is_unpacked")
def test_what_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    file = packed(tmp_path / "bomb.npz", (1 << 30) + (1 << 20), (1025, 1024, 1024))
    assert file.stat().st_size < 2_000_000
    for read in (support_files.load, read_task, lambda path: read_tasks([path])):
        with pytest.raises(InputRefused, match="give fewer or smaller images"):
            read(file)


@pytest.mark.usefixtures("nothing_is_unpacked")
def test_a_shape_without_its_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="fewer numbers than it says"):
        read_npz(packed(tmp_path / "hollow.npz", 0, (1 << 40,)), "bad_support", "a support set")


def test_damaged_files_are_refused_in_words(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "whole.npz", a=np.arange(10_000))
    whole = (tmp_path / "whole.npz").read_bytes()
    damaged = {
        "cut": whole[:-40],
        "turned": whole[:100] + bytes(255 - byte for byte in whole[100:1000]) + whole[1000:],
        "empty": b"",
        "other": b"\x93NUMPY" * 9,
    }
    for name, content in damaged.items():
        (tmp_path / f"{name}.npz").write_bytes(content)
        with pytest.raises(InputRefused, match=f"{name}.npz isn't a support set"):
            read_npz(tmp_path / f"{name}.npz", "bad_support", "a support set")


@pytest.mark.parametrize("manifest", ["[" * 100_000, "[]", "{", '{"order": 3}', '{"order": ["a"]}'])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, manifest: str) -> None:
    np.savez(tmp_path / "set.npz", manifest=np.array(manifest))
    with pytest.raises(InputRefused, match="save the set again"):
        support_files.load(tmp_path / "set.npz")
