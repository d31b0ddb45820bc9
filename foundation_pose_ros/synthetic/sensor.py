"""What a depth camera makes of a perfect depth image, and a colour camera of a perfect picture.

The parts are separate functions of plain arrays; `DepthSensor.measure` and `ColourSensor.measure` chain them.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from ..arrays import Depth, Mask, Rgb
from ..camera import Camera
from ..srgb import encode_srgb


@dataclass(frozen=True)
class DepthSensor:
    """Settings of a structured-light or stereo depth camera; 0 switches a part off.

    axial_*: standard deviation of depth, offset + quadratic (z - origin)^2 + grazing z^-1/2 theta^2 / (pi/2 - theta)^2,
    theta between ray and surface normal (Nguyen, Izadi, Lovell 2012; a stereo camera has origin 0 and quadratic =
    subpixel error / (focal length x baseline), Keselman et al. 2017).
    correlation_px: radius over which that noise is alike, the size of the matching window.
    lateral_sigma_px: how far borders wander (Nguyen 2012: 0.8 px), by jittered lookup (Barron and Malik 2013).
    quantum_m: step of the output. baseline_m: of the two imagers; surfaces that only one of them sees are lost, and a
    margin of the image (geometry of Handa et al. 2014's reference sensor). baseline_side is +1 where the second imager
    stands to the right of the one in whose pixels depth is given.
    grazing_limits_deg: from all kept to all lost. edge_dropout: share of pixels lost next to a jump of depth.
    hole_share: share of the image in speckled holes of hole_size_px.
    """

    axial_offset_m: float = 0.0
    axial_quadratic_per_m: float = 0.0
    axial_origin_m: float = 0.0
    axial_grazing: float = 0.0
    correlation_px: float = 0.0
    lateral_sigma_px: float = 0.0
    quantum_m: float = 0.0
    baseline_m: float = 0.0
    baseline_side: int = 1
    grazing_limits_deg: tuple[float, float] = (90.0, 90.0)
    edge_dropout: float = 0.0
    hole_share: float = 0.0
    hole_size_px: float = 3.0
    range_m: tuple[float, float] = (0.0, np.inf)

    def measure(self, depth_m: Depth, normals_cam: np.ndarray, camera: Camera, rng: np.random.Generator) -> Depth:
        """Depth (H, W) float32 metres as the sensor gives it, 0 = lost; normals_cam (H, W, 3) of the true surface."""
        theta = incidence_angle_rad(normals_cam, camera)
        kept = depth_m > 0
        if self.baseline_m > 0:
            kept &= ~shadowed(depth_m, camera.fx * self.baseline_m, self.baseline_side)
        low, high = np.deg2rad(self.grazing_limits_deg)
        if low < np.pi / 2:
            loss = np.clip((theta - low) / max(high - low, 1e-6), 0, 1)
            kept &= rng.random(depth_m.shape, np.float32) >= loss
        if self.edge_dropout > 0:
            kept &= ~(beside_jump(depth_m) & (rng.random(depth_m.shape, np.float32) < self.edge_dropout))
        if self.hole_share > 0:
            holes = smooth_noise(depth_m.shape, self.hole_size_px, rng)
            kept &= holes <= np.quantile(holes[::4, ::4], 1 - self.hole_share)
        measured_m = np.where(kept, depth_m, np.float32(0))
        if self.lateral_sigma_px > 0:
            measured_m, theta = jittered((measured_m, theta), self.lateral_sigma_px, rng)
        sigma_m = self.axial_sigma_m(measured_m, theta)
        measured_m = measured_m + sigma_m * smooth_noise(depth_m.shape, self.correlation_px, rng) * (measured_m > 0)
        if self.quantum_m > 0:
            measured_m = np.round(measured_m / self.quantum_m) * self.quantum_m
        valid = (measured_m > max(self.range_m[0], 0)) & (measured_m < self.range_m[1])
        return np.where(valid, measured_m, 0).astype(np.float32)

    def axial_sigma_m(self, depth_m: np.ndarray, theta_rad: np.ndarray | float) -> np.ndarray:
        """Return standard deviation of depth in metres at a depth and an angle of incidence."""
        theta = np.minimum(theta_rad, np.deg2rad(85))
        tilt = (theta / (np.pi / 2 - theta)) ** 2
        straight = self.axial_offset_m + self.axial_quadratic_per_m * (depth_m - self.axial_origin_m) ** 2
        return straight + self.axial_grazing * tilt / np.sqrt(np.maximum(depth_m, 0.1))


# D435: 50 mm baseline, 0.08 px subpixel error and 640x480 optics (Keselman et al. 2017; Intel's tuning guide).
REALSENSE_D435 = DepthSensor(
    axial_quadratic_per_m=0.08 / (0.05 * 610),
    axial_grazing=0.0001,
    correlation_px=2.0,
    lateral_sigma_px=0.7,
    quantum_m=0.001,
    baseline_m=0.05,
    grazing_limits_deg=(76.0, 87.0),
    edge_dropout=0.3,
    hole_share=0.004,
    range_m=(0.2, 6.0),
)
# The first Kinect, in the numbers of Nguyen, Izadi, Lovell 2012.
KINECT_V1 = DepthSensor(
    axial_offset_m=0.0012,
    axial_quadratic_per_m=0.0019,
    axial_origin_m=0.4,
    axial_grazing=0.0001,
    correlation_px=1.0,
    lateral_sigma_px=0.8,
    quantum_m=0.001,
    baseline_m=0.075,
    grazing_limits_deg=(70.0, 85.0),
    edge_dropout=0.5,
    hole_share=0.006,
    range_m=(0.4, 5.0),
)
PERFECT_DEPTH = DepthSensor()


@dataclass(frozen=True)
class ColourSensor:
    """Settings of a colour camera.

    exposure_stops: over (+) or under (-) exposed. white_balance: gains of red, green, blue in linear light.
    shot_noise, read_noise: variance = shot x signal + read^2 on linear 0..1 (Foi et al. 2008). blur_px: of the lens.
    vignetting: share of light lost in the corners.
    """

    exposure_stops: float = 0.0
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    shot_noise: float = 0.0
    read_noise: float = 0.0
    blur_px: float = 0.0
    vignetting: float = 0.0

    def measure(self, linear_rgb: np.ndarray, rng: np.random.Generator) -> Rgb:
        """Measure (H, W, 3) uint8 sRGB from linear light (H, W, 3) float32, 1 = white."""
        gains = np.asarray(self.white_balance, np.float32) * np.float32(2.0**self.exposure_stops)
        light = linear_rgb * gains
        if self.blur_px > 0:
            light = cv2.GaussianBlur(light, (0, 0), self.blur_px)
        if self.vignetting > 0:
            light *= _falloff(light.shape[:2], self.vignetting)[..., None]
        if self.shot_noise > 0 or self.read_noise > 0:
            light += self.noise(light, rng)
        return encode_srgb(light)

    def noise(self, light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw what is measured beside linear light (H, W, 3) float32."""
        sigma = np.sqrt(np.maximum(light, 0) * np.float32(self.shot_noise) + np.float32(self.read_noise**2))
        return np.asarray(sigma * rng.standard_normal(light.shape, np.float32))


WEBCAM = ColourSensor(shot_noise=0.0004, read_noise=0.003, blur_px=0.45, vignetting=0.12)
PERFECT_COLOUR = ColourSensor()


def incidence_angle_rad(normals_cam: np.ndarray, camera: Camera) -> np.ndarray:
    """Return the angle (H, W) between each pixel's ray and the surface's normal, 0 where it faces the camera."""
    height, width = normals_cam.shape[:2]
    rays = camera.rays(np.arange(width)[None], np.arange(height)[:, None])
    cosine = -np.einsum("hwc,hwc->hw", normals_cam, rays) / np.sqrt(np.einsum("hwc,hwc->hw", rays, rays))
    return np.arccos(np.clip(cosine, 0, 1))


def shadowed(depth_m: Depth, focal_baseline_px_m: float, side: int = 1) -> Mask:
    """Find pixels (H, W) bool that a second imager can't see: behind nearer surfaces, or off its image.

    Along a row, a pixel is hidden where one further towards the second imager lands on or before it in that imager's
    picture. side +1: the second imager stands on the right.
    """
    if side < 0:
        return shadowed(depth_m[:, ::-1], focal_baseline_px_m)[:, ::-1]
    valid = depth_m > 0
    disparity = np.where(valid, focal_baseline_px_m / np.where(valid, depth_m, 1), 0)
    landing = np.where(valid, np.arange(depth_m.shape[1]) - disparity, np.inf).astype(np.float32)
    nearest = np.minimum.accumulate(landing[:, ::-1], axis=1)[:, ::-1]
    hidden = np.zeros(depth_m.shape, bool)
    # Half a pixel: neighbours on a slanted surface crowd together in the other picture without hiding each other.
    hidden[:, :-1] = nearest[:, 1:] < landing[:, :-1] - 0.5
    return valid & (hidden | (landing < 0))


def beside_jump(depth_m: Depth, relative: float = 0.03) -> Mask:
    """Return pixels (H, W) bool within one of a jump of depth that is larger than a share of the depth."""
    kernel = np.ones((3, 3), np.uint8)
    return cv2.dilate(depth_m, kernel) - cv2.erode(depth_m, kernel) > relative * np.maximum(depth_m, 1e-6)


def smooth_noise(shape: tuple[int, int], radius_px: float, rng: np.random.Generator) -> np.ndarray:
    """Draw normal noise (H, W) float32 of unit variance, alike over a radius; 0 gives white noise."""
    if radius_px <= 0:
        return rng.standard_normal(shape, np.float32)
    pad = int(np.ceil(3 * radius_px))
    white = rng.standard_normal((shape[0] + 2 * pad, shape[1] + 2 * pad), np.float32)
    kernel = cv2.getGaussianKernel(2 * pad + 1, radius_px, cv2.CV_32F)
    noise = cv2.sepFilter2D(white, -1, kernel, kernel)[pad:-pad, pad:-pad]
    return noise / np.float32((kernel**2).sum())  # the norm of the 2-D kernel: its square is (sum k^2)^2


def jittered(images: tuple[np.ndarray, ...], sigma_px: float, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Look all images up at the same randomly displaced pixels, nearest neighbour."""
    height, width = images[0].shape
    offset = (sigma_px * smooth_noise((height, width), 1.0, rng) for _ in range(2))
    x, y = (
        next(offset) + np.arange(width, dtype=np.float32),
        next(offset) + np.arange(height, dtype=np.float32)[:, None],
    )
    return tuple(cv2.remap(image, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE) for image in images)


def _falloff(shape: tuple[int, int], share: float) -> np.ndarray:
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    return 1 - np.float32(share / 2) * (x[None] ** 2 + y[:, None] ** 2)
