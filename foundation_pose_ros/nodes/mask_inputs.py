"""What starts a track: a mask or label image, or boxes; each names the frame that it belongs to. Needs no ROS."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..errors import InputRefused
from ..frame import Frame
from ..tracking.multi_object import masks_from_label_image

Rectified = Callable[[np.ndarray], np.ndarray]


class MaskInput(Protocol):
    """Masks of one frame; stamp 0 stands for the newest frame. `force` registers an object anew that is tracking."""

    @property
    def stamp_ns(self) -> int: ...

    @property
    def force(self) -> bool: ...

    def masks(self, frame: Frame, ids: tuple[str, ...], wanting: tuple[str, ...]) -> dict[str, np.ndarray]:
        """Masks (H, W) bool by object id; raises InputRefused."""
        ...


@dataclass(frozen=True)
class LabelImage:
    """Labels (H, W) of unsigned integers. `rectified` frees them from the lens's distortion as the frame was."""

    stamp_ns: int
    labels: np.ndarray
    rectified: Rectified = np.asarray
    only: str | None = None
    force: bool = False

    def masks(self, frame: Frame, ids: tuple[str, ...], wanting: tuple[str, ...]) -> dict[str, np.ndarray]:
        """As `masks_from_label_image` has it; with `only`, all that isn't 0 is that object."""
        if self.labels.shape != frame.depth_m.shape:
            raise InputRefused(
                "size_mismatch",
                f"mask is {self.labels.shape[1]}x{self.labels.shape[0]} but its image is {frame.depth_m.shape[1]}x"
                f"{frame.depth_m.shape[0]}: send the mask at the size of the colour image",
            )
        labels = self.rectified(self.labels)
        if self.only is not None:
            return masks_from_label_image(labels, (self.only,), (self.only,))
        return masks_from_label_image(labels, ids, wanting)


@dataclass(frozen=True)
class Box:
    """An upright box in pixels around an object."""

    class_id: str
    left: float
    top: float
    right: float
    bottom: float
    score: float


@dataclass(frozen=True)
class Boxes:
    """Boxes of a detector; of several for an object the one with the best score counts, filled as its mask."""

    stamp_ns: int
    boxes: tuple[Box, ...]
    rectified: Rectified = np.asarray
    force: bool = False

    def masks(self, frame: Frame, ids: tuple[str, ...], wanting: tuple[str, ...]) -> dict[str, np.ndarray]:
        """One filled box per object that a class_id names."""
        best: dict[str, Box] = {}
        for box in self.boxes:
            if box.class_id in ids and (box.class_id not in best or box.score > best[box.class_id].score):
                best[box.class_id] = box
        if not best:
            seen = ", ".join(sorted({box.class_id for box in self.boxes}))
            raise InputRefused(
                "unknown_object",
                f"boxes of {seen} but the objects are {', '.join(ids) or 'none'}: let the detector's class_id be the "
                "object's name",
            )
        return {id: self.rectified(_filled(box, frame.depth_m.shape)) != 0 for id, box in best.items()}


def _filled(box: Box, shape: tuple[int, ...]) -> np.ndarray:
    rows = slice(max(0, round(box.top)), max(0, round(box.bottom)))
    columns = slice(max(0, round(box.left)), max(0, round(box.right)))
    mask = np.zeros(shape, np.uint8)
    mask[rows, columns] = 255
    if not mask.any():
        raise InputRefused("empty_mask", f"the box of {box.class_id} is empty or outside the image: check its detector")
    return mask
