"""Pictures to check by eye: a support set, and a segmentation with what it came from."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from .mask_result import MaskResult
from .support.preparation import Encoding, to_gray
from .support.support_set import Example, SupportSet

# Distinguishable with any colour vision (Okabe and Ito, 2008), as BGR.
COLOURS = [(0, 159, 230), (233, 180, 86), (115, 158, 0), (66, 228, 240), (0, 94, 213), (167, 121, 204), (178, 114, 0)]
GAP, TITLE, CELL, ACROSS = 8, 22, 160, 6
BACKGROUND, INK = 24, (225, 225, 225)


def support_picture(support: SupportSet, most: int = 60) -> np.ndarray:
    """Return all examples (the first `most`) with their masks and names, as BGR uint8."""
    shown = list(support)[:most]
    rows = [_row([_example_cell(e) for e in shown[i : i + ACROSS]]) for i in range(0, len(shown), ACROSS)]
    more = f", {len(support) - most} more" if len(support) > most else ""
    legend = ", ".join(support.label_name(label) for label in support.labels)
    return _stacked([_heading(f"{len(support)} examples of {legend}{more}", ACROSS), *rows])


def segmentation_picture(
    support: SupportSet, image: np.ndarray, result: MaskResult, encoding: Encoding | None = None
) -> np.ndarray:
    """Draw the support above; query, mask, probability and uncertainty below; as BGR uint8."""
    gray = as_bytes(image, encoding)
    side = (ACROSS * (CELL + GAP) - GAP - 3 * GAP) // 4
    found = ", ".join(f"{r.name} {r.confidence:.2f}" for r in result.labels if r.area_px) or "nothing found"
    cells = [
        _cell(np.repeat(gray[..., None], 3, 2), "query", side),
        _cell(painted(gray, result.mask), found, side),
        _cell(_mapped(result.probability, cv2.COLORMAP_VIRIDIS), "probability", side),
        _cell(_mapped(result.uncertainty, cv2.COLORMAP_INFERNO), "uncertainty", side),
    ]
    used = [support[name] for name in result.support]
    more = f", {len(used) - ACROSS} more" if len(used) > ACROSS else ""
    return _stacked(
        [
            _heading(f"support: {len(used)} examples{more}", ACROSS),
            _row([_example_cell(e) for e in used[:ACROSS]]),
            _row(cells),
        ]
    )


def painted(gray: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return gray (H, W) uint8 with labels (H, W) tinted and outlined, BGR."""
    picture = np.repeat(gray[..., None], 3, axis=2).astype(np.float32)
    for label in np.unique(labels[labels > 0]):
        mask = (labels == label).astype(np.uint8)
        colour = np.array(COLOURS[(int(label) - 1) % len(COLOURS)], np.float32)
        picture[mask > 0] = 0.6 * picture[mask > 0] + 0.4 * colour
        outlines: Sequence[Any] = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]
        cv2.drawContours(picture, outlines, -1, colour.tolist(), max(1, round(max(gray.shape) / 250)))
    return picture.clip(0, 255).astype(np.uint8)


def as_bytes(image: np.ndarray, encoding: Encoding | None = None) -> np.ndarray:
    """Return any image as gray (H, W) uint8, least to largest over 0..255."""
    gray = to_gray(image, encoding)
    low, high = float(gray.min()), float(gray.max())
    return ((gray - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)


def _example_cell(example: Example) -> np.ndarray:
    return _cell(painted(as_bytes(example.image, example.encoding), example.labels), example.name, CELL)


def _mapped(values: np.ndarray, colours: int) -> np.ndarray:
    return cv2.applyColorMap((255 * values).astype(np.uint8), colours)


def _cell(picture: np.ndarray, title: str, side: int) -> np.ndarray:
    """The picture as large as fits a square, under its title."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    shrinks = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    size = max(1, round(width * scale)), max(1, round(height * scale))
    cell = np.full((side + TITLE, side, 3), BACKGROUND, np.uint8)
    left = (side - size[0]) // 2
    cell[TITLE : TITLE + size[1], left : left + size[0]] = cv2.resize(picture, size, interpolation=shrinks)
    while len(title) > 4 and cv2.getTextSize(title, cv2.FONT_HERSHEY_SIMPLEX, 0.42, 1)[0][0] > side:
        title = title[:-4] + ".."
    return _written(cell, title, 0.42)


def _written(picture: np.ndarray, text: str, scale: float) -> np.ndarray:
    # The font has no other letters than these.
    plain = text.encode("ascii", "replace").decode()
    return cv2.putText(picture, plain, (1, TITLE - 7), cv2.FONT_HERSHEY_SIMPLEX, scale, INK, 1, cv2.LINE_AA)


def _heading(text: str, cells: int) -> np.ndarray:
    return _written(np.full((TITLE, cells * (CELL + GAP) - GAP, 3), BACKGROUND, np.uint8), text, 0.5)


def _row(cells: Sequence[np.ndarray]) -> np.ndarray:
    gap = np.full((cells[0].shape[0], GAP, 3), BACKGROUND, np.uint8)
    return np.concatenate([part for cell in cells for part in (gap, cell)][1:], axis=1)


def _stacked(rows: Sequence[np.ndarray]) -> np.ndarray:
    width = max(row.shape[1] for row in rows)
    padded = [np.pad(r, ((0, GAP), (0, width - r.shape[1]), (0, 0)), constant_values=BACKGROUND) for r in rows]
    return np.pad(np.concatenate(padded), ((GAP, 0), (GAP, GAP), (0, 0)), constant_values=BACKGROUND)
