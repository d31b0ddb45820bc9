"""A scene in words: everything that a renderer needs to make the same pictures again."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from .body_spec import BodySpec
from .described import Described, Seed

VERSION: Literal[1] = 1


class Lamp(Described):
    """A window or lamp, and the light that fills its shadows."""

    azimuth_deg: float = Field(
        default=-60.0, ge=-180, le=180, description="degrees; -90 on the viewer's side, 90 behind the table"
    )
    elevation_deg: float = Field(default=52.0, ge=15, le=85, description="degrees above the table")
    angular_radius_rad: float = Field(
        default=0.1, ge=0.01, le=0.4, description="radians; large ones throw soft shadows"
    )
    warmth: float = Field(default=0.02, ge=-0.2, le=0.3, description="share of more red and less blue")
    strength: float = Field(default=0.95, ge=0.2, le=2.0, description="1 = white on what faces it")
    sky: float = Field(default=0.36, ge=0.02, le=1.0, description="light from above, 1 = white")
    bounce: float = Field(default=0.16, ge=0.0, le=0.5, description="light from below, 1 = white")


class Span(Described):
    """From where to where a camera wanders."""

    @model_validator(mode="after")
    def _rises(self) -> "Span":
        low, high = self.model_dump().values()
        if high < low:
            raise ValueError("the second end must not lie below the first")
        return self


class DistanceSpan(Span):
    nearest_m: float = Field(default=0.5, ge=0.25, le=3.0, description="metres from the table's middle")
    farthest_m: float = Field(default=0.72, ge=0.25, le=3.0, description="metres from the table's middle")


class AzimuthSpan(Span):
    from_deg: float = Field(default=-125.0, ge=-175, le=-5, description="degrees; -90 on the viewer's side")
    to_deg: float = Field(default=-55.0, ge=-175, le=-5, description="degrees; -90 on the viewer's side")


class ElevationSpan(Span):
    lowest_deg: float = Field(default=24.0, ge=10, le=80, description="degrees above the table")
    highest_deg: float = Field(default=52.0, ge=10, le=80, description="degrees above the table")


class CameraPath(Described):
    """A hand-held camera before the table."""

    width_px: int = Field(default=640, ge=64, le=1920, description="pixels")
    height_px: int = Field(default=480, ge=48, le=1440, description="pixels")
    focal_px: float | None = Field(default=None, ge=50, le=4000, description="pixels; left out: 610 at 640 x 480")
    frames: int = Field(default=8, ge=1, le=3600, description="number of pictures")
    rate_hz: float = Field(default=30.0, ge=0.1, le=240, description="pictures a second")
    distance: DistanceSpan = Field(default=DistanceSpan(), description="from and to, metres, 0.25 to 3")
    azimuth: AzimuthSpan = Field(default=AzimuthSpan(), description="from and to, degrees, -175 to -5")
    elevation: ElevationSpan = Field(default=ElevationSpan(), description="from and to, degrees, 10 to 80")
    speed_m_s: float = Field(default=0.15, ge=0, le=3.0, description="metres a second, its limit")
    turn_deg_s: float = Field(default=25.0, ge=0, le=360, description="degrees a second, its limit")
    tremor_m: float = Field(default=0.0004, ge=0, le=0.01, description="metres, standard deviation")
    tremor_deg: float = Field(default=0.05, ge=0, le=2.0, description="degrees, standard deviation")


class Hand(Described):
    """A hand and sleeve that reach before the first object, again and again."""

    period_s: float = Field(default=2.4, ge=0.5, le=60, description="seconds from one reach to the next")


class ColourCamera(Described):
    """What the colour camera makes of light."""

    exposure_stops: float = Field(default=0.0, ge=-3, le=3, description="stops over or under")
    white_balance: tuple[
        Annotated[float, Field(ge=0.5, le=2.0, description="gain of red, no unit")],
        Annotated[float, Field(ge=0.5, le=2.0, description="gain of green, no unit")],
        Annotated[float, Field(ge=0.5, le=2.0, description="gain of blue, no unit")],
    ] = Field(default=(1.0, 1.0, 1.0), description="gains of red, green and blue, 0.5 to 2 each, no unit")
    shot_noise: float = Field(default=0.0004, ge=0, le=0.02, description="variance by light, 1 = white")
    read_noise: float = Field(default=0.003, ge=0, le=0.1, description="standard deviation, 1 = white")
    blur_px: float = Field(default=0.45, ge=0, le=5.0, description="pixels, standard deviation")
    vignetting: float = Field(default=0.12, ge=0, le=0.8, description="share of light lost in the corners")


class ColourLens(Described):
    """What the colour camera has in focus."""

    aperture_mm: float = Field(default=0.0, ge=0, le=20, description="millimetres across its opening; 0: all is sharp")
    focus_m: float = Field(default=0.6, ge=0.1, le=10, description="metres away, what is sharp")


class Video(Described):
    """What goes wrong over time."""

    exposure_s: float = Field(default=0.0, ge=0, le=0.1, description="seconds that the shutter is open")
    depth_late_s: float = Field(default=0.0, ge=-0.05, le=0.05, description="seconds of depth after colour")
    motion_holes: float = Field(default=0.0, ge=0, le=0.2, description="share of depth lost by motion")
    step_stops: float = Field(default=0.0, ge=0, le=2.0, description="stops by which exposure steps")
    step_warmth: float = Field(default=0.0, ge=0, le=0.3, description="share by which white balance steps")
    step_period_s: float = Field(default=1.0, ge=0.05, le=60, description="seconds between steps")
    gain_stops: float = Field(default=0.0, ge=0, le=6.0, description="stops of amplification")
    jpeg_quality: int | None = Field(
        default=None, ge=1, le=100, description="of colour's compression, 1 coarse to 100 fine; left out: none"
    )
    seed: Seed = 0


class Sensor(Described):
    """The RGB-D camera with its defects."""

    depth: Literal["realsense_d435", "kinect_v1", "perfect"] = Field(
        default="realsense_d435", description="depth camera"
    )
    colour: ColourCamera = Field(default=ColourCamera(), description="what the colour camera makes of light")
    lens: ColourLens = Field(default=ColourLens(), description="what the colour camera has in focus")
    video: Video = Field(default=Video(), description="what goes wrong over time")


class SceneSpec(Described):
    """A scene: bodies on a table before a hand-held RGB-D camera. Metres, degrees, seconds; z of the world is up."""

    version: Literal[1] = Field(default=VERSION, description="of this description")
    seed: Seed = 0
    theme: Annotated[str, Field(max_length=80, description="what it is a scene of, for people")] = ""
    objects: tuple[BodySpec, ...] = Field(min_length=1, max_length=12, description="whose poses are to be known")
    clutter: tuple[BodySpec, ...] = Field(
        default=(), max_length=24, description="what stands beside them; left out where there is no room"
    )
    arrangement: Literal["stood", "dropped"] = Field(
        default="stood", description="stood by hand, apart from each other, or dropped in a heap (MuJoCo)"
    )
    table: Literal["wood", "stone", "cloth"] = Field(default="wood", description="its surface")
    lamp: Lamp = Field(default=Lamp(), description="the light")
    camera: CameraPath = Field(default=CameraPath(), description="how the camera moves, and its pictures")
    occlusion: float = Field(default=0.0, ge=0, le=0.9, description="share of the first object that is hidden")
    hand: Hand | None = Field(default=None, description="left out: none")
    first_object_moves: bool = Field(default=False, description="whether it is lifted and turned")
    sensor: Sensor = Field(default=Sensor(), description="the RGB-D camera with its defects")
    supersample: int = Field(default=2, ge=1, le=4, description="rays along each side of a pixel, for colour")

    @model_validator(mode="after")
    def _goes_together(self) -> "SceneSpec":
        if self.arrangement == "dropped" and (self.first_object_moves or self.occlusion > 0):
            raise ValueError("arrangement: a heap takes neither first_object_moves nor occlusion; say stood")
        return self
