"""Images are refused by their header; those within the limit are read as before."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from foundation_pose_ros import InputRefused
from foundation_pose_ros.datasets.image_files import read_depth_m, read_rgb
from foundation_pose_ros.datasets.image_files import read_mask as read_recorded_mask
from foundation_pose_ros.input_limits.image_size import checked_pixels
from foundation_pose_ros.streams.image_messages import compressed_to_rgb
from universeg_ros.image_files import read_image, read_mask


def png_header(width: int, height: int) -> bytes:
    """Make the beginning of a picture that says it is so large, without a pixel."""

    def chunk(content: bytes) -> bytes:
        return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))

    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(header) + chunk(b"IDAT")


@pytest.mark.parametrize(("width", "height"), [(13_000, 13_000), (60_000, 60_000), (8193, 8192)])
@pytest.mark.parametrize("read", [read_rgb, read_depth_m, read_recorded_mask, read_image, read_mask])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_no_reader_unpacks_an_image_beyond_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], np.ndarray], width: int, height: int
) -> None:
    monkeypatch.setattr(cv2, "imread", None)
    monkeypatch.setattr(cv2, "imdecode", None)
    (tmp_path / "bomb.png").write_bytes(png_header(width, height))
    with pytest.raises(InputRefused, match="scale it down") as refused:
        read(tmp_path / "bomb.png")
    assert refused.value.reason == "image_too_large"


def test_a_compressed_message_is_refused_by_its_header_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", None)
    with pytest.raises(InputRefused, match="scale it down"):
        compressed_to_rgb(SimpleNamespace(data=png_header(60_000, 60_000), format="png"))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("suffix", "kind"),
    [(s, np.uint8) for s in (".png", ".jpg", ".tiff", ".bmp")]
    + [(".png", np.uint16), (".tiff", np.uint16), (".tiff", np.float32)],
)
def test_all_that_is_written_is_known(tmp_path: Path, suffix: str, kind: type[np.generic], channels: int) -> None:
    shape = (20, 30) if channels == 1 else (20, 30, 3)
    cv2.imwrite(str(tmp_path / f"image{suffix}"), np.ones(shape, kind))
    assert checked_pixels(tmp_path / f"image{suffix}", "it") == 600
    assert checked_pixels((tmp_path / f"image{suffix}").read_bytes(), "it") == 600


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("content", [b"", b"text", b"II*\0", b"II*\0\x08\0\0\0", b"MM\0*" + b"\xff" * 40])
def test_what_is_no_image_has_no_pixels(content: bytes) -> None:
    assert checked_pixels(content, "it") == 0
