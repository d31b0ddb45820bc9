"""Several pictures in one."""

from collections.abc import Sequence

import cv2
import numpy as np

from ..errors import InputRefused
from .words import coverage, paint

_SHEET_COLOUR, _CAPTION_COLOUR = (24, 26, 30), (226, 228, 232)


def contact_sheet(
    images: Sequence[np.ndarray], columns: int = 4, captions: Sequence[str] = (), cell_width_px: int = 480
) -> np.ndarray:
    """Lay RGB images out in a grid, captions below, on dark ground; all cells have the first image's proportions."""
    if not images or columns < 1:
        raise InputRefused(
            "no_images", f"a contact sheet of {len(images)} images in {columns} columns: give at least one of each"
        )
    gap, bar = 8, 28 if any(captions) else 0
    height_px = round(cell_width_px * images[0].shape[0] / images[0].shape[1])
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    sheet = np.empty((rows * (height_px + bar + gap) + gap, columns * (cell_width_px + gap) + gap, 3), np.uint8)
    sheet[:] = _SHEET_COLOUR
    for k, image in enumerate(images):
        top, left = gap + k // columns * (height_px + bar + gap), gap + k % columns * (cell_width_px + gap)
        shrinks = image.shape[1] > cell_width_px
        cell = cv2.resize(
            image, (cell_width_px, height_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        )
        sheet[top : top + height_px, left : left + cell_width_px] = cell
        if k < len(captions) and captions[k]:
            words = coverage(captions[k], 15.0)[:bar, : cell_width_px - 8]
            y = top + height_px + (bar - words.shape[0]) // 2
            paint(sheet, words, left + 4, y, _CAPTION_COLOUR)
    return sheet
