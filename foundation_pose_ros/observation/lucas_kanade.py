"""Points followed from one picture into another, there and back (Lucas and Kanade 1981, in pyramids: Bouguet 2000).

Compiled here, by OpenCV's rules: OpenCV's own makes slopes of whole pictures, of which windows about a few points are
all that is looked at.
"""

from typing import Any

import cv2
import numpy as np

from ..arrays import Pixels
from ..jit import compiled, inlined

# A window has so many pixels a side. Rows in memory are whole vectors: a window's own, and those of the patch that its
# slopes are made from, a pixel larger on each side.
_WINDOW, _HALF = 13, 6
_ROW, _PATCH_ROW = 16, 24
# Windows may reach out of a picture, which is mirrored there.
_BORDER = 16
# A step is the last one when it goes less than this far; one that undoes the last but for so little is halved.
_MOST_STEPS, _SHORTEST_PX, _UNDONE_PX = 12, 0.03, 0.01
# In a window that tells where it is the slope's mean square is so much at least in every direction, in grays per pixel.
_LEAST_SLOPE = 2.05
# By Scharr: of the rows beside a pixel, and of its own.
_BESIDE, _OWN = np.float32(3 / 32), np.float32(10 / 32)
_MASK = (np.arange(_ROW) < _WINDOW).astype(np.float32)
_1, _2 = np.uint64(1), np.uint64(2)


def there_and_back(
    before: np.ndarray, after: np.ndarray, pixels: Pixels, expected: np.ndarray, levels: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where points are seen after (M, 2) float32, where those lead back to (M, 2), and which (M,) bool are seen.

    before, after (n, n) uint8. pixels (M, 2) float32 in the one, expected (M, 2) in the other. levels: how often
    pictures are halved for what is far from where it is expected; the way back is taken in the finest alone.
    """
    found: tuple[np.ndarray, np.ndarray, np.ndarray] = _there_and_back(
        _pyramid(before, levels), _pyramid(after, levels), len(before), pixels, expected, levels
    )
    return found


def _pyramid(image: np.ndarray, levels: int) -> np.ndarray:
    """All of a picture's sizes below each other, (rows, n + 2 borders) uint8, each with its border."""
    sizes = [len(image) >> level for level in range(levels + 1)]
    # Vectors read beyond the last row.
    pyramid = np.empty((sum(sizes) + 2 * _BORDER * len(sizes) + 1, sizes[0] + 2 * _BORDER), np.uint8)
    pyramid[-1] = 0
    top = 0
    for size in sizes:
        if len(image) != size:
            image = cv2.pyrDown(image, dstsize=(size, size))
        end = top + size + 2 * _BORDER
        part = pyramid[top:end, : size + 2 * _BORDER]
        cv2.copyMakeBorder(image, _BORDER, _BORDER, _BORDER, _BORDER, cv2.BORDER_REFLECT_101, dst=part)
        top = end
    return pyramid


@compiled
def _there_and_back(before: Any, after: Any, size: int, pixels: Any, expected: Any, levels: int) -> Any:
    found, there = _followed(before, after, size, pixels, expected, levels)
    back, here = _followed(after, before, size, found, pixels, 0)
    return found, back, there & here


@compiled
def _followed(before: Any, after: Any, size: int, pixels: Any, expected: Any, levels: int) -> Any:
    """Return where points are seen (M, 2), and which (M,) are."""
    found, seen = np.empty((len(pixels), 2), np.float32), np.empty(len(pixels), np.bool_)
    # Arrays of this function's own: loops over others may write to what they read, and aren't taken side by side.
    window = np.empty((3, _WINDOW, _ROW), np.float32)  # gray, and its slopes along u and v
    patch, last = np.empty((_WINDOW + 2, _PATCH_ROW), np.float32), np.empty(_PATCH_ROW, np.float32)
    for i in range(len(pixels)):
        scale = 1.0 / (1 << levels)
        u, v = expected[i, 0] * scale, expected[i, 1] * scale
        seen[i] = _within_reach(pixels[i, 0], pixels[i, 1], size)
        if not seen[i]:
            found[i, 0], found[i, 1] = expected[i, 0], expected[i, 1]
            continue
        for level in range(levels, -1, -1):
            scale = 1.0 / (1 << level)
            if level < levels:
                u, v = 2 * u, 2 * v
            top, side = 0, size >> level
            for finer in range(level):
                top += (size >> finer) + 2 * _BORDER
            a, b, d = _cut(before, top, pixels[i, 0] * scale, pixels[i, 1] * scale, window, patch, last)
            flattest = (a + d - np.sqrt((a - d) ** 2 + 4 * b * b)) / (2 * _WINDOW * _WINDOW)
            if flattest < _LEAST_SLOPE:
                seen[i] = level > 0
                continue
            det = a * d - b * b
            last_u = last_v = 0.0
            for step in range(_MOST_STEPS):
                if not _within_reach(u, v, side):
                    seen[i] = level > 0
                    break
                p, q = _off(after, top, u, v, window, last)
                du, dv = (b * q - d * p) / det, (b * p - a * q) / det
                u, v = u + du, v + dv
                if du * du + dv * dv <= _SHORTEST_PX**2:
                    break
                if step > 0 and abs(du + last_u) < _UNDONE_PX and abs(dv + last_v) < _UNDONE_PX:
                    u, v = u - du / 2, v - dv / 2
                    break
                last_u, last_v = du, dv
        found[i, 0], found[i, 1] = u, v
    return found, seen


@compiled
def _within_reach(u: float, v: float, side: int) -> bool:
    """Tell whether a window there touches the picture, side x side."""
    # Whole numbers are compared: a place may be infinite.
    column, row = int(np.floor(u)), int(np.floor(v))
    return -_HALF <= column + 1 <= side + _HALF and -_HALF <= row + 1 <= side + _HALF


@inlined
def _cut(pyramid: Any, top: int, u: float, v: float, window: Any, patch: Any, last: Any) -> Any:
    """Fill a window about a place, and its slopes along u and v; return sums of the slopes' products uu, uv, vv."""
    column, row = int(np.floor(u)), int(np.floor(v))
    right, low = np.float32(u - column), np.float32(v - row)
    left, high = np.float32(1) - right, np.float32(1) - low
    pixels, stride = pyramid.ravel(), np.uint64(pyramid.shape[1])
    first = np.uint64(top + row + _BORDER - _HALF - 1) * stride + np.uint64(column + _BORDER - _HALF - 1)
    for c in range(np.uint64(_PATCH_ROW)):
        last[c] = left * pixels[first + c] + right * pixels[first + c + _1]
    for r in range(np.uint64(_WINDOW + 2)):
        first += stride
        for c in range(np.uint64(_PATCH_ROW)):
            new = left * pixels[first + c] + right * pixels[first + c + _1]
            patch[r, c] = high * last[c] + low * new
            last[c] = new
    a = b = d = np.float32(0)
    for r in range(np.uint64(_WINDOW)):
        for c in range(np.uint64(_ROW)):
            window[0, r, c] = patch[r + _1, c + _1]
            across = patch[r, c + _2] - patch[r, c] + patch[r + _2, c + _2] - patch[r + _2, c]
            across = _BESIDE * across + _OWN * (patch[r + _1, c + _2] - patch[r + _1, c])
            under = patch[r + _2, c] - patch[r, c] + patch[r + _2, c + _2] - patch[r, c + _2]
            under = _BESIDE * under + _OWN * (patch[r + _2, c + _1] - patch[r, c + _1])
            across, under = across * _MASK[c], under * _MASK[c]
            window[1, r, c], window[2, r, c] = across, under
            a += across * across
            b += across * under
            d += under * under
    return np.float64(a), np.float64(b), np.float64(d)


@inlined
def _off(pyramid: Any, top: int, u: float, v: float, window: Any, last: Any) -> Any:
    """Return sums of how much brighter a place is than a window, times the window's slopes along u and v."""
    column, row = int(np.floor(u)), int(np.floor(v))
    right, low = np.float32(u - column), np.float32(v - row)
    left, high = np.float32(1) - right, np.float32(1) - low
    pixels, stride = pyramid.ravel(), np.uint64(pyramid.shape[1])
    first = np.uint64(top + row + _BORDER - _HALF) * stride + np.uint64(column + _BORDER - _HALF)
    p = q = np.float32(0)
    for c in range(np.uint64(_ROW)):
        last[c] = left * pixels[first + c] + right * pixels[first + c + _1]
    for r in range(np.uint64(_WINDOW)):
        first += stride
        for c in range(np.uint64(_ROW)):
            new = left * pixels[first + c] + right * pixels[first + c + _1]
            off = high * last[c] + low * new - window[0, r, c]
            last[c] = new
            p += off * window[1, r, c]
            q += off * window[2, r, c]
    return np.float64(p), np.float64(q)
