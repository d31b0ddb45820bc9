"""A file is there whole or as it was, whatever goes wrong while it is written."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from foundation_pose_ros.atomic_file import replacing, write_text


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond a few bytes: the system refuses to write on, as it does on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def test_what_is_written_takes_the_old_files_place_at_the_end(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")
    with replacing(path) as unfinished:
        assert unfinished.parent == tmp_path and unfinished.suffix == ".json"
        unfinished.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")
    with pytest.raises(OSError), full_disk():
        write_text(path, "new" * 100_000)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interruption_leaves_nothing_behind(tmp_path):
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "model.glb") as unfinished:
        unfinished.write_bytes(b"half")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_text_is_utf_8_whatever_the_machine_speaks(tmp_path):
    write_text(tmp_path / "page.html", "Tür")
    assert (tmp_path / "page.html").read_bytes() == "Tür".encode()


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "nowhere" / "page.html", "text")
