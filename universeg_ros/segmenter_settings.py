"""How images are segmented: which examples are shown, how often, and how closely the network looks."""

from dataclasses import dataclass
from typing import Literal

from foundation_pose_ros.errors import InputRefused

from .network.inference import PRECISIONS, Precision
from .network.model import DEFAULT_MEMORY_BUDGET
from .support.example_pools import Selection, check_selection

Zoom = Literal["never", "colours", "always"]
ZOOMS: tuple[Zoom, ...] = ("never", "colours", "always")


@dataclass(frozen=True)
class SegmenterSettings:
    """How images are segmented.

    support_size: examples shown at a time. selection: how they are chosen where there are more: `random`, or `similar`
    to the query. ensemble: predictions that are averaged, each from a random draw of its own. flips: average over
    mirror images of query and support as well (four times the work). tile_px: cut larger images into squares of this
    side, each segmented alone; 0 doesn't. likeness: show the network how much pixels look like what the support marks
    (`support.likeness`): in place of gray where image and support have colours; where they haven't, in its place or
    beside it, or not at all, as the support declares or examples that are held out say (`support.gray_share`). zoom:
    segment once more what may have been found, but for specks, cut out of image and support alike, where that is a
    small part of the image: `always`, `never`, or where likeness goes by `colours`. threshold: of the probability.
    precision, compiled, memory_budget: see Inference.
    """

    support_size: int = 16
    selection: Selection = "random"
    ensemble: int = 1
    flips: bool = False
    tile_px: int = 0
    zoom: Zoom = "colours"
    likeness: bool = True
    threshold: float = 0.5
    precision: Precision = "fp32"
    seed: int = 0
    memory_budget: int = DEFAULT_MEMORY_BUDGET
    compiled: bool = False

    def __post_init__(self) -> None:
        check_selection(self.selection)
        if self.support_size < 1 or self.ensemble < 1:
            raise InputRefused("bad_settings", "support_size and ensemble must be 1 or more")
        if self.zoom not in ZOOMS:
            raise InputRefused("bad_settings", f"zoom {self.zoom!r}: give one of {', '.join(ZOOMS)}")
        if not 0 < self.threshold < 1:
            raise InputRefused("bad_settings", f"threshold {self.threshold}: give a probability between 0 and 1")
        if self.precision not in PRECISIONS:
            raise InputRefused("bad_settings", f"precision {self.precision!r}: give one of {', '.join(PRECISIONS)}")
        if self.tile_px and self.tile_px < 32:
            raise InputRefused("bad_settings", f"tile_px {self.tile_px}: give 32 or more, or 0 for no tiles")


DEFAULTS = SegmenterSettings()
