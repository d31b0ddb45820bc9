"""What a run leaves to look at: a log as CSV and a sample picture."""

import csv
from pathlib import Path

import cv2
import numpy as np

COLUMNS = ("step", "minutes", "loss", "dice", "learning_rate", "validation_dice")


class Log:
    """Appends lines to a CSV file, each at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            with path.open("w", newline="") as file:
                csv.writer(file).writerow(COLUMNS)

    def write(self, row: dict[str, str]) -> None:
        """Append one line."""
        with self.path.open("a", newline="") as file:
            csv.DictWriter(file, COLUMNS).writerow(row)


def save_picture(path: Path, images: np.ndarray, wanted: np.ndarray, probability: np.ndarray) -> None:
    """A row per task: image, true mask (green) and probability (red), all (N, H, W) in 0..1."""
    rows = []
    for image, truth, found in zip(images, wanted, probability, strict=True):
        gray = np.repeat(image[..., None], 3, axis=2)
        tinted = [gray]
        for colour, amount in (((0, 1, 0), truth), ((0, 0, 1), found)):
            weight = 0.5 * amount[..., None]
            tinted.append(gray * (1 - weight) + weight * np.array(colour))
        rows.append(np.concatenate(tinted, axis=1))
    cv2.imwrite(str(path), (255 * np.concatenate(rows)).clip(0, 255).astype(np.uint8))
