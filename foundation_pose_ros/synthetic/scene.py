"""Synthetic recordings: objects on a cluttered table before a hand-held RGB-D camera, with true poses.

A `SyntheticScene` offers what a recorded sequence does (`datasets.sequence.Sequence`), rendered when asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ..arrays import Mask, Pose, Poses
from ..errors import InputRefused
from ..frame import Frame
from ..object_model.model import ObjectModel
from ..se3 import inverse, transform_points
from .body import Body, image_box, render_box
from .glass import seen_through
from .layout import Viewpoints, place_objects
from .lighting import SceneLight
from .motion_blur import MotionField, rigid_velocity, twist_at
from .room import make_room
from .scene_bodies import beside_objects, object_items, reaching_hand
from .scene_painter import PaintedPicture, Painter, ScenePainter
from .scene_settings import SceneSettings
from .sensor import WEBCAM, ColourSensor
from .trajectory import camera_path, object_path, stamps_ns
from .video_defects import VideoDefects

FRAME_ID = "camera_color_optical_frame"
# Layout looks at small pictures: a share of hidden pixels needs no more.
_SKETCH_SCALE = 1 / 6
# Objects larger than this are looked at from farther away.
_USUAL_DIAMETER_M = 0.25


@dataclass(frozen=True)
class RenderedFrame:
    """One frame with everything that is known of it; visible_fraction: share of each object's outline not covered."""

    frame: Frame
    masks: dict[str, np.ndarray]
    visible_fraction: dict[str, float]


class SyntheticScene:
    """The interface of a sequence over a scene that is rendered on demand; the same call gives the same pixels."""

    def __init__(self, settings: SceneSettings, painter: ScenePainter, object_count: int, T_world_cam: Poses) -> None:
        """painter: of all bodies, the first `object_count` of them the objects; T_world_cam (frames, 4, 4)."""
        assert settings.colour_sensor is not None
        self.name = f"synthetic_{settings.seed}"
        self.camera = settings.camera()
        self.T_world_cam = T_world_cam
        self.frame_ids = [f"{i:06d}" for i in range(settings.frames)]
        self.object_names = [body.name for body in painter.bodies[:object_count]]
        self.clutter_names = [body.name for body in painter.bodies[object_count:]]
        self._settings, self._painter = settings, painter
        self._colour_sensor = settings.colour_sensor
        self._index = {frame_id: i for i, frame_id in enumerate(self.frame_ids)}
        # Of two of one name, the object.
        self._bodies = {body.name: body for body in reversed(painter.bodies)}
        self._stamps = stamps_ns(settings.frames, settings.rate_hz)
        self._rendered = lru_cache(maxsize=settings.cached_frames)(self._render)

    def with_paths(self, paths: Mapping[str, np.ndarray], T_world_cam: Poses | None = None) -> "SyntheticScene":
        """Return the scene with bodies that move along T_world_obj, and a camera along T_world_cam (frames, 4, 4)."""
        changed = [replace(body, T_world_obj=paths.get(body.name, body.T_world_obj)) for body in self._painter.bodies]
        return SyntheticScene(
            self._settings,
            self._painter.with_bodies(changed),
            len(self.object_names),
            self.T_world_cam if T_world_cam is None else T_world_cam,
        )

    def with_video(self, video: VideoDefects) -> "SyntheticScene":
        """Return the same scene, filmed with other defects."""
        settings = replace(self._settings, video=video)
        return SyntheticScene(settings, self._painter, len(self.object_names), self.T_world_cam)

    def painted_by(self, painter_of: Callable[[ScenePainter], ScenePainter]) -> "SyntheticScene":
        """Return the same scene, painted by another painter, which is made from its own."""
        return SyntheticScene(self._settings, painter_of(self._painter), len(self.object_names), self.T_world_cam)

    def path(self, body_name: str) -> Poses:
        """Return T_world_obj (frames, 4, 4) of an object or a body of the clutter."""
        return np.broadcast_to(self._bodies[body_name].T_world_obj, (len(self.frame_ids), 4, 4)).copy()

    def body_model(self, body_name: str) -> ObjectModel:
        """Return the model of an object or a body of the clutter."""
        return self._bodies[body_name].model

    def frame(self, frame_id: str) -> Frame:
        """Return colour and depth as the sensors give them."""
        return self.rendered(frame_id).frame

    def mask(self, frame_id: str, object_name: str) -> Mask | None:
        """Return (H, W) bool of the object's visible pixels, None where none is visible."""
        self._object(object_name)
        return self.rendered(frame_id).masks.get(object_name)

    def truth(self, frame_id: str, object_name: str) -> Pose:
        """Return T_cam_obj (4, 4) float32, in the mesh's own frame, whether or not the object is visible."""
        index = self._frame_index(frame_id)
        return (inverse(self.T_world_cam[index]) @ self._object(object_name).pose(index)).astype(np.float32)

    def model(self, object_name: str) -> ObjectModel:
        """Return the object's model."""
        return self._object(object_name).model

    def visible_fraction(self, frame_id: str, object_name: str) -> float:
        """Return the share of the object's outline inside the image that nothing covers; 0 where it is outside."""
        self._object(object_name)
        return self.rendered(frame_id).visible_fraction[object_name]

    def silhouette(self, frame_id: str, object_name: str) -> Mask:
        """Return (H, W) bool of the pixels that the object would show if it stood alone."""
        T_cam_obj, body = self.truth(frame_id, object_name).astype(np.float64), self._object(object_name)
        mask = np.zeros((self.camera.height, self.camera.width), bool)
        box = image_box(body.model, T_cam_obj, self.camera)
        if box is not None:
            left, top, right, bottom = box
            mask[top:bottom, left:right] = render_box(body.renderer, T_cam_obj, self.camera, box).depth_m[0] > 0
        return mask

    def rendered(self, frame_id: str) -> RenderedFrame:
        """Return frame, masks and visible fractions at once."""
        return self._rendered(self._frame_index(frame_id))

    def picture(self, frame_id: str) -> PaintedPicture:
        """Paint the scene before any sensor touched it."""
        index = self._frame_index(frame_id)
        return self._painter.paint(index, self.T_world_cam[index])

    def _render(self, index: int) -> RenderedFrame:
        picture = self._painter.paint(index, self.T_world_cam[index])
        rng = np.random.default_rng([self._settings.seed, index])
        video = self._settings.video
        field = self._motion(index, picture) if video.needs_motion else None
        lit_m = seen_through(picture.depth_m, picture.behind_m, np.random.default_rng([self._settings.seed, index, 2]))
        depth_m, normals_cam = video.depth(lit_m, picture.normals_cam, field)
        assert normals_cam is not None
        depth_m = self._settings.depth_sensor.measure(depth_m, normals_cam, self.camera, rng)
        depth_m = video.lost(depth_m, field, np.random.default_rng([self._settings.seed, index, 1]))
        light = video.light(picture.light, field, index / self._settings.rate_hz)
        rgb = video.compressed(video.sensor(self._colour_sensor).measure(light, rng))
        masks, visible = {}, {}
        for k, name in enumerate(self.object_names):
            mask = picture.ids == k + 1
            count = np.count_nonzero(mask)
            visible[name] = float(count / max(int(picture.areas[k]), 1))
            if count:
                masks[name] = mask
        return RenderedFrame(Frame(rgb, depth_m, self.camera, self._stamps[index], FRAME_ID), masks, visible)

    def _motion(self, index: int, picture: PaintedPicture) -> MotionField:
        """How what each pixel shows moves at a frame."""
        camera = self.camera
        rays = camera.rays(np.arange(camera.width)[None], np.arange(camera.height)[:, None])
        points = picture.depth_m[..., None] * rays
        velocity = np.zeros_like(points)
        moving = [(np.eye(4), np.zeros(3))]
        moving += [(body.T_world_obj, body.model.centre_m) for body in self._painter.bodies]
        T_cam_world = inverse(self.T_world_cam)
        for k in np.unique(picture.ids):
            T_world_obj, centre = moving[k]
            shown, T_cam_obj = (picture.ids == k) & (picture.depth_m > 0), T_cam_world @ T_world_obj
            twist = twist_at(T_cam_obj, index, 1 / self._settings.rate_hz, centre)
            centre_cam = transform_points(T_cam_obj[index], centre[None])[0]
            velocity[shown] = rigid_velocity(points[shown], centre_cam, twist, camera)
        return MotionField(velocity, picture.depth_m)

    def _frame_index(self, frame_id: str) -> int:
        if frame_id not in self._index:
            raise InputRefused(
                "unknown_frame",
                f"{self.name} has no frame {frame_id!r}: its frames are {self.frame_ids[0]} to {self.frame_ids[-1]}",
            )
        return self._index[frame_id]

    def _object(self, object_name: str) -> Body:
        if object_name not in self.object_names:
            raise InputRefused(
                "unknown_object", f"{self.name} has no object {object_name!r}: it has {', '.join(self.object_names)}"
            )
        return self._bodies[object_name]


def make_scene(settings: SceneSettings) -> SyntheticScene:
    """Make a scene; equal settings make equal scenes. Raises InputRefused for unknown names and a full table."""
    rng = np.random.default_rng(settings.seed)
    items = object_items(settings)
    size = max(1.0, max(item.model.diameter_m for item in items) / _USUAL_DIAMETER_M)
    nearest_m, farthest_m = settings.distance_m
    T_world_cam = camera_path(
        settings.frames,
        settings.rate_hz,
        np.array([0.0, 0.0, 0.05 * size]),
        rng,
        settings.motion,
        (nearest_m * size, farthest_m * size),
        settings.azimuth_deg,
        settings.elevation_deg,
    )
    some = T_world_cam[np.linspace(0, settings.frames - 1, min(settings.frames, 3)).astype(int)]
    views = Viewpoints(some, settings.camera(_SKETCH_SCALE))
    # Streams of their own, where asked for: what has its place then changes nothing else.
    placing, beside = (np.random.default_rng([settings.seed, k]) if settings.separate_draws else rng for k in (2, 3))
    objects = place_objects(items, views, placing)
    first = objects[0]
    first_centre_m = first.pose(0)[:3, :3] @ first.model.centre_m + first.pose(0)[:3, 3]
    others = beside_objects(settings, objects, views, size, beside)
    if settings.moving_object:
        path = object_path(settings.frames, settings.rate_hz, first.T_world_obj, rng, settings.motion)
        objects[0] = replace(first, T_world_obj=path)
    if settings.hand:
        others.append(reaching_hand(settings, first_centre_m, T_world_cam[settings.frames // 2, :3, 3], rng))
    if settings.colour_sensor is None:
        settings = replace(settings, colour_sensor=_webcam(rng))
    room = make_room(rng, settings.surface)
    light = SceneLight.from_seed(rng) if settings.lamp is None else settings.lamp.light()
    painter = Painter(room, [*objects, *others], light, settings.camera(), settings.supersample, settings.lens)
    return SyntheticScene(settings, painter, len(objects), T_world_cam)


def _webcam(rng: np.random.Generator) -> ColourSensor:
    """One with an exposure and a white balance of its own."""
    warm = rng.uniform(-0.06, 0.06)
    return replace(WEBCAM, exposure_stops=float(rng.uniform(-0.25, 0.15)), white_balance=(1 + warm, 1.0, 1 - warm))
