"""From words to a pose, a region or both: what is asked in which order, and what is made of the answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import cv2
import numpy as np

from ..arrays import Mask, Rgb
from ..errors import InputRefused
from ..input_limits.request_rate import RequestRate
from .box_masks import BoxMasks, ColourMasks
from .known_names import KnownNames, checked_words, plain
from .region import Finder, Region

# A picture that differs by less, in the mean over what was found and its surroundings, is taken to be of the same
# thing in the same place: about what a sensor's noise leaves when four by four pixels are averaged.
_STILL_LEVELS = 6.0
_AVERAGED_PX = 4
NEWEST_NS = 0


@dataclass(frozen=True)
class PromptImage:
    """A colour image (H, W, 3). header: of the message that it came in, whatever that is."""

    rgb: Rgb
    stamp_ns: int
    header: Any = None


class Objects(Protocol):
    """The known objects; all raise InputRefused where there is no pose."""

    @property
    def known(self) -> Mapping[str, str]:
        """Return the names of all objects, each with that of its model."""
        ...

    def find(self, name: str, timeout_s: float) -> Any:
        """Return the pose of an object that is tracked, or is found without a mask."""
        ...

    def register(self, name: str, mask: Mask, stamp_ns: int) -> Any:
        """Return the pose that a mask (H, W) of the image with that stamp leads to; stamp 0: the newest image."""
        ...


class SupportSets(Protocol):
    """Support sets of a segmenter that runs elsewhere; all raise InputRefused."""

    @property
    def sets(self) -> tuple[str, ...]:
        """Return their names; none where nobody segments."""
        ...

    @property
    def offered(self) -> bool:
        """Return True where somebody segments."""
        ...

    def segment(self, name: str, picture: PromptImage) -> tuple[Mask, float]:
        """Return the mask (H, W) of what a set shows, and the Dice that is to be expected of it."""
        ...

    def add(self, name: str, picture: PromptImage, mask: Mask) -> None:
        """Add an example to a set, which is made where there is none."""
        ...


@dataclass(frozen=True)
class WordSearchSettings:
    """least_confidence: of a mask from a support set; below it the finder is asked again.

    remember: whether what a finder finds becomes an example.
    """

    least_confidence: float = 0.6
    remember: bool = True


@dataclass(frozen=True)
class FoundByWords:
    """What words led to.

    found_by: search, support, detector or endpoint. object: the known object that they name, or None. regions: the
    likeliest first, none where the search found it. picture: that they are in. mask: (H, W) of the likeliest. pose: as
    `Objects` gave it. support_set: the set that has it as an example. message: all of it in words.
    """

    message: str
    found_by: str
    object: str | None = None
    regions: tuple[Region, ...] = ()
    picture: PromptImage | None = None
    mask: Mask | None = None
    pose: Any = None
    support_set: str = ""


@dataclass(frozen=True)
class Finders:
    """Who looks where no name or search helps.

    finder_name: detector or endpoint, as answers call it. masks: of boxes, or None: colours tell then. rate: of asking
    the finder.
    """

    finder: Finder | None = None
    finder_name: str = ""
    masks: BoxMasks | None = None
    rate: RequestRate = field(default_factory=lambda: RequestRate("the finder", 30, 60.0))


class WordSearch:
    """Finds what words mean: a known object by search; else a region by examples or the finder, and a pose from it.

    newest: returns the newest image; raises InputRefused where there is none.
    """

    def __init__(
        self,
        names: KnownNames,
        objects: Objects,
        examples: SupportSets,
        looks: Finders,
        newest: Callable[[], PromptImage],
        settings: WordSearchSettings | None = None,
    ) -> None:
        self._names, self._objects, self._examples, self._looks = names, objects, examples, looks
        self._newest, self._settings = newest, settings or WordSearchSettings()

    def find(self, text: str, timeout_s: float = 10.0, without_pose: bool = False) -> FoundByWords:
        """Find what words mean now; timeout_s: how long a known object is searched for.

        Raises InputRefused, saying all that was tried and why it was in vain.
        """
        words = checked_words(text)
        tried: list[str] = []
        name = self._names.object_of(words, self._objects.known)
        if name is not None and not without_pose:
            try:
                pose = self._objects.find(name, timeout_s)
                return FoundByWords(f"{name} found by search", "search", name, pose=pose)
            except InputRefused as refused:
                tried.append(str(refused))
        picture = self._newest()
        found = self._seen(picture, words, name, tried)
        return found if without_pose or found.mask is None else self._with_pose(picture, found, words)

    def _seen(self, picture: PromptImage, words: str, name: str | None, tried: list[str]) -> FoundByWords:
        """Regions by examples, else by the finder."""
        set_name = plain(name or words).replace(" ", "_")
        if set_name in self._examples.sets:
            mask, confidence = self._examples.segment(set_name, picture)
            if mask.any() and confidence >= self._settings.least_confidence:
                said = f"{words} found by the examples of {set_name}, confidence {confidence:.2f}"
                return FoundByWords(
                    said, "support", name, (_bounds(words, mask, confidence),), picture, mask, support_set=set_name
                )
            tried.append(f"the examples of {set_name} gave a mask of confidence {confidence:.2f}")
        finder, by = self._looks.finder, self._looks.finder_name
        if finder is None:
            if name is None:
                tried.append(f"{words!r} names none of the known objects ({', '.join(self._objects.known) or 'none'})")
            tried.append("nobody looks for other words: set detector or endpoint_url")
            raise InputRefused("nothing_found", "; ".join(tried))
        self._looks.rate.take()
        regions = finder.find(picture.rgb, words)
        if not regions:
            raise InputRefused("nothing_found", "; ".join([*tried, f"the {by} sees no {words}"]))
        mask = (self._looks.masks or ColourMasks()).mask(picture.rgb, regions[0])
        said = f"{words} found by the {by}" + (f", the likeliest of {len(regions)}" if len(regions) > 1 else "")
        remembered = self._remembered(set_name, picture, mask)
        return FoundByWords(said, by, name, tuple(regions), picture, mask, support_set=remembered)

    def _remembered(self, set_name: str, picture: PromptImage, mask: Mask) -> str:
        """The set that has it as an example now, '' where there is none."""
        if not (self._settings.remember and self._examples.offered):
            return ""
        try:
            self._examples.add(set_name, picture, mask)
        except InputRefused:
            return ""  # a segmenter that has no room takes nothing from what was found
        return set_name

    def _with_pose(self, picture: PromptImage, found: FoundByWords, words: str) -> FoundByWords:
        """The pose where the model is known, else how to come by one."""
        assert found.mask is not None
        if found.object is None:
            return _told(found, f"no model of it is known: {_onboarding(words, found.support_set)}")
        # Boxes are registered as they are: half a thing that colours tell from the other half would be worse.
        mask = found.mask
        if self._looks.masks is None and found.found_by != "support":
            mask = found.regions[0].filled(picture.rgb.shape)
        stamp_ns = NEWEST_NS if self._stands_still(picture, found.regions[0]) else picture.stamp_ns
        try:
            pose = self._objects.register(found.object, mask, stamp_ns)
        except InputRefused as refused:
            return _told(found, f"but {refused}")
        return replace(found, message=f"{found.message}, and registered as {found.object}", pose=pose)

    def _stands_still(self, picture: PromptImage, region: Region) -> bool:
        """Whether the newest image shows the same there: finders take longer than images are kept."""
        newest = self._newest().rgb
        if newest.shape != picture.rgb.shape:
            return False
        beside = max(region.right - region.left, region.bottom - region.top) // 4 + _AVERAGED_PX
        rows = slice(max(region.top - beside, 0), region.bottom + beside)
        columns = slice(max(region.left - beside, 0), region.right + beside)
        then, now = (_averaged(image[rows, columns]) for image in (picture.rgb, newest))
        return float(np.abs(then - now).mean()) < _STILL_LEVELS


def _averaged(rgb: Rgb) -> np.ndarray:
    size = (max(rgb.shape[1] // _AVERAGED_PX, 1), max(rgb.shape[0] // _AVERAGED_PX, 1))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _bounds(words: str, mask: Mask, score: float) -> Region:
    rows, columns = np.nonzero(mask)
    return Region(
        words, int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1, min(score, 1.0)
    )


def _told(found: FoundByWords, more: str) -> FoundByWords:
    return replace(found, message=f"{found.message}; {more}")


def _onboarding(words: str, support_set: str) -> str:
    name = plain(words).replace(" ", "_")
    if not support_set:
        return f"add a mesh (~/add_object), or show it (~/onboard_object/start with name {name} and masks 1 or 2)"
    return (
        f"add a mesh (~/add_object), or show it: set live_support to {support_set} in segmentation_node, and call "
        f"~/onboard_object/start with name {name} and masks 0"
    )
