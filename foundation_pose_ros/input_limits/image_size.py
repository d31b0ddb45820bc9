"""Images refused by the size that their header says, before a pixel of them is unpacked."""

from io import BytesIO
from pathlib import Path
from typing import IO

from PIL import Image, TiffImagePlugin

from ..errors import InputRefused, shortened
from .limits import LIMITS

_TIFF = (b"II*\0", b"MM\0*")


def checked_pixels(source: Path | bytes, what: object) -> int:
    """Return width times height of an image's file or content; 0 where it doesn't begin as a known image does.

    Raises InputRefused (`image_too_large`), calling the image `what`, for more than the limit.
    """
    with source.open("rb") if isinstance(source, Path) else BytesIO(source) as file:
        try:
            with Image.open(file) as image:
                width, height = image.size
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            width = height = LIMITS.image_pixels  # Pillow's own limit is beyond ours
        except Exception:  # the readers of many formats raise what they like
            width, height = _size_of_tiff(file)
    if width * height > LIMITS.image_pixels:
        raise InputRefused(
            "image_too_large",
            f"{shortened(what)} has more than {LIMITS.image_pixels} pixels: scale it down, 8192 along a side is plenty",
        )
    return width * height


def _size_of_tiff(file: IO[bytes]) -> tuple[int, int]:
    """Return width and height of a TIFF of pixels that Pillow doesn't know, as colour of floating point; else 0, 0."""
    try:
        file.seek(0)
        header = file.read(8)
        if header[:4] in _TIFF:
            tags = TiffImagePlugin.ImageFileDirectory_v2(header)
            file.seek(tags.next)
            tags.load(file)
            return int(tags[TiffImagePlugin.IMAGEWIDTH]), int(tags[TiffImagePlugin.IMAGELENGTH])
    except Exception:  # damaged: as no image at all
        return 0, 0
    return 0, 0
