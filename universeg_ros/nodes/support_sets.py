"""Support sets under names, each with its segmenter; files only below given folders. Needs no ROS."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from foundation_pose_ros.errors import InputRefused, shortened

from ..segmenter import Segmenter
from ..support.label_map import check_name
from ..support.preparation import Encoding, Preparation
from ..support.support_set import SupportSet


@dataclass(frozen=True)
class Limits:
    """What isn't taken, so that no request can fill the memory."""

    max_side_px: int = 8192
    max_examples: int = 512
    max_sets: int = 32

    def check_image(self, width: int, height: int) -> None:
        """Raise InputRefused for an image that is too large."""
        if max(width, height) > self.max_side_px:
            raise InputRefused(
                "too_large",
                f"the image is {width}x{height}, more than {self.max_side_px} along a side: send a smaller one, or "
                "raise max_side_px",
            )

    def check_count(self, count: int) -> None:
        """Raise InputRefused for more examples than a set may have."""
        if count > self.max_examples:
            raise InputRefused(
                "too_many", f"{count} examples are more than {self.max_examples}: remove some, or raise max_examples"
            )


class SupportSetStore:
    """Named sets. Used from one thread.

    new_segmenter: makes a segmenter of the node's network. directories: where files may be; the first is written to.
    read: reads a set.
    """

    def __init__(
        self,
        new_segmenter: Callable[[], Segmenter],
        directories: Iterable[str | Path],
        limits: Limits,
        read: Callable[[Path], SupportSet] = SupportSet.load,
    ) -> None:
        self._new_segmenter, self._read = new_segmenter, read
        self._directories = [Path(directory).expanduser().resolve() for directory in directories]
        self._limits = limits
        self._sets: dict[str, SupportSet] = {}
        self._files: dict[str, Path] = {}  # where a set was read from, or written to
        self._segmenters: dict[str, Segmenter] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the sets, in the order in which they came."""
        return tuple(self._sets)

    @property
    def sizes(self) -> dict[str, int]:
        """Return how many examples each has; may be asked from any thread."""
        return {name: len(support) for name, support in self._sets.copy().items()}

    def __getitem__(self, name: str) -> SupportSet:
        if name not in self._sets:
            there = ", ".join(self._sets) or "none: call ~/add_support or ~/load_support"
            raise InputRefused(
                "unknown_support", f"there is no support set {shortened(repr(name))}; there are: {there}"
            )
        return self._sets[name]

    def the_one(self, name: str) -> str:
        """Return the name, or that of the only set where it is empty; raises InputRefused if there isn't just one."""
        if not name and len(self._sets) == 1:
            return next(iter(self._sets))
        if not name:
            there = ", ".join(self._sets) or "none: call ~/add_support or ~/load_support"
            raise InputRefused("which_support", f"say which support set to use; there are: {there}")
        self[name]
        return name

    def segmenter(self, name: str) -> Segmenter:
        """Return a segmenter with this set, made on first use."""
        support = self[name]
        if name not in self._segmenters:
            self._segmenters[name] = self._new_segmenter().set_support(support)
        return self._segmenters[name]

    def inline(
        self,
        images: list[np.ndarray],
        masks: list[np.ndarray],
        encodings: list[Encoding | None],
        preparation: Preparation,
    ) -> Segmenter:
        """Return a segmenter with examples that came with a request, and go with it."""
        if len(images) != len(masks):
            raise InputRefused("bad_support", f"{len(images)} support images but {len(masks)} masks: send one each")
        self._limits.check_count(len(images))
        support = SupportSet(preparation)
        for image, mask, encoding in zip(images, masks, encodings, strict=True):
            support.add(image, mask, encoding=encoding)
        return self._new_segmenter().set_support(support)

    def add(
        self,
        set_name: str,
        name: str,
        image: np.ndarray,
        mask: np.ndarray,
        encoding: Encoding | None,
        preparation: Preparation,
    ) -> str:
        """Add an example, to a new set where there is none of the name; returns the example's name."""
        support = self._sets.get(set_name)
        if support is None:
            self._check_free(set_name)
            support = SupportSet(preparation)
        self._limits.check_count(len(support) + 1)
        added = support.add(image, mask, name or None, encoding)
        self._put(set_name, support)
        return added

    def remove(self, set_name: str, name: str) -> None:
        """Take an example out, or the whole set where no name is given."""
        if name:
            self[set_name].remove(name)
            self._segmenters.pop(set_name, None)
        else:
            del self._sets[self.the_one(set_name)]
            self._segmenters.pop(set_name, None)
            self._files.pop(set_name, None)

    def load(self, set_name: str, path: str = "") -> SupportSet:
        """Read a set from below one of the folders."""
        if set_name not in self._sets:
            self._check_free(set_name)
        found = [file for file in self._below(path or set_name, self._directories) if file.exists()]
        if not found:
            there = ", ".join(str(directory) for directory in self._directories)
            raise InputRefused(
                "no_support", f"there is no {shortened(path or set_name)} in {there}: check name and folders"
            )
        support = self._read(found[0])
        self._limits.check_count(len(support))
        for example in support:
            self._limits.check_image(*example.labels.shape[::-1])
        self._put(set_name, support)
        self._files[set_name] = found[0]
        return support

    def save(self, set_name: str, path: str = "") -> Path:
        """Write a set below the first folder; returns where. What it wasn't read from stays: it is of another set."""
        support = self[set_name]
        target = self._below(path or set_name, self._directories[:1])[0]
        if target.exists() and self._files.get(set_name) != target:
            raise InputRefused(
                "not_empty",
                f"{target} is there already, and {set_name!r} isn't from it: save under another path, or load it first",
            )
        try:
            support.save(target)
        except OSError as error:
            raise InputRefused("output", f"{target} can't be written: {error.strerror}") from None
        self._files[set_name] = target
        return target

    def _put(self, name: str, support: SupportSet) -> None:
        self._sets[name] = support
        self._segmenters.pop(name, None)

    def _check_free(self, name: str) -> None:
        check_name(name)
        if len(self._sets) >= self._limits.max_sets:
            raise InputRefused(
                "too_many", f"there are {len(self._sets)} support sets already: remove one, or raise max_sets"
            )

    def _below(self, path: str, directories: list[Path]) -> list[Path]:
        """The path in each folder, with .npz where that is what is there; raises InputRefused for what leads out."""
        if not directories:
            raise InputRefused("no_folder", "no folder may be used for support sets: set support_directories")
        found = []
        for directory in directories:
            try:
                target = (directory / path).resolve()
                is_packed = target.with_name(f"{target.name}.npz").is_file() and not target.exists()
            except (OSError, RuntimeError, ValueError) as error:  # too long, links in a circle, a zero byte
                raise InputRefused(
                    "bad_path", f"{shortened(repr(path))} is no path ({shortened(error)}): give a shorter one"
                ) from None
            if not target.is_relative_to(directory) or target == directory:
                raise InputRefused(
                    "bad_path", f"{shortened(repr(path))} isn't below {directory}: give a path inside it"
                )
            found.append(target.with_name(f"{target.name}.npz") if is_packed else target)
        return found
