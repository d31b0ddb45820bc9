"""What agents' tools need of a perception system, and what they are told of it."""

from dataclasses import dataclass
from typing import Literal, Protocol

from ..arrays import Rgb

OnboardingMasks = Literal["topic", "plane", "board"]


@dataclass(frozen=True)
class SeenObject:
    """A known object, found or not. model: the name of its model, which several objects may share.

    state: SEARCHING, TRACKING or LOST. believed: tracked and not in doubt: what counts as a pose. score: 0..1, how
    likely the pose is right. position_m, quaternion_xyzw: of the mesh's frame in frame_id; None without a pose.
    age_s: of the image that says so. error_mm, error_deg: what the errors stay below in 68 % of cases, if the pose is
    right; 0: not known. words: all of it.
    """

    name: str
    model: str
    state: str
    believed: bool
    score: float
    frame_id: str
    position_m: tuple[float, float, float] | None
    quaternion_xyzw: tuple[float, float, float, float] | None
    age_s: float
    error_mm: float
    error_deg: float
    words: str


@dataclass(frozen=True)
class BoxPx:
    """A box in the colour image: columns left..right - 1, rows top..bottom - 1."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class FoundThing:
    """What words led to. found_by: search, support, detector or endpoint. boxes: the likeliest first.

    support_set: the set of examples that shows it now; empty: none. object: with its pose, where its model is known.
    """

    words: str
    found_by: str
    boxes: tuple[BoxPx, ...]
    support_set: str
    object: SeenObject | None


@dataclass(frozen=True)
class SegmentedLabel:
    """One label of a support set in the newest image; confidence: the Dice that is to be expected, 0: not found."""

    name: str
    confidence: float
    area_px: int
    box: BoxPx | None


@dataclass(frozen=True)
class SegmentedThing:
    """What a support set shows in the newest image."""

    words: str
    labels: tuple[SegmentedLabel, ...]


@dataclass(frozen=True)
class Scene:
    """What is known of what the camera sees. image_px: width and height. support_sets: examples that there are."""

    words: str
    image_px: tuple[int, int]
    objects: tuple[SeenObject, ...]
    support_sets: tuple[str, ...]


@dataclass(frozen=True)
class OnboardingState:
    """How far the making of a model is; state: IDLE, RECORDING, BUILDING, DONE or FAILED."""

    words: str
    name: str
    state: str
    views: int


class Perception(Protocol):
    """A perception system. Each raises InputRefused, in words that carry the fix, where it can't."""

    def objects(self) -> tuple[SeenObject, ...]:
        """Return all known objects, found or not."""
        ...

    def find(self, words: str, timeout_s: float) -> FoundThing:
        """Find what words mean in the newest image."""
        ...

    def segment(self, support_set: str) -> SegmentedThing:
        """Segment the newest image by the examples of a set."""
        ...

    def register_box(self, name: str, box: BoxPx) -> SeenObject:
        """Find a known object in a box of the newest image."""
        ...

    def register_pixel(self, name: str, u: int, v: int) -> SeenObject:
        """Find a known object that a pixel of the newest image lies on."""
        ...

    def pose(self, name: str, max_age_s: float, min_score: float, timeout_s: float) -> SeenObject:
        """Return a pose that is fresh and good enough, waiting for it."""
        ...

    def scene(self) -> Scene:
        """Return what is known of what the camera sees."""
        ...

    def add_object(self, name: str, mesh: str, unit: str, symmetries: str, instances: int) -> str:
        """Look for one more object, or several instances of it, whose mesh is in one of the configured folders."""
        ...

    def start_onboarding(self, name: str, masks: OnboardingMasks, board: str) -> OnboardingState:
        """Begin to record views of an object that is shown."""
        ...

    def stop_onboarding(self, discard: bool) -> OnboardingState:
        """End the recording and make the model, or forget it."""
        ...

    def onboarding(self) -> OnboardingState:
        """Return how far that is."""
        ...

    def picture(self) -> Rgb:
        """Return the newest image (H, W, 3) with what is known drawn over it."""
        ...
