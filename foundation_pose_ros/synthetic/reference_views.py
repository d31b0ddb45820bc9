"""Rendered reference views: an object alone before a wall, from all sides, through the sensors of a scene."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Poses
from ..camera import Camera
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..reconstruction.reference_view import ReferenceView
from ..rendering.embree import EmbreeRenderer
from ..se3 import from_rotation_translation, inverse
from ..srgb import decode_srgb
from .lighting import SceneLight, sphere
from .sensor import REALSENSE_D435, WEBCAM, ColourSensor, DepthSensor
from .trajectory import look_at, stamps_ns

CAMERA = Camera(610.0, 610.0, 319.5, 239.5, 640, 480)
_WALL_BEHIND_M = 0.5
_PLAIN_ALBEDO = 0.55


@dataclass(frozen=True)
class StudioSettings:
    """How views are taken.

    camera: the optics of all views.
    depth_sensor, colour_sensor: what the cameras make of true depth and light.
    exposure_stops: standard deviation of each view's exposure, as automatic exposure leaves it, from 0.
    light_turns: whether the light stands still before the camera, as for an object that is turned in the hand, instead
        of around the object.
    """

    camera: Camera = CAMERA
    depth_sensor: DepthSensor = REALSENSE_D435
    colour_sensor: ColourSensor = WEBCAM
    exposure_stops: float = 0.1
    light_turns: bool = False


def viewing_distance_m(model: ObjectModel) -> float:
    """Return where an object nearly fills the image, but at least 0.4 m, where depth cameras begin to see well."""
    return max(0.4, 1.9 * model.diameter_m)


def sphere_poses(model: ObjectModel, count: int, seed: int = 0, distance_m: float | None = None) -> Poses:
    """Return T_cam_obj (count, 4, 4) from all over the viewing sphere, evenly; the seed turns the whole of them."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return _looking(model, sphere(count) @ turn.T, distance_m, rng)


def turn_poses(
    model: ObjectModel,
    count: int,
    elevation_deg: float = 30.0,
    turn_deg: float = 360.0,
    distance_m: float | None = None,
) -> Poses:
    """Return T_cam_obj (count, 4, 4) of one steady turn around the model's z axis, its end left out."""
    azimuth, elevation = np.deg2rad(turn_deg) * np.arange(count) / count, np.deg2rad(elevation_deg)
    level = np.cos(elevation)
    directions = np.stack([level * np.cos(azimuth), level * np.sin(azimuth), np.full(count, np.sin(elevation))], axis=1)
    return _looking(model, directions, distance_m, None)


def render_views(
    model: ObjectModel,
    T_cam_obj: Poses,
    seed: int = 0,
    settings: StudioSettings = StudioSettings(),
    names: Sequence[str] | None = None,
) -> tuple[ReferenceView, ...]:
    """Render views of a model at true poses T_cam_obj (N, 4, 4), with true masks."""
    camera = settings.camera
    renderer = EmbreeRenderer(model)
    light = SceneLight.from_seed(np.random.default_rng([seed, 1]))
    stamps = stamps_ns(len(T_cam_obj), 30.0)
    views = []
    for k, T in enumerate(T_cam_obj):
        rng = np.random.default_rng([seed, 2, k])
        linear, depth_m, normals_cam = _picture(renderer, T, settings, light, rng)
        mask = depth_m > 0
        wall_m = T[2, 3] + model.diameter_m / 2 + _WALL_BEHIND_M
        depth_m = np.where(mask, depth_m, np.float32(wall_m))
        normals_cam[~mask] = (0, 0, -1)
        exposed = linear * np.float32(2 ** rng.normal(0, settings.exposure_stops))
        frame = Frame(
            settings.colour_sensor.measure(exposed, rng),
            settings.depth_sensor.measure(depth_m, normals_cam, camera, rng),
            camera,
            stamps[k],
            "camera",
        )
        views.append(ReferenceView(frame, mask, T, names[k] if names else f"{k:06d}"))
    return tuple(views)


def _picture(
    renderer: EmbreeRenderer,
    T_cam_obj: np.ndarray,
    settings: StudioSettings,
    light: SceneLight,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Linear light (H, W, 3), depth (H, W) and normals (H, W, 3) in the camera; 0 depth beside the object."""
    camera = settings.camera
    rendering = renderer.render(T_cam_obj[None], camera.K, (camera.height, camera.width), normals=True, colour=True)
    assert rendering.normals_cam is not None
    depth_m, normals_cam = rendering.depth_m[0], rendering.normals_cam[0]
    hit = depth_m > 0
    linear = np.empty((*depth_m.shape, 3), np.float32)
    linear[:] = rng.uniform(0.1, 0.5, 3)
    albedo = np.full((int(hit.sum()), 3), _PLAIN_ALBEDO, np.float32)
    if rendering.rgb is not None:
        albedo = decode_srgb(rendering.rgb[0][hit])
    # Before the camera the lamp stands above it: the camera's y points down, its z away.
    R_light_cam = (
        np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float32) if settings.light_turns else T_cam_obj[:3, :3].T
    )
    everything = np.ones(len(albedo), np.float32)
    linear[hit] = albedo * light.irradiance(normals_cam[hit] @ R_light_cam.T, everything, everything)
    return linear, depth_m, normals_cam


def _looking(
    model: ObjectModel, directions: np.ndarray, distance_m: float | None, rng: np.random.Generator | None
) -> Poses:
    """T_cam_obj (N, 4, 4) of cameras that look at the model's middle from unit directions (N, 3), rolled at random."""
    eye = model.centre_m + (distance_m or viewing_distance_m(model)) * directions
    T_cam_obj = inverse(look_at(eye, np.broadcast_to(model.centre_m, eye.shape)))
    if rng is None:
        return T_cam_obj
    angle = rng.uniform(0, 2 * np.pi, len(eye))
    cosine, sine, zero = np.cos(angle), np.sin(angle), np.zeros_like(angle)
    R = np.stack([cosine, -sine, zero, sine, cosine, zero, zero, zero, zero + 1], axis=1).reshape(-1, 3, 3)
    return from_rotation_translation(R, np.zeros(3)) @ T_cam_obj
