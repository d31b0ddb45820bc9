"""Where the pages' pictures go: `write` is what every script that draws one ends with."""

from pathlib import Path

import cv2
import numpy as np

_IMAGES = Path(__file__).parent / "images"


def write(name: str, rgb: np.ndarray) -> None:
    """Write an RGB picture (H, W, 3) uint8 among the pages' own, and say so."""
    path = _IMAGES / name
    cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])
    print(f"written: {path}")
