"""The support set: images with label maps that say what to segment."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from foundation_pose_ros.errors import InputRefused

from . import support_files
from .label_map import check_name, to_label_map
from .preparation import Encoding, Preparation, to_colour, to_gray

AS_USUAL = Preparation()


@dataclass(frozen=True)
class Example:
    """One image with its label map, as they came, and as the network takes them."""

    name: str
    image: np.ndarray  # (H, W) or (H, W, 3)
    labels: np.ndarray  # (H, W) uint8, 0 background
    encoding: Encoding | None
    prepared: np.ndarray  # (size, size) float32, 0..1

    @property
    def colour(self) -> np.ndarray | None:
        """Return RGB (H, W, 3) float32 in 0..1, None where the image is gray."""
        return to_colour(self.image, self.encoding)

    @cached_property
    def present(self) -> tuple[int, ...]:
        """Return the labels that the map holds, without background."""
        return tuple(int(label) for label in np.unique(self.labels) if label)


class SupportSet:
    """Examples under names, all prepared alike.

    preparation: how these images, and every query after them, are prepared. label_names: what labels are called;
    a label without a name is called by its number.
    """

    def __init__(self, preparation: Preparation = AS_USUAL, label_names: Mapping[int, str] | None = None) -> None:
        self.preparation = preparation
        self.label_names = dict(label_names or {})
        self._examples: dict[str, Example] = {}

    @classmethod
    def from_arrays(
        cls,
        images: Sequence[np.ndarray],
        masks: Sequence[np.ndarray],
        names: Sequence[str] | None = None,
        preparation: Preparation = AS_USUAL,
        label_names: Mapping[int, str] | None = None,
        encoding: Encoding | None = None,
    ) -> "SupportSet":
        """Make a set of images (H, W) or (H, W, 3) and masks (H, W), binary or of labels; InputRefused as `add`."""
        if len(images) != len(masks) or (names is not None and len(names) != len(images)):
            raise InputRefused("bad_support", f"{len(images)} images but {len(masks)} masks: give one mask per image")
        support = cls(preparation, label_names)
        for i, (image, mask) in enumerate(zip(images, masks, strict=True)):
            support.add(image, mask, names[i] if names is not None else None, encoding)
        return support

    @classmethod
    def load(cls, path: str | Path) -> "SupportSet":
        """Read a folder or `.npz`; see support_files. Raises InputRefused naming the file."""
        stored = support_files.load(Path(path))
        support = cls(stored.preparation, stored.label_names)
        for example in stored.examples:
            try:
                support.add(example.image, example.labels, example.name, example.encoding)
            except InputRefused as refused:
                raise InputRefused(refused.reason, f"{path}: {refused}") from None
        return support

    def save(self, path: str | Path) -> None:
        """Write a folder, or one file where the path ends in `.npz`; see support_files."""
        examples = [support_files.StoredExample(e.name, e.image, e.labels, e.encoding) for e in self]
        support_files.save(support_files.StoredSupport(self.preparation, self.label_names, examples), Path(path))

    def add(
        self, image: np.ndarray, mask: np.ndarray, name: str | None = None, encoding: Encoding | None = None
    ) -> str:
        """Add an example; returns its name.

        mask: bool, or 0 and 255, or labels up to 254 with 0 as background. Raises InputRefused where the mask doesn't
        fit the image, is empty or full, or the image has no contrast or is there already.
        """
        name = self._free_name() if name is None else check_name(name)
        if name in self._examples:
            raise InputRefused("duplicate", f"there is an example {name!r} already: remove it, or choose another name")
        example = self._example(name, image, mask, encoding)
        digest = _digest(example.image)
        for other in self._examples.values():
            if other.image.shape == example.image.shape and _digest(other.image) == digest:
                raise InputRefused("duplicate", f"{name!r} is the same image as {other.name!r}: each counts once")
        self._examples[name] = example
        return name

    def replace(self, name: str, image: np.ndarray, mask: np.ndarray, encoding: Encoding | None = None) -> None:
        """Put another image and mask under a name, in its place in the order."""
        old = self[name]
        self._examples[name] = self._example(old.name, image, mask, encoding)

    def remove(self, name: str) -> None:
        """Take an example out; raises InputRefused where there is none of that name."""
        del self._examples[self[name].name]

    @property
    def names(self) -> list[str]:
        """Return names in the order in which they were added."""
        return list(self._examples)

    @property
    def labels(self) -> tuple[int, ...]:
        """Return all labels that occur, in order, without background."""
        return tuple(sorted({label for example in self for label in example.present}))

    def label_name(self, label: int) -> str:
        """Return what a label is called."""
        return self.label_names.get(label, str(label))

    def examples_of(self, label: int) -> list[Example]:
        """Return the examples that show a label; they alone say what it is."""
        return [example for example in self if label in example.present]

    def images(self, examples: Sequence[Example]) -> np.ndarray:
        """Return (S, size, size) float32, 0..1."""
        return np.stack([example.prepared for example in examples])

    def masks(self, examples: Sequence[Example], label: int) -> np.ndarray:
        """Return (S, size, size) float32, 0 or 1, of one label."""
        return np.stack([self.preparation.mask(example.labels == label) for example in examples])

    def __getitem__(self, name: str) -> Example:
        if name not in self._examples:
            there = ", ".join(self.names) or "none"
            raise InputRefused("unknown_example", f"there is no example {name!r}; there are: {there}")
        return self._examples[name]

    def __iter__(self) -> Iterator[Example]:
        return iter(list(self._examples.values()))

    def __len__(self) -> int:
        return len(self._examples)

    def _example(self, name: str, image: np.ndarray, mask: np.ndarray, encoding: Encoding | None) -> Example:
        image = np.array(image)
        labels = to_label_map(mask, name)
        gray = to_gray(image, encoding)
        if gray.shape != labels.shape:
            raise InputRefused(
                "size_mismatch",
                f"{name}: the mask is {labels.shape[1]}x{labels.shape[0]} but its image {gray.shape[1]}x"
                f"{gray.shape[0]}: draw it on the image itself",
            )
        prepared = self.preparation.image(image, encoding)
        for label in np.unique(labels[labels > 0]):
            if not self.preparation.mask(labels == label).any():
                size = self.preparation.size
                raise InputRefused(
                    "mask_too_small",
                    f"{name}: label {label} vanishes at {size}x{size}: crop image and mask around it",
                )
        return Example(name, image, labels, encoding, prepared)

    def _free_name(self) -> str:
        number = len(self._examples)
        while (name := f"{number:04d}") in self._examples:
            number += 1
        return name


def _digest(image: np.ndarray) -> bytes:
    return hashlib.sha256(image.tobytes()).digest()
