"""Pictures of an object among others, rendered straight into the crop that a network sees: light, clutter, defects."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from .. import se3
from ..arrays import Depth, Intrinsics, Pose
from ..camera import Camera
from ..object_model.model import ObjectModel
from ..observation.compared_images import SIZE, rays_of
from ..rendering.embree import EmbreeRenderer
from ..srgb import decode_srgb
from ..synthetic.sensor import ColourSensor, DepthSensor, smooth_noise
from ..synthetic.surface_textures import TextureLibrary, patches

# At most this share of the object may be hidden.
_MOST_HIDDEN = 0.6
# Where depth is lost, so much of it, in holes of so many pixels; colours are drawn out over so many at most.
_LOST, _HOLES_PX, _DRAWN_OUT_PX = (0.3, 1.0), (1.0, 8.0), 9


@dataclass(frozen=True)
class Defects:
    """How much of what cameras and scenes do to a picture, each as the share of the full strength, from 0 to 1.

    light: of shadows' depth, highlights and coloured light. ground: of pictures in which the object stands on
    something, or before it. clutter: of pictures with things beside, before and behind the object. noise: of both
    sensors' noise, blur and holes. stickers: of pictures where the object carries a mark that its model doesn't know.
    lost: of pictures where most depth is lost, everywhere or on the object alone, as on what is dark or shiny. moving:
    of pictures whose colours are drawn out by a motion while the shutter is open.
    """

    light: float = 1.0
    ground: float = 0.9
    clutter: float = 1.0
    noise: float = 1.0
    stickers: float = 0.15
    lost: float = 0.0
    moving: float = 0.0


@dataclass(frozen=True)
class CropPicture:
    """rgb (s, s, 3) float32 in 0..1 and depth_m (s, s), 0 = lost, as cameras give them; shown (s, s) bool: where the
    object is in front.
    """

    rgb: np.ndarray
    depth_m: Depth
    shown: np.ndarray


@dataclass
class _Layers:
    """The nearest surface of each pixel so far: colours in linear light, depth, normals towards the camera."""

    albedo: np.ndarray
    depth_m: Depth
    normals: np.ndarray

    def covered(self, albedo: np.ndarray, depth_m: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """Put a layer in, and return where it came in front (s, s) bool."""
        front = (depth_m > 0) & ((self.depth_m == 0) | (depth_m < self.depth_m))
        self.albedo[front], self.depth_m[front], self.normals[front] = albedo[front], depth_m[front], normals[front]
        return front


def picture(
    rng: np.random.Generator,
    shown: EmbreeRenderer,
    others: Sequence[EmbreeRenderer],
    T_cam_obj: Pose,
    K: Intrinsics,
    textures: TextureLibrary,
    defects: Defects,
    size: int = SIZE,
) -> CropPicture:
    """Take a picture of an object at T_cam_obj (4, 4) by a crop's camera K (3, 3), with others around it."""
    layers = _Layers(
        np.empty((size, size, 3), np.float32), np.zeros((size, size), np.float32), np.zeros((size, size, 3), np.float32)
    )
    rays = rays_of(K, size)
    layers.albedo[:] = rng.uniform(0, 0.8, 3)
    own = _rendered(shown, T_cam_obj, K, size)
    in_front = layers.covered(*own)
    pixels = max(1, int(np.count_nonzero(in_front)))
    if rng.random() < defects.stickers:
        _stick(rng, layers.albedo, in_front)
    if rng.random() < defects.ground:
        layers.covered(*_plane(rng, shown.model, T_cam_obj, rays, textures))
    if rng.random() < defects.clutter:
        for other in others:
            before = _Layers(layers.albedo.copy(), layers.depth_m.copy(), layers.normals.copy())
            hides = layers.covered(*_rendered(other, _beside(rng, shown.model, other.model, T_cam_obj), K, size))
            still = in_front & ~hides
            if np.count_nonzero(still) < (1 - _MOST_HIDDEN) * pixels:
                layers = before
            else:
                in_front = still
    rgb = _lit(rng, layers, rays, defects.light)
    if defects.moving and rng.random() < defects.moving:
        rgb = _drawn_out(rng, rgb)
    rgb, depth_m = _measured(rng, rgb, layers, K, defects.noise)
    if defects.lost and rng.random() < defects.lost:
        depth_m[_lost(rng, size) & (in_front | (rng.random() < 0.5))] = 0
    return CropPicture(rgb, depth_m, in_front)


def _rendered(renderer: EmbreeRenderer, T_cam_obj: np.ndarray, K: Intrinsics, size: int) -> tuple[np.ndarray, ...]:
    seen = renderer.render(T_cam_obj[None], K, (size, size), normals=True, colour=True)
    rgb, normals = seen.rgb, seen.normals_cam
    assert rgb is not None and normals is not None
    return decode_srgb(rgb[0]), seen.depth_m[0], normals[0]


def _stick(rng: np.random.Generator, albedo: np.ndarray, shown: np.ndarray) -> None:
    """Paint a patch of one colour, with stripes, on some part of what is shown (s, s) bool."""
    where = np.argwhere(shown)
    if not len(where):
        return
    v, u = (float(x) for x in where[int(rng.integers(len(where)))])
    extent_px = rng.uniform(0.05, 0.2, 2) * len(shown)
    corners = cv2.boxPoints(((u, v), (float(extent_px[0]), float(extent_px[1])), float(rng.uniform(0, 180))))
    patch = cv2.fillConvexPoly(np.zeros(shown.shape, np.uint8), corners.round().astype(np.int32), 1).astype(bool)
    base, ink = rng.uniform(0, 1, (2, 3)) ** (1.0, 2.2)[int(rng.integers(2))]
    striped = (np.indices(shown.shape).sum(axis=0) // int(rng.integers(1, 4))) % 2 == 0
    albedo[patch & shown] = base
    albedo[patch & shown & striped & (rng.random() < 0.5)] = ink


def _plane(
    rng: np.random.Generator, model: ObjectModel, T_cam_obj: Pose, rays: np.ndarray, textures: TextureLibrary
) -> tuple[np.ndarray, ...]:
    """What the object stands on or before: a plane behind or just touching it, facing the camera more or less."""
    normal = rng.standard_normal(3) * (0.7, 0.7, 0.3) + (0, -0.5, -0.8)
    normal /= np.linalg.norm(normal)
    normal *= -np.sign(normal[2])
    corners = se3.transform_points(T_cam_obj, model.box_corners)
    # Normals look towards the camera, so the corner that is farthest against them touches.
    height_m = float((corners @ normal).min()) - rng.choice([0, rng.uniform(0, 1)]) * model.diameter_m
    facing = rays @ normal.astype(np.float32)
    depth_m = np.where(facing < -0.05, height_m / np.minimum(facing, -0.05), 0).astype(np.float32)
    image = textures.drawn(rng) if rng.random() < 0.7 else patches(rng)
    basis = np.linalg.svd(normal[None])[2][1:]  # (2, 3)
    at = (rays * depth_m[..., None]) @ basis.T / (model.diameter_m * rng.uniform(0.3, 3.0)) + rng.uniform(0, 1, 2)
    row, column = (at[..., k] * image.shape[k] for k in range(2))
    albedo = image[row.astype(int) % image.shape[0], column.astype(int) % image.shape[1]]
    return decode_srgb(albedo), depth_m, np.broadcast_to(normal.astype(np.float32), rays.shape)


def _beside(rng: np.random.Generator, model: ObjectModel, other: ObjectModel, T_cam_obj: Pose) -> Pose:
    """A pose (4, 4) of another thing near the object: beside, before or behind it."""
    centre = T_cam_obj[:3, :3] @ model.centre_m + T_cam_obj[:3, 3]
    reach_m = (model.diameter_m + other.diameter_m) / 2
    direction = rng.standard_normal(3) * (1, 1, 0.7)
    at = centre + direction / np.linalg.norm(direction) * reach_m * rng.uniform(0.5, 1.1)
    at[2] = max(at[2], 0.6 * other.diameter_m + 0.05)
    R = Rotation.random(rng=rng).as_matrix()
    return se3.from_rotation_translation(R[None], (at - R @ other.centre_m)[None])[0]


def _lit(rng: np.random.Generator, layers: _Layers, rays: np.ndarray, strength: float) -> np.ndarray:
    """Linear light (s, s, 3): ambient, one or two lamps, a highlight."""
    light = np.full(rays.shape, rng.uniform(1 - 0.75 * strength, 1), np.float32)
    for _ in range(int(rng.integers(1, 3))):
        direction = rng.standard_normal(3) * (1, 1, 0.6) + (0, -0.7, -0.7)
        direction = (direction / np.linalg.norm(direction)).astype(np.float32)
        colour = 1 + strength * rng.uniform(-0.2, 0.2, 3).astype(np.float32)
        light += strength * rng.uniform(0.1, 0.9) * np.maximum(layers.normals @ direction, 0)[..., None] * colour
    lit = layers.albedo * light
    if rng.random() < 0.5 * strength:
        half = direction - rays / np.linalg.norm(rays, axis=-1, keepdims=True)
        half /= np.maximum(np.linalg.norm(half, axis=-1, keepdims=True), 1e-6)
        shine = np.maximum((layers.normals * half).sum(axis=-1), 0) ** rng.uniform(8, 80)
        lit += rng.uniform(0.05, 0.6) * shine[..., None]
    return lit


def _measured(
    rng: np.random.Generator, light: np.ndarray, layers: _Layers, K: Intrinsics, strength: float
) -> tuple[np.ndarray, np.ndarray]:
    """What both cameras make of it: rgb (s, s, 3) float32 in 0..1, depth_m (s, s)."""
    median = float(np.median(light))
    stops = np.log2(rng.uniform(0.15, 0.45) / max(median, 0.02)) * rng.uniform(0.3, 1)
    colour = ColourSensor(
        exposure_stops=float(np.clip(stops, -2, 2)),
        white_balance=tuple(1 + 0.25 * strength * rng.uniform(-1, 1, 3)),
        shot_noise=0.002 * strength * rng.random(),
        read_noise=0.02 * strength * rng.random(),
        blur_px=float(rng.choice([0, rng.uniform(0.3, 1.4)])) * strength,
    )
    size = len(light)
    camera = Camera.from_K(K, size, size)
    depth = DepthSensor(
        axial_quadratic_per_m=0.004 * strength * rng.random(),
        axial_grazing=0.0001,
        correlation_px=float(rng.uniform(0, 2)),
        lateral_sigma_px=strength * float(rng.uniform(0, 0.8)),
        quantum_m=0.001,
        grazing_limits_deg=(70.0, 87.0),
        edge_dropout=0.5 * strength * rng.random(),
        hole_share=float(rng.choice([0, rng.uniform(0, 0.1)])) * strength,
    )
    rgb = colour.measure(light, rng).astype(np.float32) / 255
    depth_m = depth.measure(layers.depth_m, layers.normals, camera, rng)
    if rng.random() < 0.5 * strength:
        shift = np.array([[1, 0, rng.uniform(-1, 1)], [0, 1, rng.uniform(-1, 1)]], np.float32)
        depth_m = np.asarray(cv2.warpAffine(depth_m, shift, (size, size), flags=cv2.INTER_NEAREST), np.float32)
    return rgb, depth_m


def _drawn_out(rng: np.random.Generator, light: np.ndarray) -> np.ndarray:
    """Linear light (s, s, 3) that moves along a line while it is gathered."""
    line = np.zeros((_DRAWN_OUT_PX, _DRAWN_OUT_PX), np.float32)
    middle, half = _DRAWN_OUT_PX // 2, rng.uniform(0.5, _DRAWN_OUT_PX / 2)
    angle = rng.uniform(0, np.pi)
    u, v = (np.linspace(-half, half, 4 * _DRAWN_OUT_PX) * f(angle) for f in (np.cos, np.sin))
    at = [np.clip(np.round(x).astype(int) + middle, 0, _DRAWN_OUT_PX - 1) for x in (v, u)]
    np.add.at(line, tuple(at), 1)
    return np.asarray(cv2.filter2D(light, -1, line / line.sum()), np.float32)


def _lost(rng: np.random.Generator, size: int) -> np.ndarray:
    """Where depth is lost (size, size) bool."""
    holes = smooth_noise((size, size), rng.uniform(*_HOLES_PX), rng)
    return np.asarray(holes >= np.quantile(holes, 1 - rng.uniform(*_LOST)))
