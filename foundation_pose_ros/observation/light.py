"""How a frame is lit and exposed beside an earlier one: a lamp that goes out changes all colours, and no thing."""

from typing import Any, NamedTuple

import cv2
import numpy as np

from ..arrays import Rgb
from ..frame import Frame
from ..jit import compiled

# Cells of a frame that are compared, columns and rows, of pixels so many times as many.
_CELLS, _PIXELS = (32, 24), 5
# Beyond these a channel says nothing: black, and clipped.
_BLACK, _CLIPPED = 6.0, 247.0
# Logarithm by which brightness has to change, in so many cells and so large a share of them by half of that at least.
# Less is learned like any change, and what moves through the picture changes only some.
_CHANGE, _FEWEST_CELLS, _SHARE = 0.08, 60, 0.7
# Light and white balance change the colours' channels by more than this apart only where something else is seen.
_TINT = 0.4


class Light(NamedTuple):
    """A frame in small, and by what its colours are those of an earlier light.

    cells (24, 32, 3) float32 in 0..255: its mean colours, as they would be in that light. balance (3,) float32: by
    which its red, green and blue are multiplied to be so.
    """

    cells: np.ndarray
    balance: np.ndarray

    @classmethod
    def of(cls, frame: Frame, known: "Light | None" = None) -> "Light":
        """Compare a frame with one seen shortly before from about the same place; alone it is its own light."""
        cells = _in_small(frame.rgb)
        balance = np.ones(3, np.float32) if known is None else _balance(cells, known.cells)
        return cls(cells * balance, balance)

    @property
    def changed(self) -> bool:
        """Return whether it is another than the earlier one."""
        return bool((self.balance != 1).any())

    def table(self) -> np.ndarray:
        """Return (3, 256) int16: what values of red, green and blue become; -1: clipped, and might have been any."""
        values = np.arange(256)
        table = np.clip(self.balance[:, None] * values + 0.5, 0, 255).astype(np.int16)
        table[(self.balance[:, None] < 1) & (values > _CLIPPED)] = -1
        return table


def _in_small(rgb: Rgb) -> np.ndarray:
    """Average pixels here and there to (24, 32, 3) float32."""
    width, height = _CELLS
    some = cv2.resize(rgb, (_PIXELS * width, _PIXELS * height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.resize(some, _CELLS, interpolation=cv2.INTER_AREA), np.float32)


@compiled
def _balance(cells: Any, before: Any) -> Any:
    """Return factors (3,) from cells to those before, (h, w, 3) both; ones where it isn't the light that changed."""
    height, width, _ = cells.shape
    change, told = np.empty((3, height * width), np.float32), 0
    for v in range(height):
        for u in range(width):
            tells = True
            for c in range(3):
                tells &= _BLACK < cells[v, u, c] < _CLIPPED and _BLACK < before[v, u, c] < _CLIPPED
            if tells:
                for c in range(3):
                    change[c, told] = np.log(before[v, u, c] / cells[v, u, c])
                told += 1
    unchanged = np.ones(3, np.float32)
    if told < _FEWEST_CELLS:
        return unchanged
    factor = np.empty(3, np.float32)
    for c in range(3):
        factor[c] = np.median(change[c, :told])
    strongest = np.argmax(np.abs(factor))
    if abs(factor[strongest]) < _CHANGE or factor.max() - factor.min() > _TINT:
        return unchanged
    common = (change[strongest, :told] / factor[strongest] > 0.5).mean()
    return unchanged if common < _SHARE else np.exp(factor)
