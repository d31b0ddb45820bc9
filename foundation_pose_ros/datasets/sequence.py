"""Recordings that an estimator can be run on: one interface, whatever the layout on disk."""

from collections.abc import Callable
from typing import Protocol

from ..arrays import Mask, Pose
from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel

FRAME_ID = "camera_color_optical_frame"
FRAME_RATE_HZ = 30.0


class Sequence(Protocol):
    """RGB-D frames in order, with what is known of the objects in them.

    Frames are read when asked for, so a recording may be of any length. Objects are named per instance; the name of
    an instance's `model` is its class.
    """

    @property
    def name(self) -> str: ...

    @property
    def frame_ids(self) -> list[str]: ...

    @property
    def object_names(self) -> list[str]: ...

    def frame(self, frame_id: str) -> Frame:
        """Return the image; raises InputRefused where a file of it is missing or broken."""
        ...

    def mask(self, frame_id: str, object_name: str) -> Mask | None:
        """Return (H, W) bool, or None where no mask of the object was given for the frame."""
        ...

    def truth(self, frame_id: str, object_name: str) -> Pose | None:
        """Return T_cam_obj (4, 4) float32 in the mesh's own frame, metres, or None where it isn't known."""
        ...

    def model(self, object_name: str) -> ObjectModel:
        """Return the object's mesh, read once; raises InputRefused where there is none."""
        ...


def stamp_ns_of(index: int) -> int:
    """Return the stamp of the frame at `index` where no times are known: 30 Hz, from 1/30 s on (0 is none)."""
    return round((index + 1) * 1e9 / FRAME_RATE_HZ)


def position_of(frame_id: str, frame_ids: list[str], source: object) -> int:
    """Return index of a frame, or a refusal that says which frames there are."""
    try:
        return frame_ids.index(frame_id)
    except ValueError:
        raise InputRefused(
            "unknown_frame", f"{source} has no frame {frame_id}: its frames go from {frame_ids[0]} to {frame_ids[-1]}"
        ) from None


def known_object(object_name: str, object_names: list[str], source: object) -> str:
    """Return the name itself, or a refusal that says which objects there are."""
    if object_name not in object_names:
        raise InputRefused(
            "unknown_object", f"{source} has no object {object_name}: choose from {', '.join(object_names) or 'none'}"
        )
    return object_name


class ModelCache:
    """Meshes by name, each loaded at its first use."""

    def __init__(self, load: Callable[[str], ObjectModel]) -> None:
        self._load = load
        self._models: dict[str, ObjectModel] = {}

    def __call__(self, name: str) -> ObjectModel:
        if name not in self._models:
            self._models[name] = self._load(name)
        return self._models[name]
