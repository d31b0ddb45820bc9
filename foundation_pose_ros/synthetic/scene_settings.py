"""What can be asked of a synthetic scene."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..camera import Camera
from ..errors import InputRefused
from ..object_model.model import ObjectModel
from .body import Body
from .layout import Item
from .lens import PINHOLE, OpenLens
from .lighting import LampSettings
from .sensor import REALSENSE_D435, ColourSensor, DepthSensor
from .trajectory import Motion
from .video_defects import NO_DEFECTS, VideoDefects


@dataclass(frozen=True)
class SceneSettings:
    """A scene to be made; equal settings make equal scenes.

    seed: chooses bodies, places, paths, light and colours, any integer from 0.
    frames: length of the recording, at least 1.
    objects: how many made-up ones, or their names (`meshes.DESIGNS`), models and items of your own, and bodies that
        stand where they are; a name that comes twice becomes `mug`, `mug_2`.
    clutter: how many bodies stand beside the objects, at least 0, or which items and bodies.
    width, height: of the picture, in pixels.
    occlusion: share of the first object that a body in front of it should hide, 0 to 0.95, the mean over the
        recording; 0 keeps all objects in view.
    hand: whether one reaches in front of the first object.
    hand_period_s: and how often, above 0.
    moving_object: whether the first object is lifted and turned.
    motion: limits of speed of camera and lifted object.
    rate_hz: frames a second, above 0.
    distance_m: nearest and farthest of the camera, for objects up to 0.25 m across; from larger ones it stands back.
    azimuth_deg, elevation_deg: between which it is, seen from the table's middle; -90 is the viewer's side.
    focal_px: of the picture; None: that of a RealSense.
    lamp: None lets the seed choose it.
    surface: of the table, "wood", "stone" or "cloth"; None lets the seed choose.
    lens: of the colour camera; all is sharp by default.
    depth_sensor: what the depth camera makes of true depth.
    colour_sensor: what the colour camera makes of light; None: a webcam with exposure and white balance by the seed.
    video: what goes wrong over time: blur by motion, steps of exposure, compression; nothing by default.
    separate_draws: whether places are drawn apart from all else, so that a scene whose bodies have theirs is the same.
    supersample: rays along each side of a pixel for colours, at least 1.
    cached_frames: how many rendered frames are kept, at least 1.

    Raises InputRefused("bad_scene") for counts and shares that make no sense.
    """

    seed: int = 0
    frames: int = 60
    objects: int | Sequence[str | ObjectModel | Item | Body] = 1
    clutter: int | Sequence[Item | Body] = 6
    width: int = 640
    height: int = 480
    occlusion: float = 0.0
    hand: bool = False
    hand_period_s: float = 2.4
    moving_object: bool = False
    motion: Motion = field(default_factory=Motion)
    rate_hz: float = 30.0
    distance_m: tuple[float, float] = (0.5, 0.72)
    azimuth_deg: tuple[float, float] = (-125.0, -55.0)
    elevation_deg: tuple[float, float] = (24.0, 52.0)
    focal_px: float | None = None
    lamp: LampSettings | None = None
    surface: str | None = None
    lens: OpenLens = PINHOLE
    depth_sensor: DepthSensor = REALSENSE_D435
    colour_sensor: ColourSensor | None = None
    video: VideoDefects = NO_DEFECTS
    separate_draws: bool = False
    supersample: int = 2
    cached_frames: int = 64

    def __post_init__(self) -> None:
        beside = self.clutter if isinstance(self.clutter, int) else len(self.clutter)
        if self.frames < 1 or beside < 0 or not 0 <= self.occlusion < 1:
            raise InputRefused(
                "bad_scene",
                f"frames={self.frames}, clutter={beside}, occlusion={self.occlusion}: "
                "give at least 1, 0, and 0 to 0.95",
            )
        count = self.objects if isinstance(self.objects, int) else len(self.objects)
        if isinstance(self.objects, str) or count < 1:
            raise InputRefused("bad_scene", "objects is empty or one string: give a count or a list, as in ['mug']")

    def camera(self, scale: float = 1.0) -> Camera:
        """Return the optics for a picture of the settings' size times `scale`; a RealSense's where none are set."""
        width, height = round(self.width * scale), round(self.height * scale)
        focal_px = 610.0 * max(width / 640, height / 480) if self.focal_px is None else self.focal_px * scale
        return Camera(focal_px, focal_px, (width - 1) / 2, (height - 1) / 2, width, height)
