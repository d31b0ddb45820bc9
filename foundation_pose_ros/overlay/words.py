"""Words on pictures."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..arrays import Rgb


@lru_cache(maxsize=256)
def coverage(text: str, size_px: float) -> np.ndarray:
    """Coverage (h, w) float32 in 0..1 of words in the font that Pillow brings along."""
    font = ImageFont.load_default(size_px)
    left, _, right, _ = font.getbbox(text)
    assert isinstance(font, ImageFont.FreeTypeFont)  # a bitmap font only where Pillow lacks FreeType: no wheel does
    ascent, descent = font.getmetrics()
    glyphs = Image.new("L", (max(round(right - left), 1), ascent + descent), 0)
    ImageDraw.Draw(glyphs).text((-left, 0), text, fill=255, font=font)
    return np.asarray(glyphs, np.float32) / 255


def paint(image: Rgb, coverage: np.ndarray, left: int, top: int, colour: tuple[int, int, int]) -> None:
    part = image[top : top + coverage.shape[0], left : left + coverage.shape[1]]
    alpha = coverage[: part.shape[0], : part.shape[1], None]
    part[:] = (part + alpha * (np.array(colour, np.float32) - part)).astype(np.uint8)
