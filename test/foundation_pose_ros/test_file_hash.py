"""A file's hash is that of its bytes, however many."""

import hashlib
from pathlib import Path

import pytest

from foundation_pose_ros.file_hash import file_sha256


@pytest.mark.parametrize("size", [0, 7, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_hash_is_that_of_the_bytes(tmp_path: Path, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (tmp_path / "file").write_bytes(content)
    assert file_sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()
