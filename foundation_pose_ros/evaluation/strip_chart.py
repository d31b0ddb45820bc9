"""Tracks frame by frame, as strips: by which a person sees where a track goes wrong, and whether it knew."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..arrays import Rgb
from ..tracking import TrackState
from .evaluate import JudgedEstimate
from .metrics import RECALL_FRACTION

RIGHT, DOUBTED, WRONG, NONE = (196, 226, 196), (255, 205, 130), (236, 110, 96), (235, 235, 235)
_ERROR, _SCORE, _LIMIT, _TEXT = (30, 30, 30), (40, 90, 190), (150, 150, 150), (60, 60, 60)
# An error of so many limits, and all beyond, is at the top of a strip.
_TOP_LIMITS = 3.0


@dataclass(frozen=True)
class Strip:
    """One track: what is written before it, and its rows in order."""

    label: str
    rows: Sequence[JudgedEstimate]


def add_right(row: JudgedEstimate) -> bool:
    """Tell whether ADD over the object's symmetries is below a tenth of the diameter."""
    return bool(row.add_m < RECALL_FRACTION * row.diameter_m)


def believed(row: JudgedEstimate) -> bool:
    """Tell whether the tracker gave a pose and said that nothing is in doubt about it."""
    estimate = row.estimate
    return estimate.result is not None and estimate.state is TrackState.TRACKING and not estimate.in_doubt


def strip_chart(
    strips: Sequence[Strip], cell_px: int = 8, strip_px: int = 36, label_px: int = 300, most_cells: int = 130
) -> Rgb:
    """Draw tracks (H, W, 3) uint8 RGB, a cell per frame; those longer than `most_cells` go on below.

    Cells: green where the pose is right, red where it is wrong and believed, orange where it is wrong and in doubt,
    grey where there is none. Black: ADD, a tenth of the diameter at the thin line, three times that at the top. Blue:
    score.
    """
    lines = [
        (strip.label if start == 0 else "", strip.rows[start : start + most_cells])
        for strip in strips
        for start in range(0, max(len(strip.rows), 1), most_cells)
    ]
    widest = max((len(rows) for _, rows in lines), default=0)
    gap = 4
    image = np.full((len(lines) * (strip_px + gap) + gap, label_px + widest * cell_px + gap, 3), 255, np.uint8)
    for k, (label, rows) in enumerate(lines):
        top = gap + k * (strip_px + gap)
        _write(image, label, (4, top + strip_px // 2 + 4))
        part = image[top : top + strip_px, label_px : label_px + len(rows) * cell_px]
        if len(rows):
            _draw(part, rows, cell_px)
    return image


def _draw(part: np.ndarray, rows: Sequence[JudgedEstimate], cell_px: int) -> None:
    height = part.shape[0]
    for column, row in enumerate(rows):
        part[:, column * cell_px : (column + 1) * cell_px - 1] = _colour(row)
    limit_y = round((1 - 1 / _TOP_LIMITS) * (height - 1))
    part[limit_y] = _LIMIT
    errors = [_share(row.add_m / (_TOP_LIMITS * RECALL_FRACTION * row.diameter_m)) for row in rows]
    scores = [None if row.estimate.result is None else float(row.estimate.result.score) for row in rows]
    for values, colour in ((scores, _SCORE), (errors, _ERROR)):
        _line(part, values, cell_px, colour)


def _colour(row: JudgedEstimate) -> tuple[int, int, int]:
    if row.estimate.result is None:
        return NONE
    if add_right(row):
        return RIGHT
    return WRONG if believed(row) else DOUBTED


def _share(value: float) -> float | None:
    return min(value, 1.0) if np.isfinite(value) else None


def _line(part: np.ndarray, values: Sequence[float | None], cell_px: int, colour: tuple[int, int, int]) -> None:
    before = None
    for column, value in enumerate(values):
        if value is None:
            before = None
            continue
        at = (column * cell_px + cell_px // 2, round((1 - value) * (part.shape[0] - 1)))
        # A point that stands alone is drawn too.
        cv2.line(part, before or at, at, colour, 1, cv2.LINE_AA)
        before = at


def _write(image: np.ndarray, text: str, at: tuple[int, int]) -> None:
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.38, _TEXT, 1, cv2.LINE_AA)
