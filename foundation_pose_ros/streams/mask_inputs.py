"""What starts a track: a mask or label image, or boxes; each names the frame that it belongs to. Needs no ROS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..arrays import Mask
from ..errors import InputRefused
from ..frame import Frame

Rectified = Callable[[np.ndarray], np.ndarray]
# Names of models by the ids of their instances, in the order of labels; an only instance has its model's name.
Objects = Mapping[str, str]


class MaskInput(Protocol):
    """Masks of one frame; stamp 0 stands for the newest frame. `force` registers an object anew that is tracking."""

    @property
    def stamp_ns(self) -> int: ...

    @property
    def force(self) -> bool: ...

    def masks(self, frame: Frame, objects: Objects, wanting: tuple[str, ...]) -> list[tuple[str, Any]]:
        """Return masks (H, W) bool, or what the estimator finds objects from; raises InputRefused.

        Each with the id of its object, or with the name of the model that it shows one of.
        """
        ...


@dataclass(frozen=True)
class LabelImage:
    """Labels (H, W) of unsigned integers. `rectified` frees them from the lens's distortion as the frame was."""

    stamp_ns: int
    labels: np.ndarray
    rectified: Rectified = np.asarray
    only: str | None = None
    force: bool = False

    def masks(self, frame: Frame, objects: Objects, wanting: tuple[str, ...]) -> list[tuple[str, Mask]]:
        """Return masks as `masks_from_label_image` does; with `only`, all that isn't 0 is that object."""
        if self.labels.shape != frame.depth_m.shape:
            raise InputRefused(
                "size_mismatch",
                f"mask is {self.labels.shape[1]}x{self.labels.shape[0]} but its image is {frame.depth_m.shape[1]}x"
                f"{frame.depth_m.shape[0]}: send the mask at the size of the colour image",
            )
        labels = self.rectified(self.labels)
        if self.only is not None:
            return masks_from_label_image(labels, {self.only: self.only}, (self.only,))
        return masks_from_label_image(labels, objects, wanting)


@dataclass(frozen=True)
class DetectedBox:
    """An upright box in pixels around an object; label: its value in an image of instances."""

    class_id: str
    left: float
    top: float
    right: float
    bottom: float
    score: float
    label: int = 0


@dataclass(frozen=True)
class DetectedBoxes:
    """Boxes of a detector, filled as masks.

    instances (H, W): a label image of the same frame, where a detector gives one; pixels of value `label` are what the
    box of that label shows, in place of all that is inside of it.
    """

    stamp_ns: int
    boxes: tuple[DetectedBox, ...]
    rectified: Rectified = np.asarray
    force: bool = False
    instances: np.ndarray | None = None

    def masks(self, frame: Frame, objects: Objects, wanting: tuple[str, ...]) -> list[tuple[str, Mask]]:
        """Return a mask for each box whose class_id is an object's id or its model's name, the best first."""
        known = {*objects, *objects.values()}
        meant = sorted((box for box in self.boxes if box.class_id in known), key=lambda box: -box.score)
        if not meant:
            seen = ", ".join(sorted({box.class_id for box in self.boxes}))
            raise InputRefused(
                "unknown_object",
                f"boxes of {seen} but the objects are {', '.join(objects) or 'none'}: let the detector's class_id be "
                "the object's name",
            )
        masks, refused = [], None
        for box in meant:
            try:
                masks.append((box.class_id, self._mask(box, frame.depth_m.shape)))
            except InputRefused as error:
                refused = refused or error
        if refused is not None and not masks:
            raise refused
        return masks

    def _mask(self, box: DetectedBox, shape: tuple[int, ...]) -> Mask:
        if self.instances is None:
            return self.rectified(_filled(box, shape)) != 0
        mask = self.instances == box.label
        if mask.shape != shape or not mask.any():
            raise InputRefused(
                "unknown_label",
                f"no pixel of the image of instances, {mask.shape[1]}x{mask.shape[0]}, has the label {box.label} of a "
                f"{box.class_id}: send it at the colour image's size, value n for the nth detection or for its id",
            )
        return self.rectified(mask.astype(np.uint8)) != 0


def _filled(box: DetectedBox, shape: tuple[int, ...]) -> np.ndarray:
    rows = slice(max(0, round(box.top)), max(0, round(box.bottom)))
    columns = slice(max(0, round(box.left)), max(0, round(box.right)))
    mask = np.zeros(shape, np.uint8)
    mask[rows, columns] = 255
    if not mask.any():
        raise InputRefused("empty_mask", f"the box of {box.class_id} is empty or outside the image: check its detector")
    return mask


def masks_from_label_image(labels: np.ndarray, objects: Objects, wanting: tuple[str, ...]) -> list[tuple[str, Mask]]:
    """Return masks (H, W) bool with what each shows, from an image of integer labels (H, W).

    With one object every value but 0 is that object. With several, value n is the nth of them, in order; an image of
    0 and 255 alone is a mask of the only model of which an instance wants one. Raises InputRefused where an image could
    mean several objects, holds a label that no object has, or nothing at all.
    """
    ids = tuple(objects)
    values = np.unique(labels)
    values = values[values != 0]
    if values.size == 0:
        raise InputRefused("empty_mask", "the mask image is all zero: mark the object's pixels with 255 or its label")
    if len(ids) == 1:
        return [(ids[0], labels != 0)]
    if values.size == 1 and values[0] == 255 and len(ids) < 255:
        meant = {objects[id] for id in wanting}
        if len(meant) == 1:
            return [(meant.pop(), labels != 0)]
        raise InputRefused(
            "ambiguous_mask",
            f"a mask of 0 and 255 could be any of {', '.join(ids)}: "
            "send a label image in which value n is the nth object",
        )
    if values[-1] > len(ids):
        raise InputRefused(
            "unknown_label",
            f"label {int(values[-1])} in a mask image for {len(ids)} objects ({', '.join(ids)}): "
            "value n is the nth object",
        )
    return [(ids[int(value) - 1], labels == value) for value in values]
