"""What video gets wrong over time, done to rendered scenes and to recordings alike.

Blur by motion, depth of another moment, exposure and white balance that step, noise of low light, compression.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.special import ndtri

from ..arrays import Depth, Rgb
from ..errors import InputRefused
from .motion_blur import MotionField, blurred, moved
from .sensor import ColourSensor, smooth_noise

# Depth is lost in speckles of this size, as large as windows of stereo matching.
_HOLE_PX = 2.0
_RANGES = {
    "exposure_s": (0.0, 0.1),
    "depth_late_s": (-0.05, 0.05),
    "motion_holes": (0.0, 0.2),
    "step_stops": (0.0, 2.0),
    "step_warmth": (0.0, 0.3),
    "step_period_s": (0.05, 60.0),
    "gain_stops": (0.0, 6.0),
}


@dataclass(frozen=True)
class VideoDefects:
    """What is wrong with a camera's video; nothing by default.

    Stamps, poses and masks are those of the middle of colour's exposure.

    exposure_s: seconds that colour's shutter is open, 0 to 0.1; what moves meanwhile is blurred.
    depth_late_s: seconds by which depth is exposed after colour, -0.05 to 0.05.
    motion_holes: share of depth that is lost for each pixel that a surface moves within 10 ms, 0 to 0.2.
    step_stops: by which automatic exposure steps up or down, and back at the next step, 0 to 2.
    step_warmth: by which share white balance gives red more and blue less, or the other way round, 0 to 0.3.
    step_period_s: between steps, 0.05 to 60.
    gain_stops: by which light is amplified for want of it, 0 to 6; noise grows with it.
    jpeg_quality: of colour's compression, 1 to 100; None: none.
    seed: of when and which way steps go, any integer from 0.

    Raises InputRefused("bad_video_defects") for values outside these ranges.
    """

    exposure_s: float = 0.0
    depth_late_s: float = 0.0
    motion_holes: float = 0.0
    step_stops: float = 0.0
    step_warmth: float = 0.0
    step_period_s: float = 1.0
    gain_stops: float = 0.0
    jpeg_quality: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise InputRefused(
                    "bad_video_defects", f"{name}={getattr(self, name)}: give a number from {low:g} to {high:g}"
                )
        if self.jpeg_quality is not None and not 1 <= self.jpeg_quality <= 100:
            raise InputRefused("bad_video_defects", f"jpeg_quality={self.jpeg_quality}: give 1 to 100, or None")
        if self.seed < 0:
            raise InputRefused("bad_video_defects", f"seed={self.seed}: give an integer from 0")

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "VideoDefects":
        """Draw those of a hand-held RGB-D camera indoors: always some blur, the rest in half of the videos each."""
        some = rng.random(5) < 0.5
        return cls(
            # A colour camera indoors takes what its rate leaves it: 4 to 33 ms.
            exposure_s=float(np.exp(rng.uniform(np.log(0.004), np.log(0.033)))),
            depth_late_s=float(np.clip(rng.normal(0, 0.008), -0.02, 0.02)) * bool(some[0]),
            motion_holes=float(rng.uniform(0.01, 0.06)) * bool(some[1]),
            step_stops=float(rng.uniform(0.2, 1.0)) * bool(some[2]),
            step_warmth=float(rng.uniform(0.02, 0.12)) * bool(some[2]),
            step_period_s=float(rng.uniform(0.2, 1.2)),
            gain_stops=float(rng.uniform(1.0, 4.0)) * bool(some[3]),
            jpeg_quality=int(rng.integers(40, 96)) if some[4] else None,
            seed=int(rng.integers(1 << 31)),
        )

    @classmethod
    def sometimes(cls, rng: np.random.Generator, share: float = 0.5) -> "VideoDefects":
        """Draw as `drawn` does in a share of cases, and none in the others."""
        return cls.drawn(rng) if rng.random() < share else NO_DEFECTS

    @property
    def needs_motion(self) -> bool:
        """Return whether anything depends on how things move."""
        return self.exposure_s > 0 or self.depth_late_s != 0 or self.motion_holes > 0

    def gains(self, time_s: float) -> np.ndarray:
        """Return what red, green and blue are multiplied by (3,) float32, linear, so long after the beginning."""
        number = int(np.floor(time_s / self.step_period_s + np.random.default_rng(self.seed).random()))
        # Every second time there is none, so that each step is as large as the others.
        if number % 2 == 0:
            return np.ones(3, np.float32)
        stops, warmth = np.random.default_rng([self.seed, number]).choice([-1.0, 1.0], 2)
        warm = self.step_warmth * warmth
        return np.float32(2.0 ** (self.step_stops * stops)) * np.array([1 + warm, 1, 1 - warm], np.float32)

    def light(self, light: np.ndarray, field: MotionField | None, time_s: float) -> np.ndarray:
        """Return linear light (H, W, 3) as it is exposed so long after the beginning; field: None: nothing moves."""
        if field is not None and self.exposure_s > 0:
            light = blurred(light, field, self.exposure_s)
        return light * self.gains(time_s)

    def depth(
        self, depth_m: Depth, normals_cam: np.ndarray | None, field: MotionField | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return depth (H, W) and normals (H, W, 3) of the moment at which depth is exposed."""
        if field is None or self.depth_late_s == 0:
            return depth_m, normals_cam
        rows, columns = moved(field, self.depth_late_s)
        late_m = depth_m[rows, columns]
        late_m = np.where(late_m > 0, late_m + np.float32(self.depth_late_s) * field.velocity[rows, columns, 2], 0)
        return late_m.astype(np.float32), None if normals_cam is None else normals_cam[rows, columns]

    def lost(self, depth_m: Depth, field: MotionField | None, rng: np.random.Generator) -> Depth:
        """Return depth (H, W) without what is lost by motion."""
        if field is None or self.motion_holes == 0:
            return depth_m
        share = np.clip(0.01 * self.motion_holes * field.speed_px_s(), 0, 0.999)
        kept = smooth_noise(depth_m.shape, _HOLE_PX, rng) <= ndtri(1 - share)
        return np.where(kept, depth_m, np.float32(0))

    def sensor(self, sensor: ColourSensor) -> ColourSensor:
        """Return a colour sensor as noisy as it is when it amplifies."""
        gain = 2.0**self.gain_stops
        return replace(sensor, shot_noise=sensor.shot_noise * gain, read_noise=sensor.read_noise * gain)

    def compressed(self, rgb: Rgb) -> Rgb:
        """Return a picture (H, W, 3) uint8 RGB after compression."""
        if self.jpeg_quality is None:
            return rgb
        encoded = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, self.jpeg_quality])[1]
        decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        assert decoded is not None, "what was just encoded"
        return np.ascontiguousarray(decoded[..., ::-1])


NO_DEFECTS = VideoDefects()
