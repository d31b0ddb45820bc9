"""What a run needs to go on where it stopped, and what it leaves to look at: a log and pictures."""

import csv
from pathlib import Path

import cv2
import numpy as np
import torch

from foundation_pose_ros.atomic_file import replacing

from ..network.model import UniverSeg

# Share of the running means that a step leaves.
RECENT = 0.98
COLUMNS = ("step", "minutes", "loss", "dice", "learning_rate", "validation_dice")


class UniverSegRunState:
    """Step, time worked, network, moving average and optimiser; running means of loss and Dice."""

    def __init__(self, model: UniverSeg, average: UniverSeg, optimizer: torch.optim.Optimizer, path: Path) -> None:
        self.model = model
        self.average = average
        self.optimizer = optimizer
        self.path = path
        self.step = 0
        self.elapsed_s = 0.0
        self.recent_loss = self.recent_dice = float("nan")

    def note(self, loss: float, dice: float) -> None:
        """Take one step's values into the running means."""
        first = self.recent_loss != self.recent_loss
        self.recent_loss = loss if first else RECENT * self.recent_loss + (1 - RECENT) * loss
        self.recent_dice = dice if first else RECENT * self.recent_dice + (1 - RECENT) * dice

    def row(self, learning_rate: float, validation_dice: float = float("nan")) -> dict[str, str]:
        """Return a line of the log."""
        return {
            "step": str(self.step),
            "minutes": f"{self.elapsed_s / 60:.2f}",
            "loss": f"{self.recent_loss:.4f}",
            "dice": f"{self.recent_dice:.4f}",
            "learning_rate": f"{learning_rate:.2e}",
            "validation_dice": "" if validation_dice != validation_dice else f"{validation_dice:.4f}",
        }

    def save(self) -> None:
        """Write the file, whole or not at all: a run can be stopped at any time."""
        content = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "elapsed_s": self.elapsed_s,
            "recent": [self.recent_loss, self.recent_dice],
        }
        with replacing(self.path) as unfinished:
            torch.save(content, unfinished)

    def load(self, device: str) -> bool:
        """Take up what was saved; False where nothing was."""
        if not self.path.is_file():
            return False
        content = torch.load(self.path, map_location=device, weights_only=True)
        self.model.load_state_dict(content["model"])
        self.average.load_state_dict(content["average"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.step, self.elapsed_s = content["step"], content["elapsed_s"]
        self.recent_loss, self.recent_dice = content["recent"]
        return True


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
    """Write a row per task: image, true mask (green) and probability (red), all (N, H, W) in 0..1."""
    rows = []
    for image, truth, found in zip(images, wanted, probability, strict=True):
        gray = np.repeat(image[..., None], 3, axis=2)
        tinted = [gray]
        for colour, amount in (((0, 1, 0), truth), ((0, 0, 1), found)):
            weight = 0.5 * amount[..., None]
            tinted.append(gray * (1 - weight) + weight * np.array(colour))
        rows.append(np.concatenate(tinted, axis=1))
    cv2.imwrite(str(path), (255 * np.concatenate(rows)).clip(0, 255).astype(np.uint8))
